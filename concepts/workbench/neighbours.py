"""Use cases of the library's neighbour graph: which pictures look alike, worked out ahead and kept."""

from __future__ import annotations

from dataclasses import asdict

from concepts.jobs import Listener, Progress
from concepts.library.neighbourhood import QUICK
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.jobs import FindNeighbours, NeighboursFound, Tidied, TidyVectors
from storage.vectors.stored import DiskUse


class NeighboursReport(View):
    """`pictures` of the library that are compared; `of` all. `recall`: how many of its nearest pictures each
    one has in the graph, on average of a sample compared with the whole library; 1 where all were compared
    with all. `recall_top`: how many of the first hundred for examples are in the groups that a search looks
    at where it isn't `is_searched_whole`. `made`: when, in UTC; `compared`: of how many pictures the
    neighbours were looked for then, in how many `seconds`."""

    pictures: int
    of: int
    is_current: bool
    recall: float | None = None
    recall_top: float | None = None
    is_searched_whole: bool = True
    clusters: int = 0
    compared: int = 0
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


class LookAlikes:
    """The neighbour graph: what there is, and bringing it up to date."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(FindNeighbours, self._find)
        context.jobs.register(TidyVectors, self._tidy)

    def report(self) -> NeighboursReport:
        """What there is. Raises `EmptyLibraryError`."""
        collection = self._context.collection
        kept, count = collection.graph(), self._count()
        made = kept.made()
        if made is None:
            return NeighboursReport(pictures=0, of=count, is_current=not count)
        facts = asdict(made)
        version = facts.pop("version")
        current = version == collection.stored().version
        whole = not collection.stored().is_too_large
        return NeighboursReport(of=count, is_current=current, is_searched_whole=whole, **facts)

    def disk(self) -> VectorsOnDisk:
        """What is on disk. Raises `EmptyLibraryError`."""
        used = self._context.collection.stored().disk(self._count())
        facts = asdict(used)
        return VectorsOnDisk(copied=facts.pop("copy"), is_too_much=used.is_too_much, **facts)

    def tidy(self, *, listener: Listener | None = None) -> Tidied:
        """Removes what only older states of the vectors have, and waits until it is done."""
        self._context.collection.recorded()
        return self._context.jobs.run(TidyVectors(), listener)

    def submit_tidy(self) -> int:
        """The same in the background; returns the job's id."""
        self._context.collection.recorded()
        return self._context.jobs.submit(TidyVectors())

    def find(self, *, anew: bool = False, listener: Listener | None = None) -> NeighboursFound:
        """Compares pictures that are new with the others, or with `anew` all, and waits until it is done."""
        self._context.collection.recorded()
        return self._context.jobs.run(FindNeighbours(anew), listener)

    def submit_find(self, *, anew: bool = False) -> int:
        """The same in the background; returns the job's id."""
        self._context.collection.recorded()
        return self._context.jobs.submit(FindNeighbours(anew))

    def keep_up(self) -> None:
        """Has what is missing of the graph made, in a library that is too large to make it on the spot, and
        what only older states have removed where that is much; where jobs run."""
        jobs, collection = self._context.jobs, self._context.collection
        if not jobs.is_started or collection.library.encoder() is None:
            return
        stored = collection.stored()
        if stored.disk(self._count()).is_too_much:
            jobs.submit(TidyVectors())
        made = stored.graph.made()
        if self._count() > QUICK and (made is None or made.version != stored.version):
            jobs.submit(FindNeighbours())

    def _count(self) -> int:
        counts = self._context.collection.library.counts()
        return counts.pictures + counts.in_bin

    def _tidy(self, job: TidyVectors, progress: Progress) -> Tidied:
        stored, count = self._context.collection.stored(), self._count()
        before = stored.disk(count)
        progress.report(0, None, "older states")
        stored.tidy()
        after = stored.disk(count)
        return Tidied(before=_all(before), after=_all(after))

    def _find(self, job: FindNeighbours, progress: Progress) -> NeighboursFound:
        kept = self._context.collection.graph()
        kept.bring_up_to_date(lambda done, of: progress.report(done, of, "look-alikes"), anew=job.anew)
        made = kept.made()
        if made is None:  # removed by another process meanwhile
            return NeighboursFound(pictures=0, compared=0, recall=0, seconds=0)
        return NeighboursFound.model_validate(asdict(made))


def _all(used: DiskUse) -> int:
    return used.table + used.copy + used.graph + used.others
