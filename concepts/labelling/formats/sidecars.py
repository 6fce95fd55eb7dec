"""Captions and keywords as digiKam, darktable, Lightroom and Immich keep them, in XMP sidecars beside
pictures, and keywords in the pictures' own files: each keyword is a label, and all of them together a column.
Keywords that Discern wrote are passed over: its own guesses teach it nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count, groupby
from operator import itemgetter
from pathlib import Path
from typing import ClassVar

from concepts.errors import DiscernError
from concepts.labelling.formats.base import CAPTION
from concepts.labelling.rows import BadRow, RawRow
from concepts.registry import Method
from storage.errors import BadPictureError
from storage.picture_columns import KEYWORDS
from storage.pictures.files import has_picture_suffix
from storage.pictures.xmp import SUFFIX, OwnKeywords, Sidecar, embedded


class Sidecars:
    method: ClassVar[Method] = Method(
        "sidecars",
        "A folder of pictures: captions in XMP files beside them, keywords there and in the pictures.",
        "ISO 16684-1, XMP; IPTC IIM",
        "",
        "reads every XMP file in the folder and below, and the beginning of every picture",
    )

    def __init__(self, listener: Callable[[int], None] | None = None) -> None:
        """With a `listener`, who is told of how many pictures sidecars were read and may raise, the pictures
        themselves are passed over: whoever adds them has read them."""
        self._listener = listener

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and any(name.lower().endswith(SUFFIX) for _, name in _files(path))

    def read(self, path: Path) -> Iterator[RawRow]:
        if not path.is_dir():
            raise DiscernError(f"{path} is no folder.")
        numbers = count(1)
        for folder, names in groupby(_files(path), key=itemgetter(0)):
            bad: dict[str, str] = {}
            for picture, beside in _pictures([name for _, name in names]):
                number = next(numbers)
                if self._listener is not None:
                    self._listener(number)
                for row in self._rows(Path(folder, picture), beside, bad):
                    yield number, row
            for name, why in bad.items():
                number = next(numbers)
                yield number, BadRow(number, f"{name}: {why}")

    def _rows(self, picture: Path, beside: Sequence[str], bad: dict[str, str]) -> Iterator[dict[str, str]]:
        """The rows of a picture; which sidecars are `bad` is noted."""
        own, removed, caption = OwnKeywords(), set[str](), ""
        for name in beside:
            try:
                sidecar = Sidecar.read(picture.with_name(name))
            except (DiscernError, OSError) as error:
                bad[name] = str(error).rstrip(".")
                continue
            own, removed, caption = own + sidecar.own, removed | sidecar.removed, caption or sidecar.caption
        if self._listener is None:
            with suppress(BadPictureError):
                own += embedded(picture)
        keywords = [keyword for keyword in own.names if keyword not in removed]
        if caption or keywords:
            said = {"path": str(picture), CAPTION: caption, KEYWORDS: ", ".join(keywords)}
            yield said | {"label": keywords[0] if keywords else ""}
        for keyword in keywords[1:]:
            yield {"path": str(picture), "label": keyword}


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """(folder, name), without links to sidecars, which may lead out of the folders that the app may read."""
    for inner, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            is_sidecar = name.lower().endswith(SUFFIX)
            if not name.startswith(".") and not (is_sidecar and Path(inner, name).is_symlink()):
                yield inner, name


def _pictures(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The pictures of a folder, each with its sidecars: FILE.EXT.xmp, and FILE.xmp, which is of any FILE."""
    found: dict[str, list[str]] = {name: [] for name in names if has_picture_suffix(name)}
    by_stem: dict[str, list[str]] = {}
    for name in found:
        by_stem.setdefault(name.rpartition(".")[0], []).append(name)
    for name in names:
        if not name.lower().endswith(SUFFIX):
            continue
        stem = name[: -len(SUFFIX)]
        if has_picture_suffix(stem):
            found.setdefault(stem, []).insert(0, name)
        for picture in by_stem.get(stem, ()):
            found[picture].append(name)
    return sorted(found.items())
