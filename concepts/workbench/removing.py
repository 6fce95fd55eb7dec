"""Use cases of removing pictures from the library: into the bin, back, and away for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from concepts.errors import DiscernError
from concepts.jobs import Listener, Progress
from concepts.library.emptying import Emptied, empty_bin
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.kinds import CheckLibrary, EmptyBin

MOST = 10_000  # pictures of one call


class RemovedView(View):
    """A picture in the bin, since when, and who removed it."""

    id: str
    path: str
    removed: datetime
    author: str


class BinPage(View):
    """What is in the bin, removed last first. `older` leads to the next page, empty at the end."""

    pictures: list[RemovedView]
    older: str
    count: int


class Moved(View):
    """Ids of the pictures that were moved into the bin or out of it, in the order given."""

    pictures: list[str]


class Removing:
    """Pictures leave the library; their files are never touched."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(EmptyBin, self._empty)

    def remove(self, pictures: Sequence[str], *, author: str) -> Moved:
        """Takes pictures (ids or paths) out of the library until they are put back: they are shown, asked
        about, learned from and counted nowhere. Raises `UnknownPictureError`, and removes none, where one
        isn't in the library."""
        library = self._context.collection.library
        known = zip(_few(pictures), library.resolve_many(pictures), strict=True)
        ids = [found or library.resolve(picture) for picture, found in known]
        return self._moved(self._context.collection.removed.remove(ids, author))

    def put_back(self, pictures: Sequence[str], *, author: str) -> Moved:
        """Takes pictures (ids or paths) out of the bin, with all that was said of them. Those that aren't in
        it are passed over."""
        library = self._context.collection.library
        known = library.resolve_many(_few(pictures), in_bin=True)
        moved = self._context.collection.removed.restore([i for i in known if i], author)
        encoder = library.encoder()
        waits = moved and encoder and library.adding.pending(encoder.fingerprint, 1)
        if waits and self._context.jobs.is_started:
            self._context.jobs.submit(CheckLibrary(repair=True))  # another encoder came meanwhile
        return self._moved(moved)

    def bin(self, n: int = 50, place: str = "") -> BinPage:
        """What was removed; `place` is the `older` of another page."""
        removed, library = self._context.collection.removed, self._context.collection.library
        found = removed.page(n + 1, _read_place(place))
        shown = found[:n]
        last = shown[-1] if len(found) > n else None
        return BinPage(
            pictures=[RemovedView(id=p.id, path=p.place, removed=p.removed, author=p.author) for p in shown],
            older=f"{last.removed.isoformat()} {last.id}" if last else "",
            count=library.counts().in_bin,
        )

    def empty_bin(self, *, author: str, refuse: bool = False, listener: Listener | None = None) -> Emptied:
        """Takes away for good what is in the bin, with everything that is kept of it, and waits until it is
        done. `refuse`: those pictures shall not come in again."""
        return self._context.jobs.run(EmptyBin(author, refuse), listener)

    def submit_empty_bin(self, *, author: str, refuse: bool = False) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(EmptyBin(author, refuse))

    def _empty(self, job: EmptyBin, progress: Progress) -> Emptied:
        context = self._context
        uploads = context.uploads.kept
        return empty_bin(
            context.collection, context.renditions, uploads, job.author, job.refuse, progress.report
        )

    def _moved(self, ids: Sequence[str]) -> Moved:
        return Moved(pictures=list(ids))


def _few(pictures: Sequence[str]) -> Sequence[str]:
    if not pictures:
        raise DiscernError("Say which pictures.")
    if len(pictures) > MOST:
        raise DiscernError(f"At most {MOST:,} pictures are moved at a time.")
    return pictures


def _read_place(place: str) -> tuple[datetime, str] | None:
    if not place:
        return None
    try:
        moment, picture_id = place.split(" ")
        removed = datetime.fromisoformat(moment)
    except ValueError as error:
        raise DiscernError("This page of the bin can't be found. Begin at the first one.") from error
    if removed.tzinfo is None:
        raise DiscernError("This page of the bin can't be found. Begin at the first one.")
    return removed, picture_id
