"""The pictures that a file from elsewhere names: by their ids, or by their places in the library.

No file that is named is opened, and no place outside the library is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.library import Library

UNKNOWN = "no picture of the library"


@dataclass(frozen=True)
class NamedPicture:
    """A picture as a file names it: by an id, a path, or both, of which the id counts first."""

    id_or_path: str
    path: str = ""


def find_named(library: Library, names: Sequence[NamedPicture], folder: Path) -> list[tuple[str | None, str]]:
    """(picture id, "") for each name, or (None, why not).

    Relative paths count from `folder`, else from the working folder; else they are the end of one place of
    the library, part by part, such as `photos/1.jpg` of `/home/ana/photos/1.jpg`.
    """
    found: dict[NamedPicture, str] = {}
    for key in ("id_or_path", "path"):
        asked = [name for name in dict.fromkeys(names) if name not in found and getattr(name, key)]
        texts = [str(getattr(name, key)) for name in asked]
        beside = library.resolve_many(texts, relative_to=folder)
        left = [text for text, first in zip(texts, beside, strict=True) if not first and text[0] != "/"]
        here = dict(zip(left, library.resolve_many(left), strict=True))
        for name, text, first in zip(asked, texts, beside, strict=True):
            if known := first or here.get(text):
                found[name] = known
    ends = {name: _end(name.path or name.id_or_path) for name in names if name not in found}
    ending = library.ending_with(sorted(set(filter(None, ends.values()))))
    return [_outcome(name, found, ending.get(ends.get(name, ""), set())) for name in names]


def _outcome(name: NamedPicture, found: dict[NamedPicture, str], ending: set[str]) -> tuple[str | None, str]:
    if name in found:
        return found[name], ""
    if len(ending) == 1:
        return next(iter(ending)), ""
    why = f"fits {len(ending)} pictures of the library" if ending else UNKNOWN
    return None, f"{why}: {(name.path or name.id_or_path)[:300]}"


def _end(path: str) -> str:
    """A relative path as the end of a place; empty for one that is none, or leads upwards."""
    parts = [part for part in path.replace("\\", "/").split("/") if part != "."]
    if path.startswith(("/", "\\")) or not all(parts) or ".." in parts:
        return ""
    return "/".join(parts)
