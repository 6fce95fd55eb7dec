"""From the bytes of a picture file to its facts and pixels. Nothing here touches the disk."""

from __future__ import annotations

import io
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, Final, NamedTuple, cast

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
from storage.pictures.exif import taken_of
from storage.pictures.formats import SIGNATURE, format_of
from storage.pictures.pixels import EXIF, MOST_SLOW, BoundedFile, check_directories, check_scans, rgb

# Of memory, as it is read, put on white and turned. Measured: 9 for AVIF, 8 for transparency, 7 for HEIC.
BYTES_A_PIXEL: Final = 10
BYTES_OF_MORE: Final = 17  # the reader of WebP has three canvases, and a TIFF may be one strip of 16 bits
MOST_MEMORY: Final = 1024**3  # bytes for all that are used at a time; a larger one goes alone
# Of that for pictures that nobody waits for: nothing is lost where a library's large ones take turns.
MOST_UNSENT: Final = MOST_MEMORY // 2
MOST_PASSED: Final = 32  # smaller ones that go before a picture that came earlier

# Above the 200 megapixels of today's largest phone sensors; 250 of them are 1 GB as Pillow holds RGB.
MAX_PIXELS: Final = 250_000_000
# Of a picture that comes with a request, whoever sends it: more than the 50 megapixels of today's phones.
MAX_SENT_PIXELS: Final = 60_000_000

READERS: Final[dict[str, type[ImageFile]]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "AVIF": AvifImageFile,
}
TILE_WIDTH, TILE_LENGTH, IPTC_TAG = 322, 323, 33723  # tags of TIFF
IPTC_RESOURCE: Final = 0x0404  # of those that Photoshop has in a JPEG
PNG_MARK, PNG_XMP = b"\x89PNG\r\n\x1a\n", b"XML:com.adobe.xmp\0"
MOST_CHUNKS: Final = 100_000  # of a PNG that are passed over
MOST_TEXT: Final = 16 * 1024**2  # bytes
LARGEST_TILE: Final = 4096**2  # pixels; its reader holds a whole one, also of a smaller picture

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
    packets: tuple[bytes, bytes] = (b"", b"")  # XMP and IPTC


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
    with memory.share(_bytes_of(picture, short_side, sent=sent), sys.maxsize if sent else MOST_UNSENT):
        orientation, taken, packets = _loaded(picture, kind)
        try:
            image = rgb(picture)
        except (ValueError, OSError) as error:
            said = f"A {kind} picture in colour mode {picture.mode} can't be read."
            raise BadPictureError("unsupported", said) from error
        del picture  # which has memory of its own where it wasn't RGB
        if orientation in _UPRIGHT:
            image = image.transpose(_UPRIGHT[orientation])
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
        return Wanted(width, height, _bytes_of(picture, short_side, sent=True))
    except Exception:  # as in `_opened`
        return Wanted(0, 0, 0)


def check_pixels(width: int, height: int, most: int) -> None:
    """Raises `BadPictureError`."""
    if width * height > most:
        raise BadPictureError(
            "too-large",
            f"The picture has {width:,} × {height:,} pixels; at most {most // 1_000_000} million are taken.",
        )


def _bytes_of(picture: ImageFile, short_side: int | None, *, sent: bool) -> int:
    """What it takes to decode and use it; a JPEG is told how small it may become."""
    pixels = picture.width * picture.height
    if isinstance(picture, JpegImageFile) and short_side is not None:
        # All of it is in memory before the first line can be made, however small that becomes, where it is
        # progressive, or its colours come one after the other, each in a scan of its own.
        assert picture.fp is not None
        first_scan = 6 + 2 * picture.layers  # bytes of the head of one with all colours, read just now
        picture.fp.seek(-first_scan, io.SEEK_CUR)
        of_all = picture.fp.read(3) == bytes([0, first_scan, picture.layers])
        whole = "progressive" in picture.info or not of_all
        picture.draft(None, (short_side, short_side))
        pixels = pixels if whole else picture.width * picture.height
    elif sent and isinstance(
        picture, AvifImageFile
    ):  # its header may lie, and its reader uses all processors
        pixels = max(pixels, MAX_SENT_PIXELS)
    return pixels * (BYTES_OF_MORE if isinstance(picture, (WebPImageFile, TiffImageFile)) else BYTES_A_PIXEL)


def _loaded(picture: ImageFile, kind: str) -> tuple[int, int | None, tuple[bytes, bytes]]:
    """A picture's orientation, when it was taken, and its packets. Raises `BadPictureError`."""
    try:
        picture.load()
        return _orientation(picture), taken_of(_exif(picture)), _packets(picture)
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
    """Reads the header only, from the beginning of the file.

    Not `Image.open`: its size limit is a global of the process and half of it is a warning.
    """
    file.seek(0)
    bounded = BoundedFile(file, kind)
    if kind == "HEIC":
        from pi_heif import HeifImageFile  # loaded when it is first needed

        reader = HeifImageFile
    else:
        reader = READERS[kind]
    picture: ImageFile = reader(cast("BinaryIO", bounded))
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


def exif_of(data: bytes) -> Image.Exif:
    """What a camera wrote into a picture; nothing where the picture can't be read."""
    try:
        return _exif(_open(format_of(data), io.BytesIO(data)))
    except Exception:  # as in `decode`
        return Image.Exif()


def _exif(picture: ImageFile) -> Image.Exif:
    """The picture's EXIF. Raises `ValueError` where it would fill the memory."""
    if isinstance(picture, PngImageFile):
        picture.load()  # it may come behind the pixels, and packed, as its file doesn't show
        lines = picture.info.get("Raw profile type exif", "").split("\n")[3:]
        check_directories(io.BytesIO(bytes.fromhex("".join(lines)).removeprefix(EXIF)))
    return picture.getexif()


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


def _orientation(picture: ImageFile) -> int:
    """EXIF orientation 1-8. EXIF that can't be read turns nothing."""
    try:
        return int(_exif(picture).get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1
