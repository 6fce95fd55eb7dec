"""Use cases of named collections, and of what a concept looks in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from concepts.errors import DiscernError, UnknownCollectionError
from concepts.jobs.job import read_job
from concepts.library.browsing import PictureView, views_of
from concepts.library.collections import (
    COVERS,
    By,
    ChangeView,
    CollectionView,
    ImportView,
    LooksIn,
    change_view,
    checked_name,
    days,
    looks_in,
    view_of,
)
from concepts.library.search import find_pictures
from concepts.workbench.context import Context
from concepts.workbench.jobs import AddPictures
from storage.buckets import written
from storage.collections import (
    Kind,
    Members,
    NamedCollection,
    added_between,
    files_between,
    in_folder,
)
from storage.jobs import StoredJob

MOST_FOUND = 5000  # pictures of one search
ADDINGS = 20
ADD_KINDS = ("add pictures", "add sample")


class Collections:
    """Sets of pictures with a name. A concept looks in one, several or everything."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._named = context.collection.named

    # Looking

    def all(self, limit: int | None = None, offset: int = 0) -> list[CollectionView]:
        """By name, each with its number of pictures and a few of them; all of them or a page."""
        return self._views(self._named.all(limit, offset))

    def names(self) -> dict[int, str]:
        """Number → name, by name."""
        return {one.id: one.name for one in self._named.all()}

    def get(self, collection: str | int) -> CollectionView:
        """By its number, or its name. Raises `UnknownCollectionError`."""
        return self._views([self._find(collection)])[0]

    def pictures(self, collection: str | int, n: int = 48, after: str = "") -> list[PictureView]:
        """Pictures that are in it, by id; `after` is the id of the last one shown."""
        ids = self._named.page(self._find(collection).id, n, after)
        return views_of(self._context.collection.library.pictures(ids))

    def changes(self, collection: str | int) -> list[ChangeView]:
        """What became of its pictures, the last change first."""
        return [change_view(one) for one in self._named.changes(self._find(collection).id)]

    def of_picture(self, picture: str) -> list[str]:
        """The names of the collections that a picture, named by id or path, is in."""
        return self._named.of_picture(self._context.collection.library.resolve(picture))

    def addings(self) -> list[ImportView]:
        """The last addings that brought new pictures, the last one first."""
        done = self._context.jobs.store.newest_first(ADD_KINDS, state="done")
        return [_adding(job) for job in done if (job.result or {}).get("added")][:ADDINGS]

    # Making

    def from_folder(self, name: str, folder: str | Path, *, author: str) -> CollectionView:
        """What the library has of a folder and those below it. What is added from there later joins it."""
        path = written(Path(folder).expanduser())
        missing = f"No picture of the library is in {path}. Add that folder first, or choose another one."
        return self._make(name, "folder", {"folder": path}, in_folder(path), author, missing)

    def from_adding(self, name: str, job: int, *, author: str) -> CollectionView:
        """The pictures that came into the library with one adding. Raises `DiscernError` for a job that is
        none, or isn't done."""
        found = self._context.jobs.store.get(job)
        if found.kind not in ADD_KINDS or found.state != "done" or found.finished is None:
            raise DiscernError(f"Job {job} is no adding that is done.")
        what = _what(found)
        pictures = added_between(found.created, found.finished + timedelta(seconds=1))
        missing = "That adding brought no new pictures. Make a collection of its folder."
        return self._make(name, "adding", {"job": job, "what": what}, pictures, author, missing)

    def from_dates(
        self, name: str, first: date, last: date, *, by: By = "added", author: str
    ) -> CollectionView:
        """What was added to the library, or whose file was last changed, from one day to another (UTC)."""
        begin, end = days(first, last)
        pictures = added_between(begin, end) if by == "added" else files_between(begin, end)
        rule = {"first": first.isoformat(), "last": last.isoformat(), "by": by}
        missing = "No picture of the library is of those days."
        return self._make(name, "dates", rule, pictures, author, missing)

    def from_search(self, name: str, text: str, n: int, *, author: str) -> CollectionView:
        """The n pictures nearest to words, as the library's search finds them now."""
        if not 0 < n <= MOST_FOUND:
            raise DiscernError(f"A search can give 1 to {MOST_FOUND:,} pictures, not {n:,}.")
        found = [hit.id for hit in find_pictures(self._context.collection, text, [], n)]
        rule = {"text": text.strip(), "n": n}
        return self._make(name, "search", rule, found, author, "The search found nothing.")

    def from_pictures(self, name: str, pictures: Sequence[str], *, author: str) -> CollectionView:
        """Pictures chosen by hand, by id or path. None at all is a beginning, too."""
        return self._make(name, "hand", {}, self._resolved(pictures), author, "")

    # Changing

    def rename(self, collection: str | int, name: str) -> CollectionView:
        """To undo it, rename it back. What was measured keeps the name it had then."""
        found = self._find(collection)
        self._named.rename(found.id, checked_name(name))
        return self.get(found.id)

    def add(self, collection: str | int, pictures: Sequence[str], *, author: str) -> ChangeView | None:
        """Puts pictures, by id or path, in, however many; None where all are in it already."""
        change = self._named.add(self._find(collection).id, self._resolved(pictures), author)
        return change_view(change) if change else None

    def take(self, collection: str | int, pictures: Sequence[str], *, author: str) -> ChangeView | None:
        """Takes pictures out, however many; None where none is in it. The pictures themselves stay."""
        change = self._named.take(self._find(collection).id, self._resolved(pictures), author)
        return change_view(change) if change else None

    def undo(self, collection: str | int, change: int, *, author: str) -> ChangeView | None:
        """Takes one change of its pictures back, by its number; None where nothing is left of it."""
        undone = self._named.undo(self._find(collection).id, change, author)
        return change_view(undone) if undone else None

    # What concepts look in

    def looked_in(self, name: str) -> LooksIn:
        """What a concept looks in."""
        concept, collection = self._context.concept(name), self._context.collection
        frame, library = collection.frames.now(concept.id), collection.library.counts().pictures
        pictures = library if frame.is_whole else collection.frames.size(frame)
        return looks_in(frame, pictures, library)

    def look_in(self, name: str, collections: Sequence[str | int], *, author: str) -> LooksIn:
        """Lets a concept look in these alone, or with none of them in everything: nothing else is asked,
        mined, measured or counted for it. Answers stay, figures keep the name of what they are of."""
        concept = self._context.concept(name)
        ids = [self._find(one).id for one in collections]
        self._context.collection.frames.concepts.add(concept.id, ids, author)
        return self.looked_in(name)

    # Inside

    def _find(self, collection: str | int) -> NamedCollection:
        """A number, written as such or not, names one by its id unless one is called so."""
        if isinstance(collection, int):
            return self._named.get(collection)
        found = self._named.find(collection)
        if found is None and collection.strip().isdecimal() and len(collection) < 10:
            return self._named.get(int(collection))
        if found is None:
            names = ", ".join(f"“{one.name}”" for one in self._named.all(5))
            there = f"There are: {names}." if names else "There is none yet."
            raise UnknownCollectionError(f"There is no collection “{collection}”. {there}")
        return found

    def _make(
        self, name: str, kind: Kind, rule: dict[str, Any], pictures: Members, author: str, missing: str
    ) -> CollectionView:
        """`missing`: what is said where there would be nothing in it; empty where that may be."""
        name = checked_name(name)
        if missing and not self._named.are_any(pictures):
            raise DiscernError(missing)
        return self.get(self._named.make(name, kind, rule, pictures, author))

    def _resolved(self, pictures: Sequence[str]) -> list[str]:
        """Raises `UnknownPictureError`."""
        library = self._context.collection.library
        found = library.resolve_many(pictures)
        return [known or library.resolve(given) for known, given in zip(found, pictures, strict=True)]

    def _views(self, found: Sequence[NamedCollection]) -> list[CollectionView]:
        rows = self._context.store.all()
        looking = self._context.collection.frames.concepts.of_all([row.id for row in rows])
        covers = self._named.covers([one.id for one in found], COVERS)
        return [
            view_of(
                one,
                covers[one.id],
                [row.name for row in rows if one.id in looking.get(row.id, ())],
            )
            for one in found
        ]


def _adding(job: StoredJob) -> ImportView:
    assert job.finished is not None
    return ImportView(
        job=job.id, what=_what(job), added=int((job.result or {}).get("added", 0)), finished=job.finished
    )


def _what(job: StoredJob) -> str:
    """What was added, in a few words."""
    if job.kind != AddPictures.kind:
        return "the sample pictures"
    paths = read_job(AddPictures, job).paths
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0] if len(paths[0]) <= 80 else '…' + paths[0][-79:]}{more}"
