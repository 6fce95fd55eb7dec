"""Use cases of the trash: what is out of use, back again, and pictures erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from concepts.errors import DiscernError, UnknownError
from concepts.jobs import Lane, Progress
from concepts.library.collection import collection_of
from concepts.library.collections import show_collection
from concepts.library.upkeep import check_library, keep_up
from concepts.results.emptying import Emptied, erase
from concepts.use_cases import App, use_case
from concepts.use_cases.declaration import kind_of
from concepts.use_cases.names import id_in
from concepts.use_cases.parameters import AuthorName, Flag, Limit, Offset, Permit
from concepts.use_cases.roles import Role
from concepts.view import View
from storage.trash import Kind

MOST = 10_000  # pictures of one call

PictureNames = Annotated[
    list[str] | None,
    Flag("--picture"),
    Field(min_length=1, max_length=1000, description="Pictures, by id or path."),
]
ConceptName = Annotated[str, Field(max_length=120, description="A concept, by name or as `id:7`.")]
CollectionName = Annotated[str | int, Field(description="A collection, by name, number or as `id:7`.")]
RuleName = Annotated[str, Field(max_length=120, description="A rule, by name.")]


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


def _anything(deed: str, about: str) -> None:
    """At the computer itself nothing is forbidden."""


@use_case("POST /trash", command="trash put", role=Role.OWNER)
def put_into_trash(
    app: App,
    pictures: PictureNames = None,
    concept: ConceptName = "",
    collection: CollectionName = "",
    rule: RuleName = "",
    *,
    author: AuthorName,
    permit: Permit = _anything,
) -> Moved:
    """Move pictures, a concept, a collection or a rule to the trash. Nothing is lost, and picture files
    are never touched. Pictures are hidden everywhere until they are restored; work of a concept stops,
    and names are free. Where one picture isn't in the library, none is moved."""
    kind, which = _one_kind(pictures, concept, collection, rule)
    permit(f"trash-{kind}", " ".join(which))
    if kind == "picture":
        library = collection_of(app).library
        known = zip(_few(which), library.resolve_many(which), strict=True)
        ids = [found or library.resolve(picture) for picture, found in known]
        return Moved(kind=kind, ids=collection_of(app).removed.remove(ids, author), names=[])
    if kind == "concept":
        row = app.store.put_away(app.concept(which[0]).id)
        app.jobs.store.cancel_all(row.id)
        id, name = f"id:{row.id}", row.name
    elif kind == "collection":
        collected = show_collection(app, id_in(which[0]) or which[0])
        collection_of(app).named.remove(collected.id)
        id, name = f"id:{collected.id}", collected.name
    else:
        id = name = _mark_rule(app, which[0], author, removed=True)
    return Moved(kind=kind, ids=[id], names=[name])


@use_case("GET /trash", command="trash list")
def list_trash(
    app: App,
    kind: Annotated[Kind | None, Field(description="Only this kind.")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[TrashItem]:
    """List the trash, newest first."""
    found = []
    for one in app.trash.page(kind, limit, offset):
        id = f"id:{one.id}" if one.kind in ("concept", "collection") else one.id
        found.append(TrashItem(**vars(one) | {"id": id, "who": one.author}))
    return found


@use_case("POST /trash/restore", command="trash restore", role=Role.OWNER)
def restore(
    app: App,
    pictures: PictureNames = None,
    concept: ConceptName = "",
    collection: CollectionName = "",
    rule: RuleName = "",
    *,
    author: AuthorName,
    permit: Permit = _anything,
) -> Moved:
    """Restore pictures, a concept, a collection or a rule, with everything that belongs to it; what isn't
    in the trash is left as it is.

    Raises `ConflictError` where a name was given away meanwhile.
    """
    kind, which = _one_kind(pictures, concept, collection, rule)
    permit(f"restore-{kind}", " ".join(which))
    given = which[0]
    if kind == "picture":
        library = collection_of(app).library
        known = library.resolve_many(_few(which), in_bin=True)
        moved = collection_of(app).removed.restore([i for i in known if i], author)
        encoder = library.encoder()
        waits = moved and encoder and library.adding.pending(encoder.fingerprint, 1)
        if waits and app.jobs.is_started:
            app.submit(check_library, repair=True)  # another encoder came meanwhile
        return Moved(kind=kind, ids=moved, names=[])
    if kind == "concept":
        number = app.trash.find(kind, given) or id_in(given) or app.concept(given).id
        id, name = f"id:{number}", app.store.restore(number).name
    elif kind == "collection":
        named, known_id = collection_of(app).named, id_in(given) or app.trash.find(kind, given)
        number = known_id or show_collection(app, given).id
        named.restore(number)
        named.follow()
        id, name = f"id:{number}", named.get(number).name
    else:
        id = name = _mark_rule(app, given, author, removed=False)
    return Moved(kind=kind, ids=[id], names=[name])


@use_case(
    "POST /trash/empty",
    command="trash empty",
    audit="emptied the trash",
    host=True,
    is_final=True,
    job="Emptying the trash",
    lane=Lane.LONG,
)
def empty_trash(
    app: App,
    progress: Progress,
    refuse: Annotated[
        bool,
        Flag("--never-again"),
        Field(description="Never add these pictures again; only their ids are kept."),
    ] = False,
    *,
    author: AuthorName,
) -> Emptied:
    """Erase the pictures in the trash, and all that is kept of them, from everywhere but backups. Their
    own files stay where they are. Of labels the value and the author stay, of no picture; concepts,
    collections and rules stay in the trash."""
    emptied = erase(app, progress, author=author, refuse=refuse, kind=kind_of(empty_trash))
    keep_up(app)
    return emptied


def known_backups(app: App) -> tuple[str, ...]:
    """Names of known backups, which emptying takes nothing out of."""
    return tuple(file.name for file in app.database.damaged_files())


def _mark_rule(app: App, name: str, author: str, *, removed: bool) -> str:
    stored = app.combinations.get(name)
    if stored is None or (removed and stored.removed):
        raise UnknownError(f"No combination is kept as “{name}”.", "combination")
    if stored.removed != removed:
        app.combinations.mark(stored, author, removed=removed)
    return stored.name


def _one_kind(
    pictures: list[str] | None, concept: str, collection: str | int, rule: str
) -> tuple[Kind, list[str]]:
    if isinstance(collection, int):
        collection = f"id:{collection}"
    single: dict[Kind, str] = {"concept": concept, "collection": collection, "rule": rule}
    asked: dict[Kind, list[str]] = {kind: [name] for kind, name in single.items() if name}
    if pictures:
        asked["picture"] = pictures
    if len(asked) != 1:
        raise DiscernError("Give one of pictures, concept, collection and rule.")
    return next(iter(asked.items()))


def _few(pictures: Sequence[str]) -> Sequence[str]:
    if not pictures:
        raise DiscernError("Say which pictures.")
    if len(pictures) > MOST:
        raise DiscernError(f"At most {MOST:,} pictures are moved at a time.")
    return pictures
