"""Use cases of looking after the library: what is missing or damaged, its vectors, dates, words, encoder."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from concepts.encoders import check_installed
from concepts.errors import DiscernError
from concepts.jobs import Lane, Progress
from concepts.library.collection import collection_of
from concepts.library.health import Checked
from concepts.library.neighbourhood import QUICK, TOO_FEW
from concepts.library.originals import original
from concepts.library.outside_pictures import embed_again
from concepts.library.reading import SIDE, is_there, load_reader
from concepts.library.roots import check_encoder
from concepts.use_cases import App, service, use_case
from concepts.use_cases.parameters import Confined
from concepts.view import View, count
from storage.picture_columns import WORDS, PictureColumn
from storage.vectors.stored import DiskUse

MEND_AGAIN_AFTER = 600  # seconds until damage that is still seen is worth another try
AT_ONCE = 8  # pictures whose words are read: what a killed process reads again


class NeighboursReport(View):
    """`pictures` of the library that are compared; `of` all. `recall`: how many of its nearest pictures each
    one has in the graph, on average of a sample compared with the whole library; 1 where all were compared
    with all. `made`: when, in UTC, in how many `seconds`."""

    pictures: int
    of: int
    is_current: bool
    recall: float | None = None
    clusters: int = 0
    seconds: float = 0
    made: str = ""


class VectorsOnDisk(View):
    """Bytes of what pictures are searched and compared by: `table` with its versions of before, the `copy`
    that is read, the `graph` of neighbours, and what is there of `others`, encoders the library had. `least`:
    what the vectors themselves take, once."""

    table: int
    copied: int
    graph: int
    others: int
    least: int
    is_too_much: bool


class WordsState(View):
    """`possible`: the package that reads is there. Words were looked for in so many of the library's
    pictures, and so many are left."""

    possible: bool
    looked_at: int
    left: int


class Embedded(View):
    embedded: int

    def says(self) -> str:
        return f"{count(self.embedded, 'picture')} embedded."


class NeighboursFound(View):
    """`recall`: how many of its nearest pictures each one has, on average."""

    pictures: int
    recall: float
    seconds: float

    def says(self) -> str:
        return f"{count(self.pictures, 'picture')} compared."


class Tidied(View):
    """Bytes on disk, of the vectors and all that belongs to them."""

    before: int
    after: int


class WordsRead(View):
    """`pictures` that were looked at, and in how many of them there were `words`; `gone`: no file has them
    any more."""

    pictures: int
    words: int
    gone: int


@use_case(job="Checking the library", lane=Lane.LONG)
def check_library(app: App, progress: Progress, repair: bool = False) -> Checked:
    """Compare what there is with what the database says; with `repair` what is missing is made again."""
    app.database.check()
    return collection_of(app).check(progress.report, repair=repair)


@use_case(job="Finding similar pictures", lane=Lane.LONG)
def find_neighbours(app: App, progress: Progress, anew: bool = False) -> NeighboursFound:
    """Find the nearest others of all pictures where they have changed, or `anew`."""
    kept = collection_of(app).stored().graph
    kept.bring_up_to_date(lambda done, of: progress.report(done, of, "neighbours"), anew=anew)
    made = kept.made()
    if made is None:  # removed by another process meanwhile
        return NeighboursFound(pictures=0, recall=0, seconds=0)
    return NeighboursFound.model_validate(asdict(made))


@use_case(job="Freeing disk space", lane=Lane.LONG)
def tidy_vectors(app: App, progress: Progress) -> Tidied:
    """Remove from disk what only older states of the vectors have."""
    stored, pictures = collection_of(app).stored(), _count(app)
    before = stored.disk(pictures)
    progress.report(0, None, "older states")
    stored.tidy()
    after = stored.disk(pictures)
    return Tidied(before=_all(before), after=_all(after))


@use_case(job="Reading words in pictures", lane=Lane.READING)
def read_words(app: App, progress: Progress) -> WordsRead:
    """Read the words in all pictures in which nobody has looked for some yet."""
    reader, after = load_reader(), ""
    total = words_state(app).left
    pictures = words = gone = 0
    progress.report(0, total, "reading the words in pictures")
    while ids := app.columns.unread(AT_ONCE, after):
        kept = []
        for picture in collection_of(app).library.pictures(ids):
            with original(picture, SIDE) as decoded:
                said = reader.read(decoded.image) if decoded else None
            if said is None:
                gone += 1  # to be looked at again once a file is back
                continue
            kept.append(PictureColumn(picture_id=picture.id, name=WORDS, value=said, file=reader.name))
            words += bool(said)
        app.columns.add(kept)
        pictures += len(kept)
        after = ids[-1]
        progress.report(pictures + gone, max(total, pictures + gone), "")
    return WordsRead(pictures=pictures, words=words, gone=gone)


def _can_reembed(app: App, encoder: str, *, confined: bool = False) -> None:
    if not encoder.strip():
        raise DiscernError("Write the name of the encoder first.")
    if confined:
        check_encoder(encoder.strip(), app.settings)
    check_installed(encoder.strip())


@use_case(
    "POST /library/reembed",
    command="library reembed",
    audit="changed the encoder",
    host=True,
    job="Changing the encoder",
    lane=Lane.LONG,
    before=_can_reembed,
)
def reembed(
    app: App,
    progress: Progress,
    encoder: Annotated[
        str,
        Field(
            max_length=500,
            description="auto, embedded, ARCHITECTURE/TAG, hf-hub:NAME or local-dir:FOLDER.",
        ),
    ],
    *,
    confined: Confined = False,
) -> Embedded:
    """Embed all pictures again, with this or another encoder; after another one train classifiers again.
    The library keeps its encoder until every picture is embedded."""
    embedded = collection_of(app).reembed(encoder.strip(), progress.report)
    embed_again(collection_of(app))
    keep_up(app)
    return Embedded(embedded=embedded)


def neighbours_report(app: App) -> NeighboursReport:
    """What there is of the graph. Raises `DiscernError`."""
    collection = collection_of(app)
    stored, pictures = collection.stored(), _count(app)
    made = stored.graph.made()
    if made is None:
        return NeighboursReport(pictures=0, of=pictures, is_current=not pictures)
    facts = asdict(made)
    version = facts.pop("version")
    current = version == stored.version
    return NeighboursReport(of=pictures, is_current=current, **facts)


def vectors_on_disk(app: App) -> VectorsOnDisk:
    """What is on disk. Raises `DiscernError`."""
    used = collection_of(app).stored().disk(_count(app))
    facts = asdict(used)
    return VectorsOnDisk(copied=facts.pop("copy"), is_too_much=used.is_too_much, **facts)


def words_state(app: App) -> WordsState:
    """Counts nothing where nothing can be read: every page of the library asks."""
    possible = is_there()
    looked = app.columns.were_read() if possible else 0
    pictures = collection_of(app).library.counts().pictures
    return WordsState(possible=possible, looked_at=looked, left=max(0, pictures - looked))


def keep_up(app: App) -> None:
    """Has the graph made in a library that is too large to make it on the spot, where it is missing or many
    pictures came or went, and what only older states have removed where that is much; where jobs run."""
    collection = collection_of(app)
    if not app.jobs.is_started or collection.library.encoder() is None:
        return
    stored = collection.stored()
    if stored.disk(_count(app)).is_too_much:
        app.submit(tidy_vectors)
    made, pictures = stored.graph.made(), _count(app)
    if pictures > QUICK and (made is None or abs(pictures - made.pictures) > TOO_FEW * pictures):
        app.submit(find_neighbours)


class Mending:
    """Has what is missing made again, where jobs run here; not over and over what can't be mended."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._last = -math.inf
        self._job: int | None = None  # what mends what was noticed here

    def begin(self) -> None:
        """For whoever has noticed damage."""
        now = time.monotonic()
        if self._app.jobs.is_started and now - self._last >= MEND_AGAIN_AFTER:
            self._last, self._job = now, self._app.submit(check_library, repair=True)

    def look(self) -> None:
        """Where another process mended what was noticed here."""
        if self._job is not None and self._app.jobs.store.get(self._job).state == "done":
            self._job = None
            collection_of(self._app).is_mended()


@service
def mending_of(app: App) -> Mending:
    """The one of this process, which the collection tells of damage."""
    mending = Mending(app)
    collection_of(app).on_damage = mending.begin
    return mending


def _count(app: App) -> int:
    counts = collection_of(app).library.counts()
    return counts.pictures + counts.in_bin


def _all(used: DiskUse) -> int:
    return used.table + used.copy + used.graph + used.others
