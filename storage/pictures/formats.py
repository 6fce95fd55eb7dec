"""Which picture format a file is in, by its first bytes. Needs no library to read one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from storage.errors import BadPictureError

SIGNATURE: Final = 512  # bytes


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """`starts`: what a file begins with. `brands`: of which a container of RIFF or ISO 14496-12 names one."""

    name: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...] = ()
    brands: frozenset[bytes] = frozenset()

    def is_of(self, data: bytes) -> bool:
        if data.startswith(self.starts):
            return True
        if data[:4] == b"RIFF":
            return data[8:12] in self.brands
        if data[4:8] != b"ftyp":  # major brand, version, compatible brands
            return False
        box = data[8 : min(int.from_bytes(data[:4], "big"), SIGNATURE)]
        return any(box[i : i + 4] in self.brands for i in range(0, len(box), 4) if i != 4)


# What can be read; `storage.pictures.decoding` has a reader for each, `concepts.bundle.reading` its own.
FORMATS: Final = (
    PictureFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), (b"\xff\xd8\xff",)),
    PictureFormat("PNG", (".png", ".apng"), (b"\x89PNG\r\n\x1a\n",)),
    PictureFormat("WebP", (".webp",), brands=frozenset({b"WEBP"})),
    PictureFormat("GIF", (".gif",), (b"GIF87a", b"GIF89a")),
    PictureFormat("TIFF", (".tif", ".tiff"), (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    PictureFormat("BMP", (".bmp",), (b"BM",)),
    PictureFormat(
        "AVIF", (".avif",), brands=frozenset({b"avif", b"avis"})
    ),  # names mif1 as well, so before HEIC
    PictureFormat(
        "HEIC",
        (".heic", ".heif", ".hif"),
        brands=frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}),
    ),
)
PICTURE_SUFFIXES: Final = frozenset(suffix for one in FORMATS for suffix in one.suffixes)
NAMES: Final = " or ".join(", ".join(one.name for one in FORMATS).rsplit(", ", 1))


def is_picture(start: bytes) -> bool:
    """Whether a file that begins so may be one of those that can be read."""
    return any(one.is_of(start) for one in FORMATS)


def format_of(data: bytes) -> str:
    """Its name in capitals, by signature, which is in the first `SIGNATURE` bytes.

    Only these formats' readers are ever reached (no EPS, PDF, WMF…).
    """
    if not data:
        raise BadPictureError("empty", "The file is empty.")
    for one in FORMATS:
        if one.is_of(data):
            return one.name.upper()
    raise BadPictureError("not-a-picture", f"The file is not a {NAMES} picture.")
