"""Bounds for Pillow's readers, which loop over fill bytes, chunks, scans and directories for as long as there
are any: without these, small files took minutes and gigabytes."""

from __future__ import annotations

import io
import math
import struct
from typing import IO, BinaryIO, Final

from PIL.TiffImagePlugin import ImageFileDirectory_v2

MOST_PIECES: Final = 100_000  # that are read of a file, and one more for every 256 bytes of it
MOST_OF_RUNS: Final = 4_000_000  # pieces of a BMP: two for each run of pixels
MOST_IN_RUNS: Final = 16_000_000  # pixels of a BMP that is compressed by runs
LONGEST_HEADER: Final = {"JPEG": 16 * 2**20, "GIF": 2**20}  # bytes; other readers take linear time
MOST_SCANS: Final = 100  # of a JPEG, each of which goes over the whole picture; programs write about 10
MOST_ENTRIES: Final = 2**12  # of a directory of TIFF or EXIF
MOST_NUMBERS: Final = 2**18  # in all its entries: two for each strip of a picture


class BoundedFile:
    """A picture's file, which fails with an `OSError` when its reader goes on for too long."""

    def __init__(self, file: BinaryIO, kind: str) -> None:
        self._file, self.seek, self.tell = file, file.seek, file.tell
        self._pieces = MOST_OF_RUNS if kind == "BMP" else MOST_PIECES + _size(file) // 256
        self._header: float = LONGEST_HEADER.get(kind, math.inf)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._pieces -= 1
        self._header -= len(data)
        if self._pieces < 0 or self._header < 0:
            raise OSError("it has far more parts than a picture needs")
        return data

    def begin_pixels(self) -> None:
        """Ends the header, which alone is bounded in bytes."""
        self._header = math.inf


def check_scans(data: bytes, start: int) -> None:
    """Raises `ValueError` for a JPEG that has too many scans; the first begins at `start`."""
    end = data.find(b"\xff\xd9", start)
    if data.count(b"\xff\xda", start, len(data) if end < 0 else end) >= MOST_SCANS:
        raise ValueError(f"it has more than {MOST_SCANS} scans")


_load = ImageFileDirectory_v2.load


def _bounded_load(self: ImageFileDirectory_v2, fp: IO[bytes]) -> None:
    """Raises `ValueError` for a directory with more values than its file holds. Pillow copies every value,
    also where thousands of them name the same bytes."""
    start, length = fp.tell(), _size(fp)
    count_of, entry, inside = ("Q", "HHQQ", 8) if self._bigtiff else ("H", "HHII", 4)
    entries = _unpacked(self, fp, count_of)[0]
    held = numbers = 0
    for _ in range(entries if entries <= MOST_ENTRIES else 0):
        _, kind, count, place = _unpacked(self, fp, entry)
        unit = self._load_dispatch.get(kind, (0,))[0]
        if unit * count > inside:
            if place + unit * count > length:
                break  # Pillow ends here, too
            held += unit * count
            numbers += count if unit > 1 else 0
    if entries > MOST_ENTRIES or held > 2 * length or numbers > MOST_NUMBERS:
        raise ValueError("a directory in it has more values than the file")
    fp.seek(start)
    _load(self, fp)


def _unpacked(directory: ImageFileDirectory_v2, file: IO[bytes], how: str) -> tuple[int, ...]:
    """Zeros at the end of the file."""
    size = struct.calcsize(f"<{how}")
    found: tuple[int, ...] = directory._unpack(how, file.read(size).ljust(size, b"\0"))
    return found


def _size(file: IO[bytes]) -> int:
    here = file.tell()
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(here)
    return size


# All readers come by here, for directories of TIFF and for EXIF, some of them while a file is opened
ImageFileDirectory_v2.load = _bounded_load  # type: ignore[method-assign]
