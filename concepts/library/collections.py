"""Use cases of named collections, and of a concept's scope: the collections that it looks in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from concepts.errors import UNKNOWN_COLLECTION, DiscernError
from concepts.library.browsing import PictureView, views_of
from concepts.library.collection import collection_of
from concepts.library.roots import visitors_place
from concepts.library.search import find_pictures
from concepts.use_cases import App, Concept, use_case
from concepts.use_cases.parameters import AuthorName, Flag, Limit, Offset
from concepts.view import View
from storage.buckets import written
from storage.collections import (
    Change,
    Kind,
    Members,
    NamedCollection,
    added_between,
    files_between,
    in_folder,
)
from storage.jobs import StoredJob

MOST_FOUND = 5000  # pictures of one search
A_SEARCH = 200  # pictures, unless somebody says otherwise
MOST_PICTURES = 10_000  # of one request
ADDINGS = 20
ADD_KINDS = ("add pictures", "add sample")
LONGEST = 120  # letters of a name
COVERS = 3  # pictures shown of each

Which = Annotated[
    Annotated[str, Field(min_length=1, max_length=LONGEST)] | int,
    Flag("COLLECTION"),
    Field(description="Its name or number."),
]
Name = Annotated[str, Field(min_length=1, max_length=120, description="What it is called.")]
JobNumber = Annotated[
    int | None, Field(ge=1, le=2**31 - 1, description="The pictures of one adding, by its job.")
]


def _pictures(description: str) -> Any:
    return Field(max_length=MOST_PICTURES, description=description)


class CollectionView(View):
    """A named set of `pictures`. `began`: how, in words; `follows`: what comes into its folder joins it.
    `cover`: ids of a few of its pictures; `concepts`: names of those that look in it; `change` counts what
    became of it."""

    id: int
    name: str
    kind: Kind
    began: str
    follows: bool
    pictures: int
    cover: list[str]
    concepts: list[str]
    change: int
    author: str
    created: datetime
    removed: datetime | None


class ChangeView(View):
    """What became of the pictures of a collection. `number` names it, to take it back; `remaining`: how many
    pictures were in it then."""

    number: int
    deed: str
    pictures: int
    remaining: int
    author: str
    created: datetime


class LooksIn(View):
    """What a concept looks in: `collections`, or everything where there are none. `pictures`: how many it
    looks at, of `library` there are; `name`: the collections in words; `number` counts the choices."""

    collections: list[int]
    names: list[str]
    name: str
    pictures: int
    library: int
    number: int


class ImportView(View):
    """An adding of pictures that is done: what it was of, and how many were new."""

    job: int
    what: str
    added: int
    finished: datetime


class OneCollection(CollectionView):
    """`changes`: what became of its pictures, the last one first."""

    changes: list[ChangeView]


def all_collections(app: App) -> list[CollectionView]:
    """By name, each with its number of pictures and a few of them."""
    return _views(app, collection_of(app).named.all())


@use_case("GET /collections", command="collection list")
def list_collections(app: App, limit: Limit = 50, offset: Offset = 0) -> list[CollectionView]:
    """Collections by name, with how many pictures they have and which concepts look in them."""
    return _views(app, collection_of(app).named.all(limit, offset))


def collection_names(app: App) -> dict[int, str]:
    """Number → name, by name."""
    return {one.id: one.name for one in collection_of(app).named.all()}


@use_case("GET /collections/{number}", command="collection show")
def show_collection(app: App, number: Which) -> OneCollection:
    """One of them, one in the trash too, and what became of its pictures.

    Raises `UnknownError`.
    """
    return _with_changes(app, find_collection(app, number).id)


def pictures_in(app: App, number: str | int, n: int = 48, after: str = "") -> list[PictureView]:
    """Pictures that are in it, by id; `after` is the id of the last one shown."""
    ids = collection_of(app).named.page(find_collection(app, number).id, n, after)
    return views_of(collection_of(app).library.pictures(ids))


def list_addings(app: App) -> list[ImportView]:
    """The last addings that brought new pictures, the last one first."""
    done = app.jobs.store.newest_first(ADD_KINDS, state="done")
    return [
        ImportView(job=job.id, what=_what(job), added=job.result["added"], finished=job.finished)
        for job in done
        if job.finished and job.result and job.result.get("added")
    ][:ADDINGS]


@use_case("POST /collections", command="collection new", audit="made a collection")
def make_collection(
    app: App,
    name: Name,
    pictures: Annotated[
        list[str] | None, Flag("PICTURES"), _pictures("Pictures, by path or id; perhaps none.")
    ] = None,
    folder: Annotated[
        str,
        Field(
            max_length=4096,
            description="What the library has of a folder; what is added from there joins.",
        ),
    ] = "",
    adding: JobNumber = None,
    since: Annotated[date | None, Field(description="What was added from that day on, UTC.")] = None,
    until: Annotated[date | None, Field(description="Up to and with that day.")] = None,
    by_file: Annotated[bool, Field(description="By the days on which the files were last changed.")] = False,
    search: Annotated[str, Field(max_length=2000, description="The pictures nearest to words.")] = "",
    n: Annotated[
        int, Flag("--n"), Field(ge=1, le=MOST_FOUND, description="How many the search gives.")
    ] = A_SEARCH,
    *,
    author: AuthorName,
) -> CollectionView:
    """Make a collection of a folder, an adding, some days, a search, or pictures. That of a folder goes
    on following it; the others change when somebody adds or takes pictures."""
    if sum(map(bool, (folder, adding, since or until, search, pictures))) > 1:
        raise DiscernError("Give one of folder, adding, since with until, search and pictures.")
    kind: Kind
    rule: dict[str, Any]
    members: Members
    if folder:
        is_visitors = bool(collection_of(app).library.root)
        path = visitors_place(folder) if is_visitors else written(Path(folder).expanduser())
        kind, rule, members = "folder", {"folder": path}, in_folder(path)
        missing = f"No picture of the library is in {path}. Add that folder first, or choose another one."
    elif adding:
        job = app.jobs.store.get(adding)
        if job.kind not in ADD_KINDS or job.state != "done" or job.finished is None:
            raise DiscernError(f"Job {adding} is no adding that is done.")
        kind, rule = "adding", {"job": adding, "what": _what(job)}
        members = added_between(job.created, job.finished + timedelta(seconds=1))
        missing = "That adding brought no new pictures. Make a collection of its folder."
    elif since or until:
        last = until or datetime.now(UTC).date()
        first = since or last
        if last < first:
            raise DiscernError(f"{last} is before {first}. Give the earlier day first.")
        kind = "dates"
        by = "file" if by_file else "added"
        rule = {"first": first.isoformat(), "last": last.isoformat(), "by": by}
        begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
        members = files_between(begin, end) if by_file else added_between(begin, end)
        missing = "No picture of the library is of those days."
    elif search:
        if not 0 < n <= MOST_FOUND:
            raise DiscernError(f"A search can give 1 to {MOST_FOUND:,} pictures, not {n:,}.")
        kind, rule = "search", {"text": search.strip(), "n": n}
        members = [hit.id for hit in find_pictures(collection_of(app), search, [], n)]
        missing = "The search found nothing."
    else:
        kind, rule, members, missing = "hand", {}, _resolved(app, pictures or ()), ""
    name = checked_name(name)
    if missing and not collection_of(app).named.are_any(members):
        raise DiscernError(missing)
    return _view(app, collection_of(app).named.make(name, kind, rule, members, author))


@use_case("PATCH /collections/{number}", command="collection change", audit="changed a collection")
def change_collection(
    app: App,
    number: Which,
    name: Annotated[
        str,
        Field(max_length=120, description="Another name. Figures keep the one they were measured with."),
    ] = "",
    put: Annotated[list[str] | None, _pictures("Pictures to put in, by path or id.")] = None,
    take: Annotated[list[str] | None, _pictures("Pictures to take out of it.")] = None,
    undo: Annotated[
        int | None, Field(ge=1, le=2**31 - 1, description="A change to take back, by its number.")
    ] = None,
    *,
    author: AuthorName,
) -> OneCollection:
    """Rename a collection, put pictures in, take them out, or take one such change back."""
    found = find_collection(app, number)
    if name:
        rename_collection(app, found.id, name)
    if put:
        put_into_collection(app, found.id, put, author=author)
    if take:
        take_from_collection(app, found.id, take, author=author)
    if undo:
        undo_collection_change(app, found.id, undo, author=author)
    return _with_changes(app, found.id)


def rename_collection(app: App, number: str | int, name: str) -> CollectionView:
    """To undo it, rename it back. What was measured keeps the name it had then."""
    found = find_collection(app, number)
    collection_of(app).named.rename(found.id, checked_name(name))
    return _view(app, found.id)


def put_into_collection(
    app: App, number: str | int, pictures: Sequence[str], *, author: str
) -> ChangeView | None:
    """Puts pictures, by id or path, in, however many; None where all are in it already."""
    return _seen(
        collection_of(app).named.add(find_collection(app, number).id, _resolved(app, pictures), author)
    )


def take_from_collection(
    app: App, number: str | int, pictures: Sequence[str], *, author: str
) -> ChangeView | None:
    """Takes pictures out, however many; None where none is in it. The pictures themselves stay."""
    return _seen(
        collection_of(app).named.take(find_collection(app, number).id, _resolved(app, pictures), author)
    )


def undo_collection_change(app: App, number: str | int, change: int, *, author: str) -> ChangeView | None:
    """Takes one change of its pictures back, by its number; None where nothing is left of it."""
    return _seen(collection_of(app).named.undo(find_collection(app, number).id, change, author))


def find_collection(app: App, collection: str | int) -> NamedCollection:
    """A number, written as such or not, names one by its id unless one is called so. Raises
    `UnknownError`."""
    name = str(collection)
    found = collection_of(app).named.find(name)
    if found is None and name.strip().isdecimal() and len(name) < 10:
        return collection_of(app).named.get(int(name))
    if found is None:
        names = ", ".join(f"“{one.name}”" for one in collection_of(app).named.all(5))
        there = f"There are: {names}." if names else "There is none yet."
        raise UNKNOWN_COLLECTION(said=f"There is no collection “{collection}”. {there}")
    return found


def _view(app: App, number: int) -> CollectionView:
    return _views(app, [collection_of(app).named.get(number)])[0]


def _with_changes(app: App, number: int) -> OneCollection:
    changes = [
        ChangeView.model_validate(one, from_attributes=True)
        for one in collection_of(app).named.changes(number)
    ]
    return OneCollection(**dict(_view(app, number)), changes=changes)


def _resolved(app: App, pictures: Sequence[str]) -> list[str]:
    """Raises `UnknownError`."""
    library = collection_of(app).library
    found = library.resolve_many(pictures)
    return [known or library.resolve(given) for known, given in zip(found, pictures, strict=True)]


def _views(app: App, found: Sequence[NamedCollection]) -> list[CollectionView]:
    rows = app.store.all()
    looking = collection_of(app).frames.concepts.of_all([row.id for row in rows])
    covers = collection_of(app).named.covers([one.id for one in found], COVERS)
    return [
        CollectionView(
            **vars(one),
            began=_began(one),
            follows=one.kind == "folder" and one.removed is None,
            cover=covers[one.id],
            concepts=[row.name for row in rows if one.id in looking.get(row.id, ())],
        )
        for one in found
    ]


@use_case("GET /concepts/{name}/looks-in")
def looks_in(concept: Concept) -> LooksIn:
    """Which collections a concept looks in, and how many pictures that are. Nothing else is asked, mined,
    measured or counted for it."""
    collection = collection_of(concept.app)
    frame = collection.frames.now(concept.id)
    return LooksIn(
        collections=[one.id for one in frame.collections],
        names=[one.name for one in frame.collections],
        name=frame.name,
        pictures=collection.count_in(frame),
        library=collection.library.counts().pictures,
        number=frame.number,
    )


@use_case("PUT /concepts/{name}/looks-in", command="concept look-in", audit="chose where a concept looks")
def look_in(
    concept: Concept,
    collections: Annotated[
        list[str | int] | None,
        Flag("COLLECTIONS"),
        Field(max_length=200, description="Names or numbers; left out, nothing is changed."),
    ] = None,
    everything: Annotated[bool, Field(description="The whole library again.")] = False,
    *,
    author: AuthorName,
) -> LooksIn:
    """Let a concept look in some collections alone. Labels stay, and figures keep the name of what they are
    of."""
    if everything and collections:
        raise DiscernError("Name collections, or everything.")
    if everything or collections is not None:
        ids = [find_collection(concept.app, one).id for one in collections or ()]
        collection_of(concept.app).frames.concepts.add(concept.id, ids, author)
    return looks_in(concept)


def _seen(change: Change | None) -> ChangeView | None:
    return ChangeView.model_validate(change, from_attributes=True) if change else None


def _what(job: StoredJob) -> str:
    """What was added, in a few words."""
    paths = job.arguments.get("paths")
    if not paths:
        return "the sample pictures"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0] if len(paths[0]) <= 80 else '…' + paths[0][-79:]}{more}"


def checked_name(name: str) -> str:
    """Without spaces around it. Raises `DiscernError` for one that a collection can't have."""
    name = " ".join(name.split())
    if not any(letter.isprintable() and not letter.isspace() for letter in name):
        raise DiscernError("A collection needs a name that can be seen.")
    if len(name) > LONGEST or len(name.casefold()) > LONGEST:
        raise DiscernError(f"The name is too long: a collection's has at most {LONGEST} characters.")
    if any(not letter.isprintable() for letter in name):
        raise DiscernError("The name can't be used: it has a control character.")
    return name


def _began(one: NamedCollection) -> str:
    rule = one.rule
    if one.kind == "folder":
        return f"the folder {rule['folder']}, with what comes into it"
    if one.kind == "adding":
        return f"the adding of {rule['what']}"
    if one.kind == "dates":
        what = "files" if rule["by"] == "file" else "added"
        days = rule["first"] if rule["first"] == rule["last"] else f"{rule['first']} to {rule['last']}"
        return f"{what} of {days}" if what == "files" else f"{what} {days}"
    if one.kind == "search":
        return f"the search “{rule['text']}”"
    return "a selection"
