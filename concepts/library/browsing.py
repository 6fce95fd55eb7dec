"""Looking through the library page by page, at one picture, and at what is in it more than once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from concepts.errors import DiscernError
from concepts.view import View
from storage.concepts import ConceptStore
from storage.labels import LabelLog
from storage.library import Library, Picture
from storage.picture_columns import PictureColumns

NEAR_SHOWN = 24  # of one group: burst photos can be hundreds


class PictureView(View):
    """A picture of the library; width and height in upright pixels of the original."""

    id: str
    path: str
    width: int
    height: int


class PictureLabel(View):
    """What somebody says of a picture, for one concept."""

    concept: str
    value: str
    author: str
    author_kind: str


class ColumnView(View):
    """What a file from elsewhere says of a picture, and which file."""

    name: str
    value: str
    file: str


class PictureDetail(View):
    """Everything the library knows of one picture."""

    id: str
    format: str
    width: int
    height: int
    bytes: int
    added: datetime
    places: list[str]  # every path it was found at
    near_duplicates: list[str]  # ids of the others of its group
    labels: list[PictureLabel]
    columns: list[ColumnView]  # captions first


class PicturePage(View):
    """A page of the library, newest first. `newer` and `older` lead to the next ones, empty at the ends."""

    pictures: list[PictureView]
    newer: str
    older: str


class Repetition(View):
    """The same picture at several places, or several pictures that look the same. `key` orders them."""

    key: str
    pictures: list[PictureView]
    places: list[str]


class BadFile(View):
    path: str
    reason: str
    message: str


def picture_page(library: Library, n: int, place: str = "") -> PicturePage:
    """At most n pictures, newest first. `place` is the `newer` or `older` of another page.

    Takes as long for the last page of a million pictures as for the first.
    """
    direction, at = _read_place(place)
    if direction == "before":
        found = library.page(n + 1, before=at)
        more_newer, found = len(found) > n, found[-n:]
        more_older = True
    else:
        found = library.page(n + 1, after=at)
        more_newer, more_older, found = at is not None, len(found) > n, found[:n]
    return PicturePage(
        pictures=[view_of(picture) for picture in found],
        newer=_place("before", found[0]) if found and more_newer else "",
        older=_place("after", found[-1]) if found and more_older else "",
    )


def mixed_page(library: Library, n: int, place: str = "") -> PicturePage:
    """The same in the order of the ids. These are hashes of the pictures' bytes, so the order has nothing to
    do with what they show, and stays: whoever goes through the first pages has looked at a fair sample."""
    direction, _, at = place.partition(" ")
    back = direction == "before"
    found = library.by_id(n + 1, before=at) if back else library.by_id(n + 1, after=at)
    more_newer = len(found) > n if back else bool(at)
    more_older = True if back else len(found) > n
    found = found[-n:] if back else found[:n]
    return PicturePage(
        pictures=[view_of(picture) for picture in found],
        newer=f"before {found[0].id}" if found and more_newer else "",
        older=f"after {found[-1].id}" if found and more_older else "",
    )


def picture_detail(
    library: Library, store: ConceptStore, log: LabelLog, columns: PictureColumns, picture_id: str
) -> PictureDetail:
    """Raises `UnknownPictureError`."""
    picture = library.picture(picture_id)
    near = sorted(library.members([picture.near_group]) - {picture_id})
    labels = [
        PictureLabel(
            concept=concept.name,
            value=event.said,
            author=event.author.name,
            author_kind=event.author.kind,
        )
        for concept in store.all()
        for event in log.standing(concept.id, picture_ids=[picture_id])
    ]
    return PictureDetail(
        id=picture.id,
        format=picture.format,
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        added=picture.added,
        places=list(picture.sources),
        near_duplicates=near[:NEAR_SHOWN],
        labels=labels,
        columns=[ColumnView(name=c.name, value=c.value, file=c.file) for c in columns.of(picture_id)],
    )


def exact_repetitions(library: Library, n: int, after: str = "") -> list[Repetition]:
    """Pictures whose very bytes are at several places. `after` is the id of the last one shown."""
    return [
        Repetition(key=picture.id, pictures=[view_of(picture)], places=list(picture.sources))
        for picture in library.pictures(library.repeated(n, after))
    ]


def near_repetitions(library: Library, n: int, after: str = "") -> list[Repetition]:
    """Groups of pictures that look the same. `after` is the key of the last one shown."""
    groups = []
    for name in library.look_alikes(n, after):
        members = library.pictures(sorted(library.members([name]))[:NEAR_SHOWN])
        groups.append(Repetition(key=name, pictures=views_of(members), places=[]))
    return groups


def views_of(pictures: Iterable[Picture]) -> list[PictureView]:
    return [view_of(picture) for picture in pictures]


def view_of(picture: Picture) -> PictureView:
    place = next(iter(picture.sources), "")
    return PictureView(id=picture.id, path=place, width=picture.width, height=picture.height)


def _place(direction: str, picture: Picture) -> str:
    return f"{direction} {picture.added.isoformat()} {picture.id}"


def _read_place(place: str) -> tuple[str, tuple[datetime, str] | None]:
    """Raises `DiscernError` for an address that was tampered with."""
    if not place:
        return "after", None
    try:
        direction, added, picture_id = place.split(" ")
        moment = datetime.fromisoformat(added)
    except ValueError as error:
        raise DiscernError(
            "This page of the library can't be found. Begin at the newest pictures."
        ) from error
    if moment.tzinfo is None:
        raise DiscernError("This page of the library can't be found. Begin at the newest pictures.")
    return ("before" if direction == "before" else "after"), (moment, picture_id)
