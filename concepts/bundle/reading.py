"""Picture files as the classifier in this folder is shown them. Needs NumPy and Pillow; HEIC also pi-heif."""

# ruff: noqa: PTH100, PTH112, PTH116, PTH122  # plain strings: there may be a million

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.JpegImagePlugin import JpegImageFile

from storage.pictures.pixels import (
    MAX_PIXELS,
    MOST_MEMORY,
    UPRIGHT,
    Memory,
    bytes_to_decode,
    check_scans,
    opened,
    orientation_of,
    rgb,
)

# Pictures are read as Discern reads them, or the same picture would score differently.
NAMES = "jpg jpeg jpe jfif mpo png apng webp gif tif tiff bmp heic heif hif avif"
SUFFIXES = {f".{name}" for name in NAMES.split()}
MAX_FILE_BYTES = 512 * 1024**2
SIGNATURES = {
    (b"\xff\xd8\xff",): JpegImageFile,
    (b"\x89PNG\r\n\x1a\n",): PngImagePlugin.PngImageFile,
    (b"GIF87a", b"GIF89a"): GifImagePlugin.GifImageFile,
    (b"BM",): BmpImagePlugin.BmpImageFile,
    (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"): TiffImagePlugin.TiffImageFile,
}
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}


class BadPictureError(Exception):
    """This one file can't be read; the message says why."""


class Reader:
    """`shown` says how a picture gets the size that the classifier takes: height, width, fit (whole or crop),
    interpolation, and short_side, to no less than which a JPEG is shrunk while decoding."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self._shown = shown
        self._memory = Memory(MOST_MEMORY)

    def pixels(self, data: bytes, *, sent: bool = False) -> Any:
        """The bytes of a picture file → uint8 (3, height, width). One that was sent with a request is trusted
        less. Raises BadPictureError."""
        reader = _reader(data)
        file = io.BytesIO(data)
        try:  # hostile bytes make Pillow's readers raise nearly anything
            picture = opened(reader, file, reader.format)
            if reader is JpegImageFile:
                check_scans(data, file.tell())
        except Exception as error:
            raise _bad(error) from error
        if picture.width * picture.height > MAX_PIXELS:
            raise BadPictureError(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
        with self._memory.share(bytes_to_decode(picture, self._shown["short_side"], sent=sent)):
            try:  # the first frame, on white, in sRGB
                picture.load()
                image = rgb(picture)
            except Exception as error:
                raise _bad(error) from error
            turn = UPRIGHT.get(orientation_of(picture))
            image = image if turn is None else image.transpose(turn)
            height, width = self._shown["height"], self._shown["width"]
            way = Image.Resampling[self._shown["interpolation"].upper()]
            if self._shown["fit"] == "whole":
                image = image.resize((width, height), way)
            else:  # the shorter side fits, and the middle is cut out, rounded as torchvision does
                short, long = sorted(image.size)
                other = int(height * long / short)
                size = (height, other) if image.width <= image.height else (other, height)
                image = image if image.size == size else image.resize(size, way)
                left, top = (round((length - height) / 2.0) for length in image.size)
                image = image.crop((left, top, left + height, top + height))
            return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))


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
