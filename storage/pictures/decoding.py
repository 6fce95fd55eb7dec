"""From the bytes of a picture file to its facts and pixels. Nothing here touches the disk."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, Final, NamedTuple

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from storage.errors import BadPictureError
from storage.pictures.exif import taken_of
from storage.pictures.formats import SIGNATURE, format_of
from storage.pictures.pixels import (
    MAX_PIXELS,
    MOST_MEMORY,
    UPRIGHT,
    Memory,
    bytes_to_decode,
    check_scans,
    exif_in,
    opened,
    orientation_of,
    rgb,
)

# Of the memory, for pictures that nobody waits for: nothing is lost where a library's large ones take turns.
MOST_UNSENT: Final = MOST_MEMORY // 2

READERS: Final[dict[str, type[ImageFile]]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "AVIF": AvifImageFile,
}
IPTC_TAG: Final = 33723  # of TIFF
IPTC_RESOURCE: Final = 0x0404  # of those that Photoshop has in a JPEG
PNG_MARK, PNG_XMP = b"\x89PNG\r\n\x1a\n", b"XML:com.adobe.xmp\0"
MOST_CHUNKS: Final = 100_000  # of a PNG that are passed over
MOST_TEXT: Final = 16 * 1024**2  # bytes


@dataclass(frozen=True, slots=True)
class Decoded:
    """`image` is upright RGB, perhaps shrunk; `width` and `height` are the file's own, upright."""

    image: Image.Image
    format: str  # of one of `storage.pictures.formats.FORMATS`, in capitals
    width: int
    height: int
    taken: int | None = None  # as `storage.pictures.exif.taken_of` says
    packets: tuple[bytes, bytes] = (b"", b"")  # XMP and IPTC


memory = Memory(MOST_MEMORY)


@contextmanager
def decoded(data: bytes, *, short_side: int | None = None, sent: bool = False) -> Iterator[Decoded]:
    """The first frame, upright, on white, in sRGB. What is done with it belongs into the block: until that
    ends, it has its share of the memory.

    With `short_side` a JPEG may be shrunk while decoding (by 2, 4 or 8), never below that short side. Of the
    other formats Pillow has no smaller reading. One that was `sent` with a request is trusted less. Raises
    `BadPictureError`.
    """
    kind = format_of(data)
    picture = _opened(kind, data)
    width, height = picture.size
    with memory.share(bytes_to_decode(picture, short_side, sent=sent), sys.maxsize if sent else MOST_UNSENT):
        orientation, taken, packets = _loaded(picture, kind)
        try:
            image = rgb(picture)
        except (ValueError, OSError) as error:
            said = f"A {kind} picture in colour mode {picture.mode} can't be read."
            raise BadPictureError("unsupported", said) from error
        del picture  # which has memory of its own where it wasn't RGB
        if orientation in UPRIGHT:
            image = image.transpose(UPRIGHT[orientation])
            if orientation >= 5:
                width, height = height, width
        image.info = {}
        found = Decoded(image, kind, width, height, taken, packets)
        del image
        try:
            yield found
        finally:
            found.image.close()  # whoever still has a name for it


def decode(data: bytes, *, short_side: int | None = None) -> Decoded:
    """The same, of a small picture, to keep."""
    with decoded(data, short_side=short_side) as found:
        return replace(found, image=found.image.copy())


class Wanted(NamedTuple):
    """What decoding a picture would take."""

    width: int  # of the file
    height: int
    bytes: int  # of memory

    @property
    def pixels(self) -> int:
        return self.width * self.height


def wanted(file: BinaryIO, short_side: int | None = None) -> Wanted:
    """Of one that is sent, by the header alone, wherever the `file` stands; nothing for what `decoded` will
    say is no picture."""
    try:
        file.seek(0)
        kind = format_of(file.read(SIGNATURE))
        picture = _open(kind, file)
        width, height = picture.size
        return Wanted(width, height, bytes_to_decode(picture, short_side, sent=True))
    except Exception:  # as in `_opened`
        return Wanted(0, 0, 0)


def check_pixels(width: int, height: int, most: int) -> None:
    """Raises `BadPictureError`."""
    if width * height > most:
        raise BadPictureError(
            "too-large",
            f"The picture has {width:,} × {height:,} pixels; at most {most // 1_000_000} million are taken.",
        )


def _loaded(picture: ImageFile, kind: str) -> tuple[int, int | None, tuple[bytes, bytes]]:
    """A picture's orientation, when it was taken, and its packets. Raises `BadPictureError`."""
    try:
        picture.load()
        return orientation_of(picture), taken_of(exif_in(picture)), _packets(picture)
    except Exception as error:
        raise _bad(kind, error) from error


def _opened(kind: str, data: bytes) -> ImageFile:
    """A picture whose header is read. Raises `BadPictureError`."""
    # Hostile bytes make Pillow's readers raise nearly anything. Whatever it is, this one file is bad.
    try:
        picture = _open(kind, io.BytesIO(data))
        if isinstance(picture, JpegImageFile) and picture.fp is not None:
            check_scans(data, picture.fp.tell())
    except Exception as error:
        raise _bad(kind, error) from error
    check_pixels(*picture.size, MAX_PIXELS)
    return picture


def _open(kind: str, file: BinaryIO) -> ImageFile:
    if kind == "HEIC":
        from pi_heif import HeifImageFile  # loaded when it is first needed

        return opened(HeifImageFile, file, kind)
    return opened(READERS[kind], file, kind)


def exif_of(data: bytes) -> Image.Exif:
    """What a camera wrote into a picture; nothing where the picture can't be read."""
    try:
        return exif_in(_open(format_of(data), io.BytesIO(data)))
    except Exception:  # as in `decode`
        return Image.Exif()


def packets_of(file: BinaryIO) -> tuple[bytes, bytes]:
    """The XMP and the IPTC in a picture's file; empty where there is none or it can't be read."""
    try:
        file.seek(0)
        picture = _open(format_of(file.read(SIGNATURE)), file)
        if isinstance(picture, PngImageFile) and "xmp" not in picture.info:
            return _xmp_behind(file), b""
        return _packets(picture)
    except Exception:  # as in `_opened`
        return b"", b""


def _packets(picture: ImageFile) -> tuple[bytes, bytes]:
    try:
        iptc = b""
        if isinstance(picture, JpegImageFile):
            iptc = picture.info.get("photoshop", {}).get(IPTC_RESOURCE, b"")
        elif isinstance(picture, TiffImageFile):
            iptc = _bytes_in(picture.tag_v2.get(IPTC_TAG, b""), picture.tag_v2.prefix)
        return bytes(picture.info.get("xmp") or b""), bytes(iptc)
    except Exception:  # what is said of a picture keeps nobody from it
        return b"", b""


def _bytes_in(value: object, order: bytes) -> bytes:
    """Return a tag's bytes. Some programs write them as numbers of four bytes."""
    if isinstance(value, bytes):
        return value
    numbers = value if isinstance(value, tuple) else (value,)
    return struct.pack(f"{'<' if order == b'II' else '>'}{len(numbers)}I", *numbers)


def _xmp_behind(file: BinaryIO) -> bytes:
    """Find the XMP behind the pixels of a PNG, which Pillow reads only after them."""
    place = len(PNG_MARK)
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        length, kind = struct.unpack(">I4s", file.read(8))  # nothing to unpack where the file ends
        if kind == b"iTXt":
            chunk = file.read(min(length, MOST_TEXT))
            if chunk.startswith(PNG_XMP):
                text = chunk[len(PNG_XMP) + 2 :].split(b"\0", 2)[2]  # behind a language and a translated name
                packed = chunk[len(PNG_XMP)] == 1
                return zlib.decompressobj().decompress(text, MOST_TEXT) if packed else text
        place += length + 12
    return b""


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
