"""Long work on the library."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.jobs import Job, Lane
from concepts.library.health import Checked
from concepts.view import View


class Added(View):
    """`unchanged` files were read by an earlier run; `skipped` counts bad files by reason. `removed_before`:
    files of pictures that somebody removed from the library, which stay out of it. `videos` that were read,
    and how many of the pictures are `frames` of theirs."""

    added: int
    duplicates: int
    unchanged: int
    removed_before: int = 0
    embedded: int
    skipped: dict[str, int]
    seconds: float
    pictures_per_second: float | None
    videos: int = 0
    frames: int = 0


class Embedded(View):
    embedded: int


@dataclass(frozen=True)
class AddPictures(Job[Added]):
    kind = "add pictures"
    lane = Lane.LONG
    paths: tuple[str, ...]
    encoder: str | None = None
    confined: bool = False  # to where the app may read
    vectors: str = ""  # a file of them, and `ids`: which picture each is of
    ids: str = ""


@dataclass(frozen=True)
class AddSample(Job[Added]):
    kind = "add sample"
    lane = Lane.LONG


@dataclass(frozen=True)
class CheckLibrary(Job[Checked]):
    """Compares what there is with what SQL says; with `repair` what is missing is made again."""

    kind = "check library"
    lane = Lane.LONG
    repair: bool = False


class Emptied(View):
    """What is gone, counted. `labels`: what people and machines said of the pictures; `drawn`: pictures that
    measured. `tables`: of vectors that were written anew, so that no older state has them. `scores`: rows in
    score files. `freed`: bytes of files. `in_archives`: those that are in an uploaded archive, which stays,
    because other pictures are in it too. `backups`: names of known ones, which still have them."""

    pictures: int = 0
    places: int = 0
    labels: int = 0
    captions: int = 0
    candidates: int = 0
    drawn: int = 0
    watched: int = 0
    vectors: int = 0
    tables: int = 0
    thumbnails: int = 0
    renditions: int = 0
    uploads: int = 0
    scores: int = 0
    freed: int = 0
    in_archives: int = 0
    refused: bool = False
    backups: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmptyTrash(Job[Emptied]):
    """Erases the pictures in the trash; `refuse`: they shall not come in again."""

    kind = "empty bin"  # as older databases call it
    lane = Lane.LONG
    author: str
    refuse: bool = False


@dataclass(frozen=True)
class Reembed(Job[Embedded]):
    kind = "re-embed"
    lane = Lane.LONG
    encoder: str


class NeighboursFound(View):
    """`recall`: how many of its nearest pictures each one has, on average."""

    pictures: int
    recall: float
    seconds: float


@dataclass(frozen=True)
class FindNeighbours(Job[NeighboursFound]):
    """Finds the nearest others of all pictures where they have changed, or `anew`."""

    kind = "find neighbours"
    lane = Lane.LONG
    anew: bool = False


class MapName(View):
    """What is seen in most pictures around a place of the map, which goes from -1 to 1."""

    name: str
    x: float
    y: float


class MapDrawn(View):
    """So many pictures are on it."""

    pictures: int
    names: list[MapName]


@dataclass(frozen=True)
class DrawMap(Job[MapDrawn]):
    """Draws the map of the library where pictures have changed, or `anew`."""

    kind = "draw map"
    lane = Lane.LONG
    anew: bool = False


class Tidied(View):
    """Bytes on disk, of the vectors and all that belongs to them."""

    before: int
    after: int


@dataclass(frozen=True)
class TidyVectors(Job[Tidied]):
    """Removes from disk what only older states of the vectors have."""

    kind = "tidy vectors"
    lane = Lane.LONG


class WordsRead(View):
    """`pictures` that were looked at, and in how many of them there were `words`; `gone`: no file has them
    any more."""

    pictures: int
    words: int
    gone: int


@dataclass(frozen=True)
class ReadWords(Job[WordsRead]):
    """Reads the words in all pictures in which nobody has looked for some yet."""

    kind = "read words"
    lane = Lane.READING
