"""Picture files as the classifier in this folder is shown them. Needs NumPy and Pillow; HEIC also pi-heif."""

# ruff: noqa: PTH100, PTH112, PTH116, PTH122  # plain strings: there may be a million

from __future__ import annotations

import io
import os
import stat
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.JpegImagePlugin import JpegImageFile

from storage.pictures.pixels import EXIF, MOST_SLOW, BoundedFile, check_directories, check_scans, rgb

# Pictures are read as Discern reads them, or the same picture would score differently.
NAMES = "jpg jpeg jpe jfif mpo png apng webp gif tif tiff bmp heic heif hif avif"
SUFFIXES = {f".{name}" for name in NAMES.split()}
MAX_FILE_BYTES = 512 * 1024**2
MAX_PIXELS = 250_000_000
BYTES_A_PIXEL = 10  # of memory, as it is read, put on white and turned
BYTES_OF_MORE = 17  # the reader of WebP has three canvases, and a TIFF may be one strip of 16 bits
MOST_MEMORY = 1024**3  # bytes for all that are used at a time; a larger one goes alone
MOST_PASSED = 32  # smaller ones that go before a picture that came earlier
SECRETIVE = 60_000_000  # pixels that an AVIF which was sent may have, whatever its header says
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

warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class BadPictureError(Exception):
    """This one file can't be read; the message says why."""


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
            file = BoundedFile(io.BytesIO(data), reader.format)
            picture = reader(file)
            file.begin_pixels()
            if reader is JpegImageFile:
                check_scans(data, file.tell())
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
            check_directories(io.BytesIO(bytes.fromhex("".join(lines)).removeprefix(EXIF)))
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # EXIF that can't be read turns nothing
        return 1


def _upright(picture: Any) -> Image.Image:
    """The first frame, on white, in sRGB."""
    try:
        picture.load()
        image = rgb(picture)
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


def _cropped(image: Image.Image, side: int, way: Image.Resampling) -> Image.Image:
    """The shorter side fits, and the middle is cut out, rounded as torchvision does."""
    short, long = sorted(image.size)
    other = int(side * long / short)
    size = (side, other) if image.width <= image.height else (other, side)
    image = image if image.size == size else image.resize(size, way)
    left, top = (round((length - side) / 2.0) for length in image.size)
    return image.crop((left, top, left + side, top + side))
