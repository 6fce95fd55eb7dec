"""Use cases of looking after the library: what is missing or damaged, its vectors, dates, words, encoder."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import Field

from concepts.encoders import check_installed
from concepts.errors import DiscernError, missing_package
from concepts.jobs import Job, Progress, Started
from concepts.library.health import Checked
from concepts.library.neighbourhood import QUICK, TOO_FEW
from concepts.library.originals import original
from concepts.library.outside_pictures import embed_again
from concepts.library.reading import EXTRA, PACKAGE, SIDE, is_there, load_reader
from concepts.library.roots import check_encoder
from concepts.use_cases.parameters import Confined
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.jobs import (
    CheckLibrary,
    DrawMap,
    Embedded,
    FindNeighbours,
    NeighboursFound,
    ReadWords,
    Reembed,
    Tidied,
    TidyVectors,
    WordsRead,
)
from concepts.workbench.operation import operation
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


class Upkeep:
    """Looking after the library."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(CheckLibrary, self._check)
        context.jobs.register(FindNeighbours, self._find_neighbours)
        context.jobs.register(TidyVectors, self._tidy)
        context.jobs.register(ReadWords, self._read_words)
        context.jobs.register(Reembed, self._reembed)
        context.collection.on_damage = self._have_it_mended
        self._mended_last = -math.inf
        self._mending: int | None = None  # the job that mends what was noticed here

    # What can be done

    @operation("POST /library/check", command="library check", host=True)
    def check(
        self,
        repair: Annotated[bool, Field(description="Make again what is missing or damaged.")] = False,
        only: Annotated[
            Literal["", "neighbours", "map", "words", "tidy"],
            Field(
                description="Instead: compare pictures with each other; draw the map; read the words in "
                "pictures, and in those that come later; remove what only older states of the vectors have."
            ),
        ] = "",
        anew: Annotated[
            bool, Field(description="With `neighbours` or `map`: even if nothing has changed.")
        ] = False,
    ) -> Started[Any]:
        """Look whether everything is there: vectors, thumbnails, and the files of the pictures.

        Raises `DiscernError`, and `PackageError` where words can't be read here.
        """
        if only == "words" and not is_there():
            raise missing_package(PACKAGE, EXTRA)
        if only != "words":
            self._context.collection.recorded()
        jobs: dict[str, Job[Any]] = {
            "": CheckLibrary(repair),
            "neighbours": FindNeighbours(anew),
            "map": DrawMap(anew),
            "words": ReadWords(),
            "tidy": TidyVectors(),
        }
        return self._context.jobs.begin(jobs[only])

    @operation("POST /library/reembed", command="library reembed", audit="changed the encoder", host=True)
    def reembed(
        self,
        encoder: Annotated[
            str,
            Field(
                max_length=500,
                description="auto, embedded, ARCHITECTURE/TAG, hf-hub:NAME or local-dir:FOLDER.",
            ),
        ],
        *,
        confined: Confined = False,
    ) -> Started[Embedded]:
        """Embed all pictures again, with this or another encoder; after another one train classifiers again.
        The library keeps its encoder until every picture is embedded."""
        name = encoder.strip()
        if not name:
            raise DiscernError("Write the name of the encoder first.")
        if confined:
            check_encoder(name, self._context.settings)
        check_installed(name)
        return self._context.jobs.begin(Reembed(name))

    # What there is

    def neighbours(self) -> NeighboursReport:
        """What there is of the graph. Raises `DiscernError`."""
        collection = self._context.collection
        stored, count = collection.stored(), self._count()
        made = stored.graph.made()
        if made is None:
            return NeighboursReport(pictures=0, of=count, is_current=not count)
        facts = asdict(made)
        version = facts.pop("version")
        current = version == stored.version
        return NeighboursReport(of=count, is_current=current, **facts)

    def disk(self) -> VectorsOnDisk:
        """What is on disk. Raises `DiscernError`."""
        used = self._context.collection.stored().disk(self._count())
        facts = asdict(used)
        return VectorsOnDisk(copied=facts.pop("copy"), is_too_much=used.is_too_much, **facts)

    def words(self) -> WordsState:
        """Counts nothing where nothing can be read: every page of the library asks."""
        possible = is_there()
        looked = self._context.columns.were_read() if possible else 0
        pictures = self._context.collection.library.counts().pictures
        return WordsState(possible=possible, looked_at=looked, left=max(0, pictures - looked))

    # By itself

    def keep_up(self) -> None:
        """Has the graph made in a library that is too large to make it on the spot, where it is missing or
        many pictures came or went, and what only older states have removed where that is much; where jobs
        run."""
        jobs, collection = self._context.jobs, self._context.collection
        if not jobs.is_started or collection.library.encoder() is None:
            return
        stored = collection.stored()
        if stored.disk(self._count()).is_too_much:
            jobs.submit(TidyVectors())
        made, count = stored.graph.made(), self._count()
        if count > QUICK and (made is None or abs(count - made.pictures) > TOO_FEW * count):
            jobs.submit(FindNeighbours())

    def _have_it_mended(self) -> None:
        """Where jobs run here, one makes again what is missing; not over and over what it can't mend."""
        jobs, now = self._context.jobs, time.monotonic()
        if not jobs.is_started or now - self._mended_last < MEND_AGAIN_AFTER:
            return
        self._mended_last = now
        self._mending = jobs.submit(CheckLibrary(repair=True))

    def see_what_was_mended(self) -> None:
        """Where another process mended what was noticed here."""
        if self._mending is not None and self._context.jobs.store.get(self._mending).state == "done":
            self._mending = None
            self._context.collection.is_mended()

    # The work

    def _count(self) -> int:
        counts = self._context.collection.library.counts()
        return counts.pictures + counts.in_bin

    def _check(self, job: CheckLibrary, progress: Progress) -> Checked:
        self._context.database.check()
        return self._context.collection.check(progress.report, repair=job.repair)

    def _tidy(self, job: TidyVectors, progress: Progress) -> Tidied:
        stored, count = self._context.collection.stored(), self._count()
        before = stored.disk(count)
        progress.report(0, None, "older states")
        stored.tidy()
        after = stored.disk(count)
        return Tidied(before=_all(before), after=_all(after))

    def _find_neighbours(self, job: FindNeighbours, progress: Progress) -> NeighboursFound:
        kept = self._context.collection.stored().graph
        kept.bring_up_to_date(lambda done, of: progress.report(done, of, "neighbours"), anew=job.anew)
        made = kept.made()
        if made is None:  # removed by another process meanwhile
            return NeighboursFound(pictures=0, recall=0, seconds=0)
        return NeighboursFound.model_validate(asdict(made))

    def _read_words(self, job: ReadWords, progress: Progress) -> WordsRead:
        reader, after = load_reader(), ""
        total = self.words().left
        pictures = words = gone = 0
        progress.report(0, total, "reading the words in pictures")
        while ids := self._context.columns.unread(AT_ONCE, after):
            kept = []
            for picture in self._context.collection.library.pictures(ids):
                with original(picture, SIDE) as decoded:
                    said = reader.read(decoded.image) if decoded else None
                if said is None:
                    gone += 1  # to be looked at again once a file is back
                    continue
                kept.append(PictureColumn(picture_id=picture.id, name=WORDS, value=said, file=reader.name))
                words += bool(said)
            self._context.columns.add(kept)
            pictures += len(kept)
            after = ids[-1]
            progress.report(pictures + gone, max(total, pictures + gone), "")
        return WordsRead(pictures=pictures, words=words, gone=gone)

    def _reembed(self, job: Reembed, progress: Progress) -> Embedded:
        embedded = self._context.collection.reembed(job.encoder, progress.report)
        embed_again(self._context.collection)
        self.keep_up()
        return Embedded(embedded=embedded)


def _all(used: DiskUse) -> int:
    return used.table + used.copy + used.graph + used.others
