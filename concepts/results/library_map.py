"""The map of the library: every picture near those that look like it, coloured by what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from concepts.collaborator.ambiguities import telling_nouns
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import ConflictError, DiscernError
from concepts.jobs import Lane, Progress
from concepts.library.collection import collection_of
from concepts.results.heads import head_of, scores_of
from concepts.results.map_file import write_map
from concepts.use_cases import App, service, use_case
from concepts.use_cases.parameters import AuthorName, Flag
from concepts.view import View, count
from storage.collections import member_ids
from storage.labels import Author
from storage.vectors.ids import Floats, PictureIds, Rows
from storage.vectors.map import Map
from storage.vectors.reader import VectorReader

NEW = 0.05  # the share of pictures missing from the map that has it drawn again
NAMED, A_NAME = 5_000, 60  # pictures that names are found from, and at least so many for each
MOST_NAMES = 24
OTHERS = 500  # pictures that a name must tell a group from
COLOURS = 9  # besides that of no value
SURE = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)  # where scores change their colour

# Told apart also by who sees red and green alike (Okabe & Ito 2008); and steps from little to much.
PAINTS = ("#0f9d8f", "#d55e00", "#e69f00", "#0072b2", "#cc79a7", "#7a5cc0", "#56b4e9", "#8a6d00", "#b0233b")
RAMP = ("#3b4cc0", "#6f92f3", "#a3bffa", "#c9cfdd", "#f2c6a8", "#f39475", "#dc5d4a", "#b40426")

By = Literal["label", "score", "version", "album", "folder"]
WORDS = {"yes": "counts", "no": "doesn’t count", "unsure": "unsure"}

Codes = NDArray[np.uint8]


class MapName(View):
    """What is seen in most pictures around a place of the map, which goes from -1 to 1."""

    name: str
    x: float
    y: float


class MapDrawn(View):
    """So many pictures are on it."""

    pictures: int
    names: list[MapName]

    def says(self) -> str:
        return f"{count(self.pictures, 'picture')} placed."


class MapColour(View):
    """What a colour is for, `#rrggbb`, and how many pictures have it."""

    word: str
    colour: str
    pictures: int


class MapState(View):
    """`key` is another one whenever other pictures are on it or one stands elsewhere. `missing`: pictures
    that have no place yet."""

    key: str
    pictures: int
    missing: int
    names: list[MapName]


@dataclass(frozen=True, eq=False)
class Colours:
    """codes (n,): 0 for a picture of which nothing is known, else 1 and the place of its word."""

    codes: Codes
    words: list[str]
    ordered: bool = False  # whether the words are steps from little to much

    @property
    def legend(self) -> list[MapColour]:
        counts = np.bincount(self.codes, minlength=len(self.words) + 1)[1:].tolist()
        paints = RAMP if self.ordered else PAINTS
        return [
            MapColour(word=w, colour=p, pictures=n)
            for w, p, n in zip(self.words, paints, counts, strict=False)
        ]


class MapFile(View):
    """What was written. Pictures that no colour is for are grey."""

    file: str
    pictures: int
    colours: list[MapColour]


@dataclass(frozen=True, eq=False)
class _Shown:
    """What is on the map and in the library: rows (n,) of the map, ids (n,), places (n, 2)."""

    key: str
    map: Map
    rows: Rows
    missing: int

    @property
    def ids(self) -> PictureIds:
        return PictureIds(self.map.ids, self.rows)

    @property
    def places(self) -> Floats:
        return self.map.places[self.rows]


@dataclass
class _Memo:
    """The map as it was last shown."""

    kept: _Shown | None = None


@service
def _memo_of(app: App) -> _Memo:
    return _Memo()


def map_state(app: App) -> MapState | None:
    """Return the map, or None before it was first drawn. If it is missing or old, begin a job that draws
    it. Raises `DiscernError`."""
    shown = _shown(app)
    if shown is None or shown.missing > NEW * len(shown.rows):
        last = app.latest(draw_map)
        if app.jobs.is_started and (last is None or last.state in ("done", "cancelled")):
            app.submit(draw_map)
    if shown is None:
        return None
    return MapState(key=shown.key, pictures=len(shown.rows), missing=shown.missing, names=_names(app))


def map_places(app: App, key: str) -> NDArray[np.uint16]:
    """(n, 2) of the pictures in their order, 0 to 65,535. Raises `ConflictError` for another state."""
    return ((_of(app, key).places.clip(-1, 1) + 1) * 32767.5).astype(np.uint16)


def picture_on_map(app: App, key: str, place: int) -> str:
    """The id of the picture at this place of the order."""
    shown = _of(app, key)
    if not 0 <= place < len(shown.rows):
        raise DiscernError("There is no such picture on the map.")
    return shown.ids.at(np.array([place]))[0]


def map_colours(app: App, key: str, by: By, concept: str, author: str) -> Colours:
    """What each picture has its colour for: the author's own label or the newest version's score for a
    `concept`, an album (of several the first), or a folder. Raises `DiscernError`."""
    ids = _of(app, key).ids
    if by == "folder":
        return _folders(app, ids)
    if by == "album":
        named = collection_of(app).named
        albums = sorted(named.all(), key=lambda one: -one.pictures)[:COLOURS]
        return _coloured(ids, {one.name: named.ids(member_ids(one.id)) for one in albums})
    if not concept:
        raise DiscernError("Choose a concept first.")
    if by != "label":
        return _scores(app, ids, concept, by)
    said = app.log.said_by(app.concept(concept).id, Author(author))
    others = sorted(set(said.values()) - WORDS.keys())[: COLOURS - len(WORDS)]
    values = WORDS | {value: value for value in others}  # each word always in its own colour
    return _coloured(
        ids, {word: [i for i, v in said.items() if v == value] for value, word in values.items()}
    )


def pictures_inside(app: App, shape: str) -> list[str]:
    """Ids of the pictures inside of a shape, `x,y x,y …` of -1 to 1. Raises `DiscernError`."""
    shown = _shown(app)
    if shown is None:
        raise DiscernError("There is no map of the library yet. Draw it first.")
    try:
        corners = np.array([[float(x) for x in corner.split(",")] for corner in shape.split()])
        corners = corners.reshape(len(corners), 2)
    except ValueError:
        raise DiscernError("A shape on the map is written x,y x,y x,y with numbers from -1 to 1.") from None
    return shown.ids.at(np.flatnonzero(_inside(corners, shown.places)))


@use_case(command="library map")
def write_map_picture(
    app: App,
    out: Annotated[Path, Flag("FILE"), Field(description="The PNG to write.")],
    by: Annotated[By, Field(description="What colours tell.")] = "folder",
    concept: Annotated[str, Field(description="For labels, scores and the version.")] = "",
    *,
    author: AuthorName,
) -> MapFile:
    """Draw the map of the library: similar pictures are near each other."""
    app.begin(draw_map).wait()
    shown = _shown(app)
    if shown is None:
        raise DiscernError("There is no map of the library yet. Draw it first.")
    colours = map_colours(app, shown.key, by, concept, author)
    paints = [(one.word, one.colour) for one in colours.legend]
    names = [(one.x, one.y, one.name) for one in _names(app)]
    write_map(out, shown.places, colours.codes, paints, names)
    return MapFile(file=str(out), pictures=len(shown.rows), colours=colours.legend)


def _shown(app: App) -> _Shown | None:
    collection = collection_of(app)
    collection.recorded()
    drawn, index = collection.stored().map.newest(), collection.index()
    if drawn is None:
        return None
    key = hashlib.sha256(f"{drawn.version} {len(drawn.ids)} {index.version}".encode()).hexdigest()[:12]
    memo = _memo_of(app)
    kept = memo.kept
    if kept is None or kept.key != key or kept.map is not drawn:
        rows = index.ids.rows_in(drawn.ids)
        memo.kept = kept = _Shown(key, drawn, rows, len(index.ids) - len(rows))
    return kept


def _of(app: App, key: str) -> _Shown:
    shown = _shown(app)
    if shown is None or shown.key != key:
        raise ConflictError("The library has changed since. Reload the page.")
    return shown


def _scores(app: App, ids: PictureIds, concept: str, by: By) -> Colours:
    """Nothing is said of test pictures that have no label yet."""
    found = app.concept(concept)
    head = head_of(found)
    scores = scores_of(found, head)
    if scores is None:
        raise DiscernError("The newest version has not scored the whole library yet. Score it on Results.")
    lines = SURE if by == "score" else (head.threshold,)
    code = np.digitize(scores.probability.values, np.array(lines, np.float32)).astype(np.uint8) + 1
    apart = app.store.kept_apart(found.id) - app.log.first_answered(found.id).keys()
    places = scores.probability.ids.places(sorted(apart))
    code[places[places >= 0]] = 0
    codes = np.zeros(len(ids), np.uint8)
    codes[scores.probability.ids.rows_of(ids)] = code[ids.rows_of(scores.probability.ids)]
    if by == "version":
        return Colours((codes == 2).astype(np.uint8), [f"flagged by version {head.number}"])
    steps = [f"{100 * low:.0f}–{100 * high:.0f} %" for low, high in pairwise((0, *SURE, 1))]
    return Colours(codes, steps, ordered=True)


def _folders(app: App, ids: PictureIds) -> Colours:
    """Of the outermost folder that has more than one in it."""
    browsing = collection_of(app).browsing
    folders = browsing.folders("")
    while len(folders) == 1 and folders[0].has_folders:
        folders = browsing.folders(folders[0].path)
    if not len(ids):
        return Colours(np.zeros(0, np.uint8), [])
    most = sorted(folders, key=lambda one: -one.files)[:COLOURS]
    at = collection_of(app).places.first(ids)
    codes = np.zeros(len(ids), np.uint8)
    for code, folder in enumerate(most, 1):
        codes[pc.starts_with(at, f"{folder.path.rstrip('/')}/").to_numpy(zero_copy_only=False)] = code
    return Colours(codes, [folder.path.rstrip("/").rpartition("/")[2] for folder in most])


def _names(app: App) -> list[MapName]:
    done = app.newest(draw_map)
    return done.names if done else []


@use_case(job="Drawing the map", lane=Lane.LONG)
def draw_map(app: App, progress: Progress, anew: bool = False) -> MapDrawn:
    """Draw the map of the library where pictures have changed, or `anew`."""
    collection = collection_of(app)
    stored = collection.stored()
    graph = stored.graph.bring_up_to_date(lambda done, of: progress.report(done, of, "neighbours"))
    drawn = stored.map.draw(
        stored.snapshot(), graph, lambda done, of: progress.report(done, of, "places"), anew=anew
    )
    return MapDrawn(pictures=len(drawn.ids), names=_named(app, drawn, collection.index()))


def _named(app: App, drawn: Map, index: VectorReader) -> list[MapName]:
    """Where a name fits what is seen in a part of the map and in no other. Of other encoders than the
    built-in one no names are known."""
    if collection_of(app).recorded().name != "embedded":
        return []
    from sklearn.cluster import KMeans

    rng, rows = np.random.default_rng(0), index.ids.rows_in(drawn.ids)
    some = rows if len(rows) <= NAMED else np.sort(rng.choice(rows, NAMED, replace=False))
    count = min(MOST_NAMES, len(some) // A_NAME)
    if not count:
        return []
    vectors = index.vectors(PictureIds(drawn.ids, some).at(np.arange(len(some))))
    model = KMeans(count, n_init=1, random_state=0).fit(drawn.places[some])
    vocabulary = Vocabulary(SentenceEncoder().encode)
    others = vectors[rng.permutation(len(vectors))[:OTHERS]]
    found: dict[str, MapName] = {}
    for one, (x, y) in enumerate(model.cluster_centers_):
        for noun in telling_nouns(vocabulary, vectors[model.labels_ == one], others)[:1]:
            found.setdefault(noun, MapName(name=noun, x=round(float(x), 4), y=round(float(y), 4)))
    return list(found.values())


def _inside(corners: Floats, places: Floats) -> NDArray[np.bool_]:
    """Which places (m, 2) lie in a polygon (n, 2): a line to the right of them crosses it an odd number of
    times (Shimrat 1962)."""
    x, y = places.T
    inside = np.zeros(len(places), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _coloured(ids: PictureIds, groups: Mapping[str, Collection[str]]) -> Colours:
    codes = np.zeros(len(ids), np.uint8)
    for code, members in reversed(list(enumerate(groups.values(), 1))):
        places = ids.places(list(members))
        codes[places[places >= 0]] = code
    return Colours(codes, list(groups))
