"""The checksums of a bundle's files, in the format of sha256sum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

CHECKSUMS_FILE = "SHA256SUMS"
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
