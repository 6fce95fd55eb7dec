"""Use cases of the library's neighbour graph: which pictures look alike, worked out ahead and kept."""

from __future__ import annotations

from dataclasses import asdict

from concepts.jobs import Listener, Progress
from concepts.library.neighbourhood import QUICK
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.kinds import FindNeighbours, NeighboursFound


class NeighboursReport(View):
    """`pictures` of the library that are compared; `of` all. `recall`: how many of its nearest pictures each
    one has in the graph, on average of a sample compared with the whole library; 1 where all were compared
    with all. `made`: when, in UTC; `compared`: of how many pictures the neighbours were looked for then, in
    how many `seconds`. `bytes` on disk."""

    pictures: int
    of: int
    is_current: bool
    recall: float | None = None
    clusters: int = 0
    compared: int = 0
    seconds: float = 0
    made: str = ""
    bytes: int = 0


class LookAlikes:
    """The neighbour graph: what there is, and bringing it up to date."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(FindNeighbours, self._find)

    def report(self) -> NeighboursReport:
        """What there is. Raises `EmptyLibraryError`."""
        collection = self._context.collection
        kept, counts = collection.graph(), collection.library.counts()
        count = counts.pictures + counts.in_bin
        made = kept.made()
        if made is None:
            return NeighboursReport(pictures=0, of=count, is_current=not count)
        facts = asdict(made)
        version = facts.pop("version")
        current = version == collection.whole_version()
        return NeighboursReport(of=count, is_current=current, bytes=kept.bytes(), **facts)

    def find(self, *, anew: bool = False, listener: Listener | None = None) -> NeighboursFound:
        """Compares pictures that are new with the others, or with `anew` all, and waits until it is done."""
        self._context.collection.recorded()
        return self._context.jobs.run(FindNeighbours(anew), listener)

    def submit_find(self, *, anew: bool = False) -> int:
        """The same in the background; returns the job's id."""
        self._context.collection.recorded()
        return self._context.jobs.submit(FindNeighbours(anew))

    def keep_up(self) -> None:
        """Has what is missing of the graph made, in a library that is too large to make it on the spot and
        where jobs run."""
        context = self._context
        if not context.jobs.is_started or context.collection.library.counts().pictures <= QUICK:
            return
        made = context.collection.graph().made()
        if made is None or made.version != context.collection.whole_version():
            context.jobs.submit(FindNeighbours())

    def _find(self, job: FindNeighbours, progress: Progress) -> NeighboursFound:
        kept = self._context.collection.graph()
        kept.bring_up_to_date(lambda done, of: progress.report(done, of, "look-alikes"), anew=job.anew)
        made = kept.made()
        if made is None:  # removed by another process meanwhile
            return NeighboursFound(pictures=0, compared=0, recall=0, seconds=0)
        return NeighboursFound.model_validate(asdict(made))
