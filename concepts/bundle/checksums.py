"""The checksums of the classifier in this folder, in the format of sha256sum, and what differs from them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

CHECKSUMS_FILE = "SHA256SUMS"
MISSING = f"{CHECKSUMS_FILE} is missing"
LONGEST_LIST = 2**20  # bytes
# What Python, systems and hubs leave behind: a hidden file, or one that no program here reads or runs.
LEFT = re.compile(r"\.(?!\./).*|__pycache__/|Thumbs\.db|desktop\.ini|\.\./__MACOSX(/.*)?")
LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\\]+)")


def checksums_text(files: Mapping[str, bytes]) -> str:
    """A line a file, which `sha256sum --check SHA256SUMS` understands."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))


def parse_checksums(text: str) -> dict[str, str]:
    """SHA-256 by file name. Raises ValueError for a line that is none."""
    found = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{line[:80]!r} is no checksum with a file's name")
        found[match[2]] = match[1]
    return found


class ChecksumResult(NamedTuple):
    """`differences` say what is not as it was written, `whole` are the files that are. `left`: what lies
    there without a checksum and is no difference."""

    differences: list[str]
    whole: list[str]
    left: list[str]

    @property
    def all_differences(self) -> list[str]:
        """With what is left there: whoever imports classify.py may run what Python compiled before."""
        return self.differences + [f"{name} has no checksum" for name in self.left]


def compare(
    listed: bytes, present: Collection[str], sha256_of: Callable[[str], str | None]
) -> ChecksumResult:
    """Compare what is there with a list of checksums. The name of a folder, or of a file in one, has a slash
    in it. `sha256_of` gives None for a file that can't be read."""
    try:
        if len(listed) > LONGEST_LIST:
            raise ValueError(f"it is larger than {LONGEST_LIST // 2**20} MB")
        expected = parse_checksums(listed.decode())
    except ValueError as error:
        return ChecksumResult([f"{CHECKSUMS_FILE} can't be read: {error}"], [], [])
    found = {name: sha256_of(name) for name in sorted(expected.keys() & set(present))}
    unlisted = sorted(set(present) - expected.keys() - {CHECKSUMS_FILE})
    return ChecksumResult(
        [f"{name} is missing" for name in sorted(expected.keys() - set(present))]
        + [f"{name} can't be read" for name in found if found[name] is None]
        + [f"{name} has no checksum" for name in unlisted if not LEFT.fullmatch(name)]
        + [f"{name} has changed" for name in found if found[name] not in (None, expected[name])],
        [name for name in found if found[name] == expected[name]],
        [name for name in unlisted if LEFT.fullmatch(name)],
    )


def folder_differences(folder: Path) -> list[str]:
    """What is not as it was written in a folder with a list of checksums; a lost list is a difference too."""
    present = [entry.name if entry.is_file() else f"{entry.name}/" for entry in folder.iterdir()]
    if CHECKSUMS_FILE not in present:
        return [MISSING]
    with (folder / CHECKSUMS_FILE).open("rb") as stream:
        listed = stream.read(LONGEST_LIST + 1)
    return compare(listed, present, lambda name: _sha256(folder / name)).differences


def _sha256(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
