"""From the bytes of a picture file to its facts and pixels. Nothing here touches the disk."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from PIL import ExifTags, Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from storage.errors import BadPictureError
from storage.pictures.colours import rgb
from storage.pictures.exif import taken_of
from storage.pictures.formats import format_of

BYTES_A_PIXEL: Final = 12  # as it is read, on white, and turned: Pillow takes 4 for one of RGB
MOST_MEMORY: Final = 1024**3  # bytes for all that are decoded at a time; a larger one goes alone

# Above the 200 megapixels of today's largest phone sensors; 250 of them are 750 MB of RGB.
MAX_PIXELS: Final = 250_000_000

_UPRIGHT: Final = {
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


@dataclass(frozen=True, slots=True)
class Decoded:
    """`image` is upright RGB, perhaps shrunk; `width` and `height` are the file's own, upright."""

    image: Image.Image
    format: str  # of one of `storage.pictures.formats.FORMATS`, in capitals
    width: int
    height: int
    taken: int | None = None  # as `storage.pictures.exif.taken_of` says


class Memory:
    """A budget of bytes that all threads share. What is larger than all of it waits until it is alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._freed = threading.Condition()

    @contextmanager
    def share(self, wanted: int) -> Iterator[None]:
        with self._freed:
            self._freed.wait_for(lambda: not self._taken or self._taken + wanted <= self._most)
            self._taken += wanted
        try:
            yield
        finally:
            with self._freed:
                self._taken -= wanted
                self._freed.notify_all()


memory = Memory(MOST_MEMORY)


def decode(data: bytes, *, short_side: int | None = None) -> Decoded:
    """Reads the first frame, upright, on white, in sRGB.

    With `short_side` a JPEG may be shrunk while decoding (by 2, 4 or 8), never below that short side.
    Raises `BadPictureError`.
    """
    kind = format_of(data)
    # Hostile bytes make Pillow's readers raise nearly anything. Whatever it is, this one file is bad.
    try:
        picture = _open(kind, data)
    except Exception as error:
        raise _bad(kind, error) from error
    if picture.width * picture.height > MAX_PIXELS:
        raise BadPictureError(
            "too-large",
            f"The picture has {picture.width:,} × {picture.height:,} pixels; "
            f"at most {MAX_PIXELS // 1_000_000} million can be read.",
        )
    width, height = picture.size
    if short_side is not None and isinstance(picture, JpegImageFile):
        picture.draft(None, (short_side, short_side))
    # A progressive JPEG is held whole, at its full size, however small it shall become.
    pixels = width * height if picture.info.get("progressive") else picture.width * picture.height
    with memory.share(pixels * BYTES_A_PIXEL):
        return _decoded(picture, kind, width, height)


def _decoded(picture: ImageFile, kind: str, width: int, height: int) -> Decoded:
    try:
        picture.load()
        orientation, taken = _orientation(picture), taken_of(picture.getexif())
    except Exception as error:
        raise _bad(kind, error) from error
    try:
        image = rgb(picture)
    except (ValueError, OSError) as error:
        raise BadPictureError(
            "unsupported", f"A {kind} picture in colour mode {picture.mode} can't be read."
        ) from error
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
        if orientation >= 5:
            width, height = height, width
    image.info = {}
    return Decoded(image, kind, width, height, taken)


def _open(kind: str, data: bytes) -> ImageFile:
    """Reads the header only.

    Not `Image.open`: its size limit is a global of the process and half of it is a warning.
    """
    if kind == "HEIC":
        from pi_heif import HeifImageFile

        heic: ImageFile = HeifImageFile(io.BytesIO(data))
        return heic
    reader: type[ImageFile] = {
        "JPEG": JpegImageFile,
        "PNG": PngImageFile,
        "WEBP": WebPImageFile,
        "GIF": GifImageFile,
        "TIFF": TiffImageFile,
        "BMP": BmpImageFile,
        "AVIF": AvifImageFile,
    }[kind]
    return reader(io.BytesIO(data))


def exif_of(data: bytes) -> Image.Exif:
    """What a camera wrote into a picture; nothing where the picture can't be read."""
    try:
        return _open(format_of(data), data).getexif()
    except Exception:  # as in `decode`
        return Image.Exif()


def _bad(kind: str, error: Exception) -> BadPictureError:
    if isinstance(error, Image.DecompressionBombError):
        return BadPictureError("too-large", f"The {kind} picture has too many pixels.")
    if isinstance(error, MemoryError):
        return BadPictureError("too-large", f"The {kind} picture does not fit in memory.")
    if "truncated" in str(error).lower():
        return BadPictureError("truncated", f"The {kind} file is cut off: {_line(error)}.")
    return BadPictureError("damaged", f"The {kind} file is damaged: {_line(error)}.")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _orientation(picture: ImageFile) -> int:
    """EXIF orientation 1-8. EXIF that can't be read turns nothing."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1
