"""Use cases of the trash: what is out of use, back again, and pictures erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from concepts.definition.names import id_in
from concepts.errors import DiscernError, UnknownCombinationError
from concepts.jobs import Listener, Progress
from concepts.library.empty_trash import Emptied, erase
from concepts.view import View
from concepts.workbench.collections import Collections
from concepts.workbench.context import Context
from concepts.workbench.jobs import CheckLibrary, EmptyTrash
from storage.combinations import CombinationStore
from storage.tables import ConceptRow
from storage.trash import Kind, Trashed

MOST = 10_000  # pictures of one call


class TrashItem(View):
    """Something in the trash. `id` is for `restore`; a picture's `name` is where its file is. `who`: empty
    where nobody kept it. `labels`, `versions` and `pictures` come back with it."""

    kind: Kind
    id: str
    name: str
    who: str
    when: datetime
    labels: int
    versions: int
    pictures: int


class Moved(View):
    """What was put into the trash or restored: ids, in the order given, and names of what has one."""

    kind: Kind
    ids: list[str]
    names: list[str]


class Trash:
    """One place for what is out of use. Everything in it can be restored as it was; only pictures can be
    erased, and their own files are never touched."""

    def __init__(self, context: Context, collections: Collections) -> None:
        self._context = context
        self._collections = collections
        self._rules = CombinationStore(context.database)
        context.jobs.register(EmptyTrash, self._empty)

    def put(self, kind: Kind, *which: str, author: str) -> Moved:
        """Pictures by id or path, concepts and collections by name or as `id:7`, rules by name. Pictures are
        shown, asked about, learned from and counted nowhere until they are restored; work of a concept stops,
        and names are free. Raises the error of what isn't there, and then puts no picture."""
        if kind == "picture":
            library = self._context.collection.library
            known = zip(_few(which), library.resolve_many(which), strict=True)
            ids = [found or library.resolve(picture) for picture, found in known]
            return Moved(kind=kind, ids=self._context.collection.removed.remove(ids, author), names=[])
        return _moved(kind, [self._put(kind, one, author) for one in which])

    def list(self, kind: Kind | None = None, limit: int = 50, offset: int = 0) -> list[TrashItem]:
        """What was put there last comes first; of one kind, or of all."""
        return [_item(one) for one in self._context.trash.page(kind, limit, offset)]

    def restore(self, kind: Kind, *which: str, author: str) -> Moved:
        """Brings things back as they were, by their ids or as `put` takes them; what isn't in the trash is
        left as it is. Raises `ConflictError` where a name was given away meanwhile."""
        if kind == "picture":
            return self._restore_pictures(which, author)
        return _moved(kind, [self._restore(kind, one, author) for one in which])

    def empty(self, *, author: str, refuse: bool = False, listener: Listener | None = None) -> Emptied:
        """Erases the pictures in the trash with everything that is kept of them, and waits until it is done.
        `refuse`: they shall not come in again. Concepts, collections and rules stay where they are."""
        return self._context.jobs.run(EmptyTrash(author, refuse), listener)

    def submit_empty(self, *, author: str, refuse: bool = False) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(EmptyTrash(author, refuse))

    def _empty(self, job: EmptyTrash, progress: Progress) -> Emptied:
        context = self._context
        uploads = context.uploads.kept
        return erase(context.collection, context.renditions, uploads, job.author, job.refuse, progress.report)

    def _restore_pictures(self, pictures: Sequence[str], author: str) -> Moved:
        library = self._context.collection.library
        known = library.resolve_many(_few(pictures), in_bin=True)
        moved = self._context.collection.removed.restore([i for i in known if i], author)
        encoder = library.encoder()
        waits = moved and encoder and library.adding.pending(encoder.fingerprint, 1)
        if waits and self._context.jobs.is_started:
            self._context.jobs.submit(CheckLibrary(repair=True))  # another encoder came meanwhile
        return Moved(kind="picture", ids=moved, names=[])

    def _put(self, kind: Kind, name: str, author: str) -> tuple[str, str]:
        if kind == "concept":
            row = self._context.store.put_away(self._context.concept(name).id)
            self._context.jobs.store.cancel_all(row.id)
            return _named(row)
        if kind == "collection":
            found = self._collections.get(id_in(name) or name)
            self._context.collection.named.remove(found.id)
            return f"id:{found.id}", found.name
        return self._mark_rule(name, author, removed=True)

    def _restore(self, kind: Kind, name: str, author: str) -> tuple[str, str]:
        context = self._context
        if kind == "concept":
            number = context.trash.find("concept", name) or id_in(name) or context.concept(name).id
            return _named(context.store.restore(number))
        if kind == "collection":
            named, known = context.collection.named, id_in(name) or context.trash.find("collection", name)
            number = known or self._collections.get(name).id
            named.restore(number)
            named.follow()
            return f"id:{number}", named.get(number).name
        return self._mark_rule(name, author, removed=False)

    def _mark_rule(self, name: str, author: str, *, removed: bool) -> tuple[str, str]:
        stored = self._rules.get(name)
        if stored is None or (removed and stored.removed):
            raise UnknownCombinationError(name)
        if stored.removed != removed:
            self._rules.mark(stored, author, removed=removed)
        return stored.name, stored.name


def _item(one: Trashed) -> TrashItem:
    id = f"id:{one.id}" if one.kind in ("concept", "collection") else one.id
    counts = {"labels": one.labels, "versions": one.versions, "pictures": one.pictures}
    return TrashItem(kind=one.kind, id=id, name=one.name, who=one.author, when=one.when, **counts)


def _named(row: ConceptRow) -> tuple[str, str]:
    return f"id:{row.id}", row.name


def _moved(kind: Kind, things: Sequence[tuple[str, str]]) -> Moved:
    return Moved(kind=kind, ids=[id for id, _ in things], names=[name for _, name in things])


def _few(pictures: Sequence[str]) -> Sequence[str]:
    if not pictures:
        raise DiscernError("Say which pictures.")
    if len(pictures) > MOST:
        raise DiscernError(f"At most {MOST:,} pictures are moved at a time.")
    return pictures
