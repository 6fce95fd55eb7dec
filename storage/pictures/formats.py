"""Which picture format a file is in, by its first bytes. Needs no library to read one."""

from __future__ import annotations

from typing import Final

from storage.errors import BadPictureError

SIGNATURE: Final = 512  # bytes

_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"}


def is_picture(start: bytes) -> bool:
    """Whether a file that begins so may be one of those that can be read."""
    try:
        format_of(start)
    except BadPictureError:
        return False
    return True


def format_of(data: bytes) -> str:
    """By signature, which is in the first `SIGNATURE` bytes.

    Only these formats' readers are ever reached (no EPS, PDF, WMF…).
    """
    if not data:
        raise BadPictureError("empty", "The file is empty.")
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":  # ISO 14496-12: major brand, version, compatible brands
        box = data[8 : min(int.from_bytes(data[:4], "big"), 512)]
        brands = {box[i : i + 4] for i in range(0, len(box), 4) if i != 4}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIC_BRANDS:
            return "HEIC"
    raise BadPictureError(
        "not-a-picture", "The file is not a JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC or AVIF picture."
    )
