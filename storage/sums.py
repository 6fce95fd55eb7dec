"""Whether files are as they were written: a list beside them, `<name>.sums`, has their SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from storage.files import read_kept, write_kept


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


def _read(at: Path) -> dict[str, str] | None:
    content = read_kept(at)
    return None if content is None else json.loads(content)


def _sum_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
