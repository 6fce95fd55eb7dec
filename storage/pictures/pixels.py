"""Bounds for Pillow's readers, and pixels of any colour mode → RGB.

Every bundle has a copy of this file, so it imports nothing of ours.

The readers loop over fill bytes, chunks, scans and directories for as long as there are any: without bounds,
small files took minutes and gigabytes.
"""

from __future__ import annotations

import io
import math
import re
import struct
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

STRIP: Final = 64  # lines
SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
MOST_PIECES: Final = 100_000  # that are read of a file, and one more for every 256 bytes of it
MOST_OF_RUNS: Final = 4_000_000  # pieces of a BMP: two for each run of pixels
MOST_SLOW: Final = 16_000_000  # pixels of a BMP that is compressed by runs, and of an animated WebP
LONGEST_HEADER: Final = {"JPEG": 16 * 2**20, "GIF": 2**20}  # bytes; other readers take linear time
MOST_SCANS: Final = 100  # of a JPEG, each of which goes over the whole picture; programs write about 10
MOST_ENTRIES: Final = 2**12  # of a directory of TIFF or EXIF
MOST_NUMBERS: Final = 2**18  # in all its entries: two for each strip of a picture
MOST_DIRECTORIES: Final = 32  # in one piece of a file
SLACK: Final = 2**20  # bytes that may be named besides: EXIF of a JPEG goes on in other segments
# Bytes of a value, by its type
SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
INNER: Final = (34665, 34853)  # tags that name the directories of EXIF and GPS
DIRECTORIES: Final = re.compile(rb"II[*+]\0|MM\0[*+]")  # how they begin, in whatever container
EXIF: Final = b"Exif\0\0"
TILE_WIDTH, TILE_LENGTH = 322, 323  # tags of TIFF
LARGEST_TILE: Final = 4096**2  # pixels; its reader holds a whole one, also of a smaller picture
# Of memory, as it is read, put on white and turned. Measured: 9 for AVIF, 8 for transparency, 7 for HEIC.
BYTES_A_PIXEL: Final = 10
BYTES_OF_MORE: Final = 17  # the reader of WebP has three canvases, and a TIFF may be one strip of 16 bits
MOST_MEMORY: Final = 1024**3  # bytes for all that are used at a time; a larger one goes alone
MOST_PASSED: Final = 32  # smaller ones that go before a picture that came earlier

# Above the 200 megapixels of today's largest phone sensors; 250 of them are 1 GB as Pillow holds RGB.
MAX_PIXELS: Final = 250_000_000
# Of a picture that comes with a request, whoever sends it: more than the 50 megapixels of today's phones.
MAX_SENT_PIXELS: Final = 60_000_000
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Sizes are checked here, from the header; Pillow's TIFF and GIF readers warn on their own, much earlier.
# Its remarks on odd EXIF data are about nothing a person could do something about.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(eq=False, slots=True)
class _Waiting:
    wanted: int
    most: int
    passed: int = 0  # by how many that came later


class Memory:
    """A budget of bytes that all threads share. The smallest goes first, so that nobody's small picture waits
    for all the large ones, until `MOST_PASSED` have gone before one that came earlier. What is larger than
    the budget waits until it is alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._waiting: list[_Waiting] = []  # as they came
        self._freed = threading.Condition()

    @contextmanager
    def share(self, wanted: int, most: int = sys.maxsize) -> Iterator[None]:
        """Takes so many bytes, once no more than `most` are taken with them."""
        mine = _Waiting(wanted, min(most, self._most))

        def is_next() -> bool:
            passed = (one for one in self._waiting if one.passed >= MOST_PASSED)
            fitting = filter(self._fits, self._waiting)
            return self._fits(mine) and mine is next(passed, min(fitting, key=lambda one: one.wanted))

        with self._freed:
            self._waiting.append(mine)
            try:
                self._freed.wait_for(is_next)
                for one in self._waiting[: self._waiting.index(mine)]:
                    one.passed += 1
            finally:
                self._waiting.remove(mine)
            self._taken += wanted
            self._freed.notify_all()  # there may be room for the next one, too
        try:
            yield
        finally:
            with self._freed:
                self._taken -= wanted
                self._freed.notify_all()

    def _fits(self, one: _Waiting) -> bool:
        return not self._taken or self._taken + one.wanted <= one.most


class BoundedFile:
    """A picture's file, which fails with an `OSError` when its reader goes on for too long."""

    def __init__(self, file: BinaryIO, kind: str) -> None:
        self._file, self.seek, self.tell = file, file.seek, file.tell
        self._pieces = MOST_OF_RUNS if kind == "BMP" else MOST_PIECES + _size(file) // 256
        self._header: float = LONGEST_HEADER.get(kind, math.inf)
        self._exif = b""  # of a JPEG, whose segments Pillow joins
        if kind == "TIFF":
            check_directories(file)
            file.seek(0)

    def read(self, size: int = -1) -> bytes:
        data = looked_at = self._file.read(size)
        if data.startswith(EXIF):
            looked_at = self._exif = self._exif + data[len(EXIF) :]
        found = [one.start() for one in DIRECTORIES.finditer(looked_at)]
        self._pieces -= 1
        self._header -= len(data)
        if self._pieces < 0 or self._header < 0 or len(found) > MOST_DIRECTORIES:
            raise OSError("it has far more parts than a picture needs")
        for start in found:
            check_directories(io.BytesIO(looked_at), start)
        return data

    def begin_pixels(self) -> None:
        """Ends the header, which alone is bounded in bytes."""
        self._header = math.inf


def opened(reader: Callable[[BinaryIO], ImageFile], file: BinaryIO, kind: str) -> ImageFile:
    """A picture of which only the header is read, from the beginning of the file.

    Not `Image.open`: its size limit is a global of the process and half of it is a warning.
    """
    file.seek(0)
    bounded = BoundedFile(file, kind)
    picture = reader(cast("BinaryIO", bounded))
    bounded.begin_pixels()
    if isinstance(picture, TiffImageFile):
        tile = picture.tag_v2.get(TILE_WIDTH, 0) * picture.tag_v2.get(TILE_LENGTH, 0)
        if tile > max(LARGEST_TILE, picture.width * picture.height):
            raise ValueError("its tiles are larger than the picture")
    slow = any(tile.codec_name == "bmp_rle" for tile in picture.tile)
    slow = slow or (isinstance(picture, WebPImageFile) and picture.is_animated)
    if slow and picture.width * picture.height > MOST_SLOW:
        raise ValueError("it is too large to be compressed by runs, or animated")
    return picture


def bytes_to_decode(picture: ImageFile, short_side: int | None, *, sent: bool) -> int:
    """What it takes to decode and use it; a JPEG is told how small it may become."""
    pixels = picture.width * picture.height
    if isinstance(picture, JpegImageFile) and short_side is not None:
        whole = _is_held_whole(picture)
        picture.draft(None, (short_side, short_side))
        pixels = pixels if whole else picture.width * picture.height
    elif sent and isinstance(
        picture, AvifImageFile
    ):  # its header may lie, and its reader uses all processors
        pixels = max(pixels, MAX_SENT_PIXELS)
    return pixels * (BYTES_OF_MORE if isinstance(picture, (WebPImageFile, TiffImageFile)) else BYTES_A_PIXEL)


def _is_held_whole(picture: JpegImageFile) -> bool:
    """Whether all of it has to be in memory before the first line can be made, however small that becomes: a
    progressive one, and one whose colours come one after the other, each in a scan of its own."""
    assert picture.fp is not None
    first_scan = 6 + 2 * picture.layers  # bytes of the head of one that has all colours; it was read just now
    picture.fp.seek(-first_scan, io.SEEK_CUR)
    of_all = picture.fp.read(3) == bytes([0, first_scan, picture.layers])
    return "progressive" in picture.info or not of_all


def exif_in(picture: ImageFile) -> Image.Exif:
    """The picture's EXIF. Raises `ValueError` where it would fill the memory."""
    if isinstance(picture, PngImageFile):
        picture.load()  # it may come behind the pixels, and packed, as its file doesn't show
        lines = picture.info.get("Raw profile type exif", "").split("\n")[3:]
        check_directories(io.BytesIO(bytes.fromhex("".join(lines)).removeprefix(EXIF)))
    return picture.getexif()


def orientation_of(picture: ImageFile) -> int:
    """EXIF orientation 1-8. EXIF that can't be read turns nothing."""
    try:
        return int(exif_in(picture).get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1


def check_scans(data: bytes, start: int) -> None:
    """Raises `ValueError` for a JPEG that has too many scans; the first begins at `start`."""
    end = data.find(b"\xff\xd9", start)
    if data.count(b"\xff\xda", start, len(data) if end < 0 else end) >= MOST_SCANS:
        raise ValueError(f"it has more than {MOST_SCANS} scans")


def check_directories(file: BinaryIO, start: int = 0) -> None:
    """Raises `ValueError` for TIFF or EXIF, from `start` on, that names far more bytes than there are. Pillow
    copies the bytes of each value, also where thousands of values name the same ones."""
    length = _size(file) - start
    file.seek(start)
    order = "<" if file.read(2) == b"II" else ">"
    place, count_of, entry = ("4xQ", "Q", "HHQQ") if b"+" in file.read(2) else ("I", "H", "HHII")

    def unpacked(layout: str) -> tuple[int, ...]:
        return struct.unpack(order + layout, file.read(struct.calcsize(order + layout)))

    def check(at: int) -> dict[int, int]:
        file.seek(start + min(at, length))
        (entries,) = unpacked(count_of)
        found = [unpacked(entry) for _ in range(min(entries, MOST_ENTRIES))]
        held = sum(SIZES.get(kind, 0) * count for _, kind, count, _ in found)
        numbers = sum(count for _, kind, count, _ in found if SIZES.get(kind, 0) > 1)
        if entries > MOST_ENTRIES or held > 2 * length + SLACK or numbers > MOST_NUMBERS:
            raise ValueError("a directory in it has more values than the file")
        return {tag: value for tag, _, _, value in found if tag in INNER}

    with suppress(struct.error):  # it ends too soon; its reader says so
        for at in check(*unpacked(place)).values():
            check(at)


def _size(file: IO[bytes]) -> int:
    here = file.tell()
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(here)
    return size


def rgb(picture: Image.Image) -> Image.Image:
    """On white, in sRGB, 8 bits a channel. Raises `ValueError` or `OSError` for a mode it can't convert."""
    profile = picture.info.get("icc_profile")
    image = _eight_bit(picture)
    if image.has_transparency_data:
        made = Image.new("RGB", image.size, "white")
        for place, strip in enumerate(_strips(image)):  # in little memory
            layer = strip.convert("RGBA")
            made.paste(layer, (0, place * STRIP), mask=layer.getchannel("A"))
        image = made
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey by its high byte; 32-bit grey, which has no white of its own, from least to most.

    Some lines at a time: in double precision all of it would take ten times as much memory.
    """
    if image.mode.startswith("I;16"):
        return _in_strips(image, lambda strip: np.asarray(strip) >> 8)
    if image.mode in ("I", "F"):
        ends = [(values.min(), values.max()) for values in map(_finite, _strips(image))]
        low = min(least for least, _ in ends)
        span = max(most for _, most in ends) - low
        return _in_strips(image, lambda strip: (_finite(strip) - low) * (255.0 / span if span else 0.0))
    return image


def _finite(image: Image.Image) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    for top in range(0, image.height, STRIP):
        yield image.crop((0, top, image.width, min(top + STRIP, image.height)))


def _in_strips(image: Image.Image, grey: Callable[[Image.Image], NDArray[Any]]) -> Image.Image:
    """`grey` of each strip, 0 to 255, cut to whole numbers."""
    made = Image.new("L", image.size)
    for place, strip in enumerate(_strips(image)):
        made.paste(Image.fromarray(grey(strip).astype(np.uint8)), (0, place * STRIP))
    return made


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Colours as meant by the embedded profile. A profile that is broken or of another mode is ignored."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}[image.mode]
        if profile.profile.xcolor_space != space or "sRGB" in (profile.profile.profile_description or ""):
            return image
        in_place = image.mode == "RGB"  # without another copy
        return ImageCms.profileToProfile(image, profile, SRGB, outputMode="RGB", inPlace=in_place) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
