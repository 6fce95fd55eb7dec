"""Named collections as screens, REST and the command line see them, and which pictures a wish for one means.

`concepts.library.collection.Collection` is something else: all pictures of a data folder, with their vectors.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from concepts.errors import DiscernError
from concepts.view import View
from storage.collections import Change, Kind, NamedCollection
from storage.frames import Frame

LONGEST = 120  # letters of a name
COVERS = 3  # pictures shown of each

By = Literal["added", "file"]  # the day a picture came into the library, or its file was last changed


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


def days(first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of one day to the end of the other, in UTC. Raises `DiscernError`."""
    if last < first:
        raise DiscernError(f"{last} is before {first}. Give the earlier day first.")
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last))
    return begin, end + timedelta(days=1)


def view_of(one: NamedCollection, cover: list[str], concepts: list[str]) -> CollectionView:
    return CollectionView(
        id=one.id,
        name=one.name,
        kind=one.kind,
        began=_began(one),
        follows=one.kind == "folder" and one.removed is None,
        pictures=one.pictures,
        cover=cover,
        concepts=concepts,
        change=one.change,
        author=one.author,
        created=one.created,
        removed=one.removed,
    )


def change_view(change: Change) -> ChangeView:
    return ChangeView.model_validate(change, from_attributes=True)


def looks_in(frame: Frame, pictures: int, library: int) -> LooksIn:
    return LooksIn(
        collections=[one.id for one in frame.collections],
        names=[one.name for one in frame.collections],
        name=frame.name,
        pictures=pictures,
        library=library,
        number=frame.number,
    )


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
    return "chosen by hand"
