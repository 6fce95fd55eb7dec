"""Whether files are as they were written, for what is written whole: with what was kept of them since then.

A file that Discern alone reads begins with its own SHA-256 (`write_kept`). Of others there is a list beside
them, `<name>.sums` (`write_sums`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from storage.files import write_whole

SUMS = ".sums"
DIGEST = 32  # bytes


def write_kept(path: Path, content: bytes) -> None:
    """Raises `OSError`."""
    write_whole(path, hashlib.sha256(content).digest() + content)


def read_kept(path: Path) -> bytes | None:
    """None where there is none, or where it isn't what was written."""
    with suppress(OSError):
        found = path.read_bytes()
        if hashlib.sha256(content := found[DIGEST:]).digest() == found[:DIGEST]:
            return content
    return None


def write_sums(at: Path, files: Iterable[Path], once: tuple[str, ...] = ()) -> None:
    """Of files in the folder of `at` or below. Those whose names end in one of `once` are written once: what
    was known of them holds. Raises `OSError`."""
    known = {name: known for name, known in (_read(at) or {}).items() if name.endswith(once)} if once else {}
    names = (file.relative_to(at.parent).as_posix() for file in files)
    sums = {name: known.get(name) or _sum_of(at.parent / name) for name in names}
    write_kept(at, json.dumps(sums).encode())


def changed(at: Path) -> Iterator[Path]:
    """Those that are there and aren't what they were; or the list itself."""
    if (sums := _read(at)) is None:
        yield at
        return
    for name, known in sums.items():
        with suppress(FileNotFoundError):
            if _sum_of(file := at.parent / name) != known:
                yield file


def accept(at: Path) -> None:
    """Has the files of a list count as they are."""
    if (sums := _read(at)) is None:
        at.unlink(missing_ok=True)
    else:
        write_sums(at, [file for name in sums if (file := at.parent / name).exists()])


def forget(at: Path) -> None:
    """Takes the files of a list away, and the list."""
    for name in _read(at) or {}:
        (at.parent / name).unlink(missing_ok=True)
    at.unlink(missing_ok=True)


def _read(at: Path) -> dict[str, str] | None:
    content = read_kept(at)
    return None if content is None else json.loads(content)


def _sum_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
