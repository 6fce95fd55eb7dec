"""Which pictures of a folder are there, and which of them nobody writes to any more."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from storage.pictures.files import Source, Within, look_at
from storage.pictures.sources import walk


def pictures_in(folder: Path, within: Within | None) -> list[Source]:
    """Every picture file of a folder and of those inside, of links those that stay `within`; archives, lists
    and hidden files are none.

    Raises `DiscernError` where the folder isn't there.
    """
    return [file for file in walk([folder], within) if isinstance(file, Source)]


def settled(files: Iterable[Source]) -> list[Source]:
    """Those that have the size and the time of before: nobody has written to them meanwhile."""
    return [file for file in files if look_at(file.uri) == file]


def under(folder: str, uri: str) -> str:
    """The file's place under the folder, with / between the parts."""
    return Path(uri).relative_to(folder).as_posix()
