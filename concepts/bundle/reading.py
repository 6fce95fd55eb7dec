"""Picture files as the classifier in this folder is shown them. Needs NumPy and Pillow; HEIC also pi-heif."""

# ruff: noqa: PTH100, PTH112, PTH116, PTH122  # plain strings: there may be a million

from __future__ import annotations

import io
import math
import os
import re
import stat
import struct
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.JpegImagePlugin import JpegImageFile

# Pictures are read as Discern reads them, or the same picture would score differently.
NAMES = "jpg jpeg jpe jfif mpo png apng webp gif tif tiff bmp heic heif hif avif"
SUFFIXES = {f".{name}" for name in NAMES.split()}
MAX_FILE_BYTES = 512 * 1024**2
MAX_PIXELS = 250_000_000
BYTES_A_PIXEL = 10  # of memory, as it is read, put on white and turned
BYTES_OF_MORE = 17  # the reader of WebP has three canvases, and a TIFF may be one strip of 16 bits
MOST_MEMORY = 1024**3  # bytes for all that are used at a time; a larger one goes alone
STRIP = 64  # lines
MOST_PASSED = 32  # smaller ones that go before a picture that came earlier
SECRETIVE = 60_000_000  # pixels that an AVIF which was sent may have, whatever its header says
MOST_PIECES = 100_000  # that are read of a file, and one more for every 256 bytes of it
MOST_OF_RUNS = 4_000_000  # pieces of a BMP: two for each run of pixels
MOST_SLOW = 16_000_000  # pixels of a BMP that is compressed by runs, and of an animated WebP
LONGEST_HEADER = {JpegImageFile: 16 * 2**20, GifImagePlugin.GifImageFile: 2**20}  # bytes
MOST_SCANS = 100  # of a JPEG, each of which goes over the whole picture
MOST_ENTRIES = 2**12  # of a directory of TIFF or EXIF
MOST_NUMBERS = 2**18  # in all its entries: two for each strip of a picture
MOST_DIRECTORIES = 32  # in one piece of a file
SLACK = 2**20  # bytes that may be named besides: EXIF of a JPEG goes on in other segments
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}  # by type
INNER = (34665, 34853)  # tags that name the directories of EXIF and GPS
DIRECTORIES = re.compile(rb"II[*+]\0|MM\0[*+]")  # how they begin, in whatever container
EXIF = b"Exif\0\0"
LARGEST_TILE = 4096**2  # pixels; the reader of TIFF holds a whole one, also of a smaller picture
TILED = (322, 323)  # tags of TIFF
MORE = (WebPImagePlugin.WebPImageFile, TiffImagePlugin.TiffImageFile)
SIGNATURES = {
    (b"\xff\xd8\xff",): JpegImageFile,
    (b"\x89PNG\r\n\x1a\n",): PngImagePlugin.PngImageFile,
    (b"GIF87a", b"GIF89a"): GifImagePlugin.GifImageFile,
    (b"BM",): BmpImagePlugin.BmpImageFile,
    (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"): TiffImagePlugin.TiffImageFile,
}
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}
TURNS = "FLIP_LEFT_RIGHT ROTATE_180 FLIP_TOP_BOTTOM TRANSPOSE ROTATE_270 TRANSVERSE ROTATE_90"
UPRIGHT = {number: Image.Transpose[name] for number, name in enumerate(TURNS.split(), 2)}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class BadPictureError(Exception):
    """This one file can't be read; the message says why."""


class LimitedFile(io.BytesIO):
    """A picture's bytes, which fail with an `OSError` when their reader goes on for too long."""

    def __init__(self, data: bytes, reader: Any) -> None:
        super().__init__(data)
        runs = reader is BmpImagePlugin.BmpImageFile
        self.pieces = MOST_OF_RUNS if runs else MOST_PIECES + len(data) // 256
        self.header = LONGEST_HEADER.get(reader, math.inf)
        self.exif = b""  # of a JPEG, whose segments Pillow joins
        if reader is TiffImagePlugin.TiffImageFile:
            _check_directories(data)

    def read(self, size: int | None = -1, /) -> bytes:
        data = looked_at = super().read(size)
        if data.startswith(EXIF):
            looked_at = self.exif = self.exif + data[len(EXIF) :]
        found = [one.start() for one in DIRECTORIES.finditer(looked_at)]
        self.pieces -= 1
        self.header -= len(data)
        if self.pieces < 0 or self.header < 0 or len(found) > MOST_DIRECTORIES:
            raise OSError("it has far more parts than a picture needs")
        for start in found:
            _check_directories(looked_at, start)
        return data


def _check_directories(data: bytes, start: int = 0) -> None:
    """Raises `ValueError` for TIFF or EXIF, from `start` on, that names far more bytes than there are. Pillow
    copies the bytes of each value, also where thousands of values name the same ones."""
    length, order = len(data) - start, "<" if data[start : start + 2] == b"II" else ">"
    big = b"+" in data[start + 2 : start + 4]
    count_of, entry = (struct.Struct(order + form) for form in (("Q", "HHQQ") if big else ("H", "HHII")))

    def check(at: int) -> dict[int, int]:
        at = start + min(at, length)
        (entries,) = count_of.unpack_from(data, at)
        table = range(at + count_of.size, len(data) - entry.size + 1, entry.size)
        found = [entry.unpack_from(data, place) for place in table[: min(entries, MOST_ENTRIES)]]
        held = sum(SIZES.get(kind, 0) * count for _, kind, count, _ in found)
        numbers = sum(count for _, kind, count, _ in found if SIZES.get(kind, 0) > 1)
        if entries > MOST_ENTRIES or held > 2 * length + SLACK or numbers > MOST_NUMBERS:
            raise ValueError("a directory in it has more values than the file")
        return {tag: value for tag, _, _, value in found if tag in INNER}

    with suppress(struct.error):  # it ends too soon; its reader says so
        (first,) = struct.unpack_from(order + ("Q" if big else "I"), data, start + (8 if big else 4))
        for at in check(first).values():
            check(at)


class _Waiting:
    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.passed = 0  # by how many that came later


class Reader:
    """`shown` says how a picture gets the size that the classifier takes: height, width, fit (whole or crop),
    interpolation, and short_side, to no less than which a JPEG is shrunk while decoding."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self._shown = shown
        self._memory = threading.Condition()
        self._taken = 0
        self._waiting: list[_Waiting] = []  # as they came

    def pixels(self, data: bytes, *, sent: bool = False) -> Any:
        """The bytes of a picture file → uint8 (3, height, width). One that was sent with a request is trusted
        less. Raises BadPictureError."""
        reader = _reader(data)
        try:  # hostile bytes make Pillow's readers raise nearly anything
            file = LimitedFile(data, reader)
            picture = reader(file)
            file.header = math.inf  # it is read
            if reader is JpegImageFile:
                _check_scans(data, file.tell())
            slow = any(tile[0] == "bmp_rle" for tile in picture.tile)
            slow = slow or (reader is WebPImagePlugin.WebPImageFile and picture.is_animated)
            if slow and picture.width * picture.height > MOST_SLOW:
                raise ValueError("it is too large to be compressed by runs, or animated")
            width, length = (getattr(picture, "tag_v2", {}).get(tag, 0) for tag in TILED)
            if width * length > max(LARGEST_TILE, picture.width * picture.height):
                raise ValueError("its tiles are larger than the picture")
        except Exception as error:
            raise _bad(error) from error
        if picture.width * picture.height > MAX_PIXELS:
            raise BadPictureError(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
        with self._share(self._bytes_of(picture, sent)):
            image = self._sized(_upright(picture))
            return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))

    def _sized(self, image: Image.Image) -> Image.Image:
        height, width = self._shown["height"], self._shown["width"]
        way = Image.Resampling[self._shown["interpolation"].upper()]
        if self._shown["fit"] == "whole":
            return image.resize((width, height), way)
        return _cropped(image, height, way)

    def _bytes_of(self, picture: Any, sent: bool) -> int:
        """What it takes to decode and use it; a large JPEG is told how small it may become."""
        pixels = picture.width * picture.height
        if isinstance(picture, JpegImageFile):
            whole = _is_held_whole(picture)
            picture.draft(None, (self._shown["short_side"],) * 2)
            pixels = pixels if whole else picture.width * picture.height
        elif sent and isinstance(picture, AvifImagePlugin.AvifImageFile):
            pixels = max(pixels, SECRETIVE)
        return int(pixels * (BYTES_OF_MORE if isinstance(picture, MORE) else BYTES_A_PIXEL))

    @contextmanager
    def _share(self, wanted: int) -> Iterator[None]:
        """Of the memory that all threads share. The smallest goes first, until `MOST_PASSED` have gone before
        one that came earlier; what is larger than all of it waits until it is alone."""
        mine = _Waiting(wanted)

        def is_next() -> bool:
            fits = not self._taken or self._taken + wanted <= MOST_MEMORY
            passed = (one for one in self._waiting if one.passed >= MOST_PASSED)
            return fits and mine is next(passed, min(self._waiting, key=lambda one: one.wanted))

        with self._memory:
            self._waiting.append(mine)
            try:
                self._memory.wait_for(is_next)
                for one in self._waiting[: self._waiting.index(mine)]:
                    one.passed += 1
            finally:
                self._waiting.remove(mine)
            self._taken += wanted
            self._memory.notify_all()
        try:
            yield
        finally:
            with self._memory:
                self._taken -= wanted
                self._memory.notify_all()


def walk(paths: Sequence[str | os.PathLike[str]]) -> Iterator[str]:
    """The picture files of these folders, in sorted order, without hidden ones; a file named directly is
    always tried. Raises FileNotFoundError at once for a path that isn't there."""
    named = [os.path.abspath(path) for path in paths]
    for path in named:
        if not os.path.lexists(path):
            raise FileNotFoundError(f"{printable(path)} does not exist")
    return _walk(named)


def _walk(named: Sequence[str]) -> Iterator[str]:
    visited: set[tuple[int, int]] = set()
    for path in named:
        stack = [(path, os.path.isdir(path))]
        while stack:
            place, is_folder = stack.pop()
            if not is_folder:
                yield place
                continue
            try:
                status = os.stat(place)
                if (status.st_dev, status.st_ino) in visited:  # reached before, through a link
                    continue
                visited.add((status.st_dev, status.st_ino))
                with os.scandir(place) as entries:
                    kept = [(e.path, os.path.isdir(e.path)) for e in entries if not e.name.startswith(".")]
            except OSError as error:
                print(f"{printable(place)} can't be read: {error.strerror}", file=sys.stderr)
                continue
            wanted = (e for e in kept if e[1] or os.path.splitext(e[0])[1].lower() in SUFFIXES)
            stack.extend(sorted(wanted, reverse=True))


def printable(path: str) -> str:
    """Bytes of a name that are not UTF-8 as their escape."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def bytes_of(path: str) -> bytes:
    try:
        status = os.stat(path)  # before opening: opening a pipe would wait for its other end
        if not stat.S_ISREG(status.st_mode):
            raise BadPictureError("This is not a regular file.")
        if status.st_size > MAX_FILE_BYTES:
            raise BadPictureError(f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB.")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadPictureError(f"The file can't be read: {reason}.") from error


def _reader(data: bytes) -> Any:
    """By the first bytes, so that only the readers of these formats are ever reached."""
    for starts, reader in SIGNATURES.items():
        if data.startswith(starts):
            return reader
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile
    if data[4:8] == b"ftyp":
        box = data[8 : min(int.from_bytes(data[:4], "big"), 512)]
        brands = {box[i : i + 4] for i in range(0, len(box), 4) if i != 4}
        if brands & {b"avif", b"avis"}:
            return AvifImagePlugin.AvifImageFile
        if brands & HEIC:
            try:
                from pi_heif import HeifImageFile
            except ImportError as error:
                raise BadPictureError("HEIC pictures need the package pi-heif") from error
            return HeifImageFile
    raise BadPictureError("The file is not a JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF picture.")


def _check_scans(data: bytes, start: int) -> None:
    end = data.find(b"\xff\xd9", start)
    if data.count(b"\xff\xda", start, len(data) if end < 0 else end) >= MOST_SCANS:
        raise ValueError(f"it has more than {MOST_SCANS} scans")


def _bad(error: Exception) -> BadPictureError:
    if isinstance(error, (Image.DecompressionBombError, MemoryError)):
        return BadPictureError("The picture is too large.")
    words = " ".join(str(error).split())[:200] or type(error).__name__
    return BadPictureError(f"The file is damaged: {words}.")


def _orientation(picture: Any) -> int:
    try:
        if isinstance(picture, PngImagePlugin.PngImageFile):
            picture.load()  # it may come behind the pixels, and packed, as its file doesn't show
            lines = picture.info.get("Raw profile type exif", "").split("\n")[3:]
            _check_directories(bytes.fromhex("".join(lines)).removeprefix(EXIF))
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # EXIF that can't be read turns nothing
        return 1


def _upright(picture: Any) -> Image.Image:
    """The first frame, on white, in sRGB."""
    try:
        picture.load()
        image = _rgb(picture)
    except Exception as error:
        raise _bad(error) from error
    turn = UPRIGHT.get(_orientation(picture))
    return image if turn is None else image.transpose(turn)


def _is_held_whole(picture: Any) -> bool:
    """Of a JPEG: a progressive one, and one whose colours come one after the other."""
    first_scan = 6 + 2 * picture.layers  # bytes of the head of one that has all colours; it was read just now
    picture.fp.seek(-first_scan, io.SEEK_CUR)
    of_all = picture.fp.read(3) == bytes([0, first_scan, picture.layers])
    return "progressive" in picture.info or not of_all


def _rgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    image = _eight_bit(picture)
    if image.has_transparency_data:
        image = _on_white(image)
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Some lines at a time: in double precision all of it would take ten times as much memory."""
    if image.mode.startswith("I;16"):
        return _in_strips(image, lambda strip: np.asarray(strip) >> 8)
    if image.mode in ("I", "F"):
        ends = [(values.min(), values.max()) for values in map(_finite, _strips(image))]
        low = min(least for least, _ in ends)
        span = max(most for _, most in ends) - low
        return _in_strips(image, lambda strip: (_finite(strip) - low) * (255.0 / span if span else 0.0))
    return image


def _on_white(image: Image.Image) -> Image.Image:
    made = Image.new("RGB", image.size, "white")
    for place, strip in enumerate(_strips(image)):
        layer = strip.convert("RGBA")
        made.paste(layer, (0, place * STRIP), mask=layer.getchannel("A"))
    return made


def _finite(image: Image.Image) -> Any:
    return np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    for top in range(0, image.height, STRIP):
        yield image.crop((0, top, image.width, min(top + STRIP, image.height)))


def _in_strips(image: Image.Image, grey: Callable[[Image.Image], Any]) -> Image.Image:
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


def _cropped(image: Image.Image, side: int, way: Image.Resampling) -> Image.Image:
    """The shorter side fits, and the middle is cut out, rounded as torchvision does."""
    short, long = sorted(image.size)
    other = int(side * long / short)
    size = (side, other) if image.width <= image.height else (other, side)
    image = image if image.size == size else image.resize(size, way)
    left, top = (round((length - side) / 2.0) for length in image.size)
    return image.crop((left, top, left + side, top + side))
