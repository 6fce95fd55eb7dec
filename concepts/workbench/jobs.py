"""Every kind of long work: what it needs to know, which lane it waits in, and what comes of it."""

from __future__ import annotations

from concepts.installation.endpoint import EndpointReport
from concepts.jobs import Job, Lane
from concepts.results.export import ScoreResult
from concepts.results.keywords import FilesCopied, KeywordsWritten
from concepts.view import View


class Added(View):
    """`unchanged` files were read by an earlier run; `skipped` counts bad files by reason. `removed_before`:
    files of pictures that somebody removed from the library, which stay out of it. `videos` that were read,
    and how many of the pictures are `frames` of theirs. `others`: files of folders that are no pictures."""

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
    others: int = 0


class PicturesDone(View):
    """How many pictures the work was done for."""

    pictures: int


class AddPictures(Job[Added]):
    kind = "add pictures"
    lane = Lane.LONG
    paths: tuple[str, ...]
    encoder: str | None = None
    confined: bool = False  # to where the app may read
    vectors: str = ""  # a file of them, and `ids`: which picture each is of
    ids: str = ""


class AddSample(Job[Added]):
    kind = "add sample"
    lane = Lane.LONG


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


class EmptyTrash(Job[Emptied]):
    """Erases the pictures in the trash; `refuse`: they shall not come in again."""

    kind = "empty bin"  # as older databases call it
    lane = Lane.LONG
    author: str
    refuse: bool = False


class MapName(View):
    """What is seen in most pictures around a place of the map, which goes from -1 to 1."""

    name: str
    x: float
    y: float


class MapDrawn(View):
    """So many pictures are on it."""

    pictures: int
    names: list[MapName]


class DrawMap(Job[MapDrawn]):
    """Draws the map of the library where pictures have changed, or `anew`."""

    kind = "draw map"
    lane = Lane.LONG
    anew: bool = False


class ScoreLibrary(Job[PicturesDone]):
    kind = "score library"
    lane = Lane.SHORT
    concept_id: int
    version: int


class TryRule(Job[PicturesDone]):
    """What a rule says of every picture: its text, or a name under which one was kept."""

    kind = "try rule"
    lane = Lane.SHORT
    rule: str
    kept: str = ""


class ScoreFiles(Job[ScoreResult]):
    """Into a file of the data folder, by a version; without `paths` the library."""

    kind = "score files"
    lane = Lane.LONG
    concept_id: int
    version: int
    paths: tuple[str, ...]
    suffix: str


class TableResult(View):
    """`concepts`: the version of each that is in it. `left_out`: why others aren't."""

    out: str
    rows: int
    concepts: dict[str, int]
    left_out: dict[str, str]


class ScoreTable(Job[TableResult]):
    """What all concepts, or these, say of the whole library, into the file `out`; without one, of the data
    folder."""

    kind = "score table"
    lane = Lane.LONG
    suffix: str
    concepts: tuple[int, ...] = ()
    out: str = ""


class Score(Job[ScoreResult]):
    """Into the file `out`, by a bundle; without `paths` the library."""

    kind = "score"
    lane = Lane.LONG
    bundle: str
    paths: tuple[str, ...]
    out: str
    trust_encoder: str | None = None
    digest: str | None = None
    accept_changed: bool = False


class WriteKeywords(Job[KeywordsWritten]):
    """Beside the files of pictures that count; with `remove` nowhere any more."""

    kind = "write keywords"
    lane = Lane.LONG
    concept_id: int
    remove: bool = False
    confined: bool = False  # to where the app may read and write


class CopyFiles(Job[FilesCopied]):
    """Files of pictures that count, or links to them, into a folder."""

    kind = "copy files"
    lane = Lane.LONG
    concept_id: int
    folder: str
    link: bool = False
    confined: bool = False


class LookedAt(View):
    """What a look at a watched folder took in. `unsettled` files were still being written."""

    seen: int
    flagged: int
    asked: int
    skipped: int
    unsettled: int


class LookAtFolder(Job[LookedAt]):
    """Takes in what is new in a watched folder, and says what a version says of it."""

    kind = "watch"
    lane = Lane.WATCHING
    concept_id: int
    watch: int


class ExamineEndpoint(Job[EndpointReport]):
    kind = "test endpoint"
    lane = Lane.SHORT
    address: str
