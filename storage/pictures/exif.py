"""What a camera wrote into a picture's file: when, with what, how. Nothing here touches the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from PIL import ExifTags, Image

_MOMENT = re.compile(r"\s*(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_DATES = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)
LONGEST = 120  # characters of one value


@dataclass(frozen=True)
class CameraFacts:
    """`facts`: what → value, in the order in which they are shown. `position`: degrees north and east, which
    tell where somebody lives: they are shown to nobody unasked."""

    taken: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    position: tuple[float, float] | None = None


def taken_of(exif: Image.Exif) -> int | None:
    """When the picture was taken, in seconds since 1970 by the camera's own clock; None where it isn't said.
    EXIF that can't be read says nothing."""
    try:
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in _DATES:
            moment = moment_of(inner.get(tag) or exif.get(tag))
            if moment is not None:
                return int(moment.timestamp())
    except Exception:  # hostile bytes make Pillow raise nearly anything
        return None
    return None


def moment_of(text: object) -> datetime | None:
    """`2021:07:14 10:30:00` as UTC stands for a clock that knows no zone. None for anything else, such as the
    zeros of a camera whose clock was never set."""
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    found = _MOMENT.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def camera_facts(exif: Image.Exif) -> CameraFacts:
    """EXIF that can't be read has no facts."""
    try:
        inner, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # as above
        return CameraFacts()
    seconds = taken_of(exif)
    make, model = _text(exif.get(ExifTags.Base.Make)), _text(exif.get(ExifTags.Base.Model))
    camera = model if model.casefold().startswith(make.casefold()) else f"{make} {model}".strip()
    exposure, exposed = _number(inner.get(ExifTags.Base.ExposureTime)), ""
    if exposure is not None and exposure > 1e-7:
        exposed = f"{exposure:g} s" if exposure >= 0.3 else f"1/{round(1 / exposure)} s"
    said = {
        "Camera": camera,
        "Lens": _text(inner.get(ExifTags.Base.LensModel)),
        "Exposure": exposed,
        "Aperture": _with(_number(inner.get(ExifTags.Base.FNumber)), "f/{:g}"),
        "ISO": _with(_number(inner.get(ExifTags.Base.ISOSpeedRatings)), "{:.0f}"),
        "Focal length": _with(_number(inner.get(ExifTags.Base.FocalLength)), "{:g} mm"),
        "Artist": _text(exif.get(ExifTags.Base.Artist)),
        "Copyright": _text(exif.get(ExifTags.Base.Copyright)),
        "Software": _text(exif.get(ExifTags.Base.Software)),
    }
    taken = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    north = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S", 90)
    east = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W", 180)
    position = None if north is None or east is None else (north, east)
    return CameraFacts(taken, {what: value for what, value in said.items() if value}, position)


def _text(value: object) -> str:
    """One printable line."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:LONGEST]


def _number(value: Any) -> float | None:
    """Above 0, and no more than the 32 bits that EXIF has for one."""
    if isinstance(value, tuple) and value:
        value = value[0]
    try:
        number = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if 0 < number < 2**32 else None


def _with(number: float | None, words: str) -> str:
    return "" if number is None else words.format(round(number, 1))


def _degrees(parts: Any, side: object, negative: str, most: float) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
        found = degrees + minutes / 60 + seconds / 3600
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not 0 <= found <= most:
        return None
    return round(-found if str(side).strip("\0 ").upper() == negative else found, 6)
