"""Small files that would keep Pillow's readers busy for minutes, or fill gigabytes, are refused by Discern
and by a bundle. Files of cameras and programs are read, however long their header is."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from drawing import draw, encoded
from PIL import ExifTags, Image

from concepts.bundle import reading
from storage.errors import BadPictureError
from storage.pictures.decoding import decode, wanted

SHOWN = {"height": 8, "width": 8, "fit": "whole", "interpolation": "bilinear", "short_side": 8}
READERS = {"Discern": lambda data: decode(data), "a bundle": reading.Reader(SHOWN).pixels}
REFUSALS = (BadPictureError, reading.BadPictureError)
MANY = 400_000
both = pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
Read = Callable[[bytes], Any]


def saved(kind: str, side: int = 64, mode: str = "RGB", **options: Any) -> bytes:
    return encoded(draw("ellipse", 1).convert(mode).resize((side, side)), kind, **options)


def segment(marker: int, body: bytes = b"") -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def inside(whole: bytes, at: int, more: bytes) -> bytes:
    return whole[:at] + more + whole[at:]


def directory(entries: list[tuple[int, int, int, int]]) -> bytes:
    """Of TIFF or EXIF: the tag, kind, count and value of each entry."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


def same_bytes_again(size: int) -> bytes:
    """EXIF of hundreds of entries, each of which is nearly all of it."""
    return directory([(tag, 1, size - 50, 40) for tag in range(1, size // 50)]).ljust(size, b"\0")


def tiff(*more: tuple[int, int, int, int], end: bytes = b"") -> bytes:
    """64 × 64 in grey, one strip that begins at its eighth byte."""
    tags = {256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 64, 279: 64 * 64}
    own = {tag: (tag, 4, 1, value) for tag, value in tags.items()} | {entry[0]: entry for entry in more}
    return directory(list(own.values())).ljust(1000, b"\0") + end.ljust(4096, b"\0")


def on_canvas(side: int) -> bytes:
    """A WebP of two small frames that says it is so large."""
    webp = bytearray(saved("WEBP", save_all=True, append_images=[draw("line", 2).resize((64, 64))]))
    webp[24:30] = 2 * (side - 1).to_bytes(3, "little")
    return bytes(webp)


def of_runs(width: int, height: int, runs: bytes) -> bytes:
    """A BMP."""
    about = struct.pack("<IiiHHIIIIII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + 1024) + about + bytes(1024) + runs


def scans(count: int) -> bytes:
    jpeg = saved("JPEG", mode="L", progressive=True)
    first = jpeg.index(b"\xff\xda")
    return jpeg[:-2] + jpeg[first : jpeg.index(b"\xff", first + 12)] * count + b"\xff\xd9"


JPEG, PNG, GIF = saved("JPEG"), saved("PNG"), saved("GIF")
AFTER_COLOURS = 13 + 3 * 256  # of the GIF
HOSTILE = {
    "fill bytes in a JPEG": inside(JPEG, 2, b"\xff" * MANY),
    "zeros in a JPEG": inside(JPEG, 2, b"\xff\xd0" + bytes(MANY)),
    "markers in a JPEG": inside(JPEG, 2, b"\xff\xd0" * MANY),
    "empty remarks in a JPEG": inside(JPEG, 2, segment(0xFE) * MANY),
    "EXIF in pieces in a JPEG": inside(JPEG, 2, segment(0xE1, b"Exif\0\0II*\0".ljust(60_000)) * 300),
    "scans in a JPEG": scans(120),
    "chunks in a PNG": inside(PNG, 33, chunk(b"prIv") * MANY),
    "empty pixels in a PNG": inside(PNG, 33, chunk(b"IDAT") * MANY),
    "chunks behind a PNG": inside(PNG, -12, chunk(b"prIv") * MANY),
    "remarks in a GIF": inside(GIF, AFTER_COLOURS, b"!\xfe\0" * MANY),
    "an endless remark in a GIF": inside(GIF, AFTER_COLOURS, b"!\xfe" + b"\1a" * MANY + b"\0"),
    "strips in a TIFF": tiff((273, 4, MANY, 1000), (279, 4, MANY, 1000), (278, 4, 1, 1), end=bytes(4 * MANY)),
    "fractions in a TIFF": tiff((282, 5, MANY, 1000), end=bytes(8 * MANY)),
    "tags in a TIFF": tiff(*((tag, 1, 1, 0) for tag in range(1000, 9000))),
    "the same bytes in a TIFF": tiff(*((tag, 1, 4000, 1000) for tag in range(1000, 2000))),
    "empty lines in a BMP": of_runs(20_000, 1000, b"\1\1\0\0" * 1000),
    "a canvas of a WebP": on_canvas(10_000),
    "moves in a BMP": of_runs(1000, 1000, b"\0\2\0\0" * 1_400_000),
}


@both
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_that_keeps_a_reader_busy_is_refused(read: Read, data: bytes) -> None:
    with pytest.raises(REFUSALS, match=r"parts than a picture|scans|more values than|compressed by runs"):
        read(data)


TEXT = int.from_bytes(b"999\0", "little")
TILES = {  # their width and length
    "that take all memory": [(322, 4, 1, 2**15), (323, 4, 1, 2**15)],
    "whose width is of letters": [(322, 2, 4, TEXT)],
    "of letters alone": [(322, 2, 4, TEXT), (323, 2, 4, TEXT)],
}


@both
@pytest.mark.parametrize("tiles", TILES.values(), ids=TILES.keys())
def test_a_tiff_of_hostile_tiles_is_damaged_and_one_of_small_tiles_is_not(read: Read, tiles: Any) -> None:
    with pytest.raises(REFUSALS, match="damaged"):
        read(tiff(*tiles))
    assert wanted(io.BytesIO(tiff((322, 4, 1, 256), (323, 4, 1, 256)))).bytes > 0


def avif(exif: bytes) -> bytes:
    """With EXIF as it stands: Pillow would write it anew."""
    other = Image.Exif()
    other[ExifTags.Base.MakerNote] = b"room" * (len(exif) // 4)
    made = saved("AVIF", exif=other)
    start = made.index(other.tobytes().removeprefix(b"Exif\0\0"))
    return made[:start] + exif + made[start + len(exif) :]


EXIF = same_bytes_again(60_000)
PACKED = zlib.compress(b"\nexif\n 60000\n" + EXIF.hex().encode())
IN_TWO = b"".join(segment(0xE1, b"Exif\0\0" + part) for part in (EXIF[:9], EXIF[9:]))
BOMBS = {
    "JPEG": JPEG[:2] + segment(0xE1, b"Exif\0\0" + EXIF) + JPEG[20:],
    "JPEG in two segments": JPEG[:2] + IN_TWO + JPEG[20:],
    "PNG": inside(PNG, 33, chunk(b"eXIf", EXIF)),
    "PNG, behind its pixels": inside(PNG, -12, chunk(b"eXIf", EXIF)),
    "packed PNG": inside(PNG, 33, chunk(b"zTXt", b"Raw profile type exif\0\0" + PACKED)),
    "WebP": saved("WEBP", exif=b"Exif\0\0" + EXIF),
    "AVIF": avif(EXIF),
}


@both
@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_exif_that_names_the_same_bytes_again_and_again_takes_no_memory(read: Read, data: bytes) -> None:
    tracemalloc.start()
    with suppress(REFUSALS):
        read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


@both
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_of_a_camera_still_turns_a_picture(read: Read, kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 3, "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = bytes(range(256)) * 200
    assert repr(read(saved(kind, exif=exif))) != repr(read(saved(kind)))


def in_small_pieces(side: int) -> bytes:
    """A PNG whose pixels come in chunks of 200 bytes."""
    lines = zlib.compress((b"\0" + bytes(3 * side)) * side, 0)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    pieces = [chunk(b"IDAT", lines[at : at + 200]) for at in range(0, len(lines), 200)]
    return PNG[:8] + header + b"".join(pieces) + chunk(b"IEND")


PIECES = (b"\xff" + bytes(255)) * 2000
LONG = {
    "a JPEG with 60 kB of fill bytes": inside(JPEG, 2, b"\xff" * 60_000),
    "a JPEG with 10 MB about it": inside(JPEG, 2, segment(0xE1, b"XMP".ljust(65_000)) * 160),
    "a progressive JPEG": saved("JPEG", 900, progressive=True),
    "a PNG in small pieces": in_small_pieces(900),
    "a PNG of thousands of texts": inside(PNG, 33, chunk(b"tEXt", b"a\0b") * 20_000),
    "a GIF with XMP": inside(GIF, AFTER_COLOURS, b"!\xff\x0bXMP DataXMP" + PIECES + b"\0"),
    "a TIFF of a strip a line": saved("TIFF", 2000, "L", tiffinfo={278: 1}),
    "a TIFF with layers": saved("TIFF", tiffinfo={37724: bytes(20 * 2**20)}),
    "an animated WebP": on_canvas(2000),
    "a BMP of short runs": of_runs(1000, 1000, (b"\1\1" * 1000 + b"\0\0") * 1000),
}


@both
@pytest.mark.parametrize("data", LONG.values(), ids=LONG.keys())
def test_what_programs_write_is_read_however_long_its_header_is(read: Read, data: bytes) -> None:
    assert read(data) is not None
