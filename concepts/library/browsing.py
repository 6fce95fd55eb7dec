"""Looking through the library page by page, at one picture, and at what is in it more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from pydantic import Field

from concepts.errors import DiscernError
from concepts.library.collection import Collection
from concepts.library.filters import PictureSelection
from concepts.library.originals import original_file
from concepts.library.search import find_pictures
from concepts.view import View
from storage.browsing import Place
from storage.library import Library, Picture
from storage.picture_columns import PictureColumns
from storage.picture_filter import Key, Order, PictureFilter
from storage.pictures.decoding import exif_of
from storage.pictures.exif import camera_facts
from storage.tables import UNDATED
from storage.vectors.ids import PictureIds

RANKED = 1920  # nearest pictures of a search that can be paged through
NO_PAGE = "This page of the library can't be found. Begin at the first pictures."
NEAR_SHOWN = 24  # of one group: burst photos can be hundreds


class PictureView(View):
    """A picture of the library; width and height in upright pixels of the original."""

    id: str
    path: str
    width: int
    height: int
    score: float | None = None  # of a search: how near it is, as `concepts.library.search.Hit` has it
    caption: str = ""  # of a search of captions: the one that has the words
    column: str = ""  # `caption`, or that of words in pictures


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
    taken: datetime | None  # by the camera's own clock, as far as its file was asked
    places: list[str]  # every path it was found at
    near_duplicates: list[str]  # ids of the others of its group
    labels: list[PictureLabel]
    columns: list[ColumnView]  # captions first
    camera: Camera | None = None  # what its file says, where it was asked
    video: str = ""  # of a frame: where its video is, and how many seconds after its beginning it is shown
    moment: float | None = None

    def as_read_by(self, reader: str) -> PictureDetail:
        """Without what other people say for concepts for which the reader has not answered about it."""
        mine = {one.concept for one in self.labels if one.author == reader and one.value != "skip"}
        kept = [
            one
            for one in self.labels
            if one.author_kind == "annotator" or one.author == reader or one.concept in mine
        ]
        return self.model_copy(update={"labels": kept})


class PicturePage(View):
    """A page of the library, newest first where no other order was chosen. `newer` and `older` lead to the
    pages before and after it, empty at the ends. `fitting`: how many fit what was chosen, None where too many
    would have to be looked at for that, and for a search, which only orders."""

    pictures: list[PictureView]
    newer: str
    older: str
    fitting: int | None = None
    hint: str = ""  # what to do where the encoder hardly knows the words that were searched for


class Repetition(View):
    """The same picture at several places, or several pictures that look the same. `key` orders them."""

    key: str
    pictures: list[PictureView]
    places: list[str]


class BadFile(View):
    path: str
    reason: str
    message: str


def picture_page(
    collection: Collection, chosen: PictureSelection, fits: PictureFilter, n: int, place: str
) -> PicturePage:
    """At most n pictures. `fits`: what of the library was chosen; `place`: the `newer` or `older` of another
    page of the same.

    Takes as long for the last page of a million pictures as for the first. Of a search the `RANKED` nearest
    can be paged through.
    """
    if chosen.by_likeness:
        start = _read_rank(place)
        like = [collection.library.resolve(chosen.like)] if chosen.like else []
        last = min(start + n + 1, RANKED)
        if fits.is_all:
            hits = find_pictures(collection, chosen.q, like, last)
        elif (few := collection.browsing.fitting(fits)) is not None:
            hits = find_pictures(collection, chosen.q, like, last, allowed=PictureIds.of(few))
        else:
            hits = find_pictures(collection, chosen.q, like, RANKED)
            kept = set(collection.browsing.kept(fits, [hit.id for hit in hits]))
            hits = [hit for hit in hits if hit.id in kept]
        shown = {hit.id: hit.score for hit in hits[start : start + n]}
        views = views_of(collection.library.pictures(list(shown)))
        return PicturePage(
            pictures=[view.model_copy(update={"score": shown[view.id]}) for view in views],
            newer=f"rank {max(start - n, 0)} -" if start else "",
            older=f"rank {start + n} -" if len(hits) > start + n else "",
            fitting=None,
        )
    found = collection.browsing.page(fits, chosen.sort, n, _read_place(place, chosen.sort))
    return PicturePage(
        pictures=views_of(collection.library.pictures(found.ids)),
        newer=_place(found.earlier),
        older=_place(found.later),
        fitting=collection.library.counts().pictures if fits.is_all else found.fitting,
    )


def captioned_page(
    collection: Collection, columns: PictureColumns, words: str, n: int, place: str
) -> PicturePage:
    """Pictures whose caption or keywords have every one of the words, or in which they stand."""
    start = _read_rank(place)
    found = columns.with_words(words, n + 1, start)
    said = {one.picture_id: {"caption": one.value, "column": one.name} for one in found[:n]}
    views = views_of(collection.library.pictures(list(said)))
    return PicturePage(
        pictures=[view.model_copy(update=said[view.id]) for view in views],
        newer=f"rank {max(start - n, 0)} -" if start else "",
        older=f"rank {start + n} -" if len(found) > n else "",
    )


def exact_repetitions(library: Library, n: int, after: str) -> list[Repetition]:
    """Pictures whose very bytes are at several places. `after` is the id of the last one shown."""
    return [
        Repetition(key=picture.id, pictures=[view_of(picture)], places=list(picture.sources))
        for picture in library.pictures(library.repeated(n, after))
    ]


def near_repetitions(library: Library, n: int, after: str) -> list[Repetition]:
    """Groups of pictures that look the same. `after` is the key of the last one shown."""
    groups = []
    for name in library.look_alikes(n, after):
        members = library.pictures(sorted(library.members([name]))[:NEAR_SHOWN])
        groups.append(Repetition(key=name, pictures=views_of(members), places=[]))
    return groups


def taken_at(seconds: int) -> datetime | None:
    """None for what no camera says."""
    if seconds <= UNDATED:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def views_of(pictures: Iterable[Picture]) -> list[PictureView]:
    return [view_of(picture) for picture in pictures]


def view_of(picture: Picture) -> PictureView:
    place = next(iter(picture.sources), "")
    return PictureView(id=picture.id, path=place, width=picture.width, height=picture.height)


def place_and_shape(picture: PictureView | None) -> dict[str, Any]:
    """What lists of scored pictures say of one beside its score; nothing of one that is gone."""
    if picture is None:
        return {"path": "", "width": 0, "height": 0}
    return {"path": picture.path, "width": picture.width, "height": picture.height}


def _place(place: Place | None) -> str:
    if place is None:
        return ""
    key = place.key.isoformat() if isinstance(place.key, datetime) else str(place.key)
    return f"{'before' if place.before else 'after'} {quote(key, safe='')} {place.id}"


def _read_place(place: str, order: Order) -> Place | None:
    """Raises `DiscernError` for an address that was tampered with, or is another order's."""
    if not place:
        return None
    try:
        direction, key, picture_id = place.split(" ")
        return Place(_KEYS.get(order, int)(unquote(key)), picture_id, before=direction == "before")
    except ValueError as error:
        raise DiscernError(NO_PAGE) from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment


_KEYS: dict[Order, Callable[[str], Key]] = {
    Order.NEWEST: _moment,
    Order.OLDEST: _moment,
    Order.NAME: str,
    Order.NAME_BACK: str,
    Order.RANDOM: str,
}


def _read_rank(place: str) -> int:
    words = place.split(" ")
    if not place:
        return 0
    if words[0] != "rank" or not words[1].isdecimal() or int(words[1]) >= RANKED:
        raise DiscernError(NO_PAGE)
    return int(words[1])


class Camera(View):
    """What the file says. `taken` is by the camera's own clock. `position` is degrees north and east, None
    where it wasn't asked for; `has_position`: there is one. `missing`: no file has the picture any more."""

    taken: datetime | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    has_position: bool = False
    position: tuple[float, float] | None = None
    missing: bool = False


def camera_of(picture: Picture, *, position: bool) -> Camera:
    file = original_file(picture)
    if file is None:
        return Camera(missing=True)
    found = camera_facts(exif_of(file[1]))
    return Camera(
        taken=found.taken,
        facts=dict(found.facts),
        has_position=found.position is not None,
        position=found.position if position else None,
    )
