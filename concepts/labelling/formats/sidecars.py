"""Captions and keywords in XMP sidecars, as digiKam, darktable, Lightroom and Immich keep them beside
pictures: each keyword is a label, and all of them together a column. Keywords that Discern wrote are passed
over: its own guesses teach it nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from concepts.errors import DiscernError
from concepts.labelling.formats.base import CAPTION
from concepts.labelling.rows import BadRow, RawRow
from concepts.registry import Method
from storage.pictures.files import has_picture_suffix
from storage.pictures.xmp import SUFFIX, Sidecar

KEYWORDS = "keywords"


class Sidecars:
    method: ClassVar[Method] = Method(
        "sidecars",
        "A folder with XMP files beside its pictures: their captions and keywords.",
        "ISO 16684-1, XMP",
        "",
        "reads every XMP file in the folder and below",
    )

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and next(_sidecars(path), None) is not None

    def read(self, path: Path) -> Iterator[RawRow]:
        if not path.is_dir():
            raise DiscernError(f"{path} is no folder.")
        for number, file in enumerate(_sidecars(path), 1):
            try:
                found = Sidecar.read(file)
            except (DiscernError, OSError) as error:
                yield number, BadRow(number, f"{file.name}: {error}")
                continue
            keywords = found.keywords
            for picture in _pictures_of(file):
                said = {"path": str(picture), CAPTION: found.caption, KEYWORDS: ", ".join(keywords)}
                yield number, said | {"label": keywords[0] if keywords else ""}
                for keyword in keywords[1:]:
                    yield number, {"path": str(picture), "label": keyword}


def _sidecars(folder: Path) -> Iterator[Path]:
    for inner, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(SUFFIX) and not name.startswith("."):
                file = Path(inner, name)
                if not file.is_symlink():  # which may lead out of the folders that the app may read
                    yield file


def _pictures_of(file: Path) -> list[Path]:
    """FILE.EXT of FILE.EXT.xmp, else each FILE.* beside FILE.xmp."""
    named = file.with_suffix("")
    if has_picture_suffix(named.name):
        return [named]
    beside = sorted(one for one in file.parent.glob(f"{_literal(named.name)}.*"))
    return [one for one in beside if has_picture_suffix(one.name)]


def _literal(name: str) -> str:
    return "".join(f"[{one}]" if one in "*?[" else one for one in name)
