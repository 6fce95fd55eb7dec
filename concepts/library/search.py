"""Pictures of the library nearest to words, to other pictures, or to both."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Collection as Ids
from dataclasses import replace

import numpy as np
from cachetools import LRUCache

from concepts.encoders.base import Vectors, reads_english_best, unit
from concepts.encoders.lite0 import FEATURES
from concepts.encoders.sentences import is_latin, looks_english
from concepts.errors import DiscernError
from concepts.library.collection import Collection, collection_of
from concepts.use_cases import App, service
from concepts.view import View
from storage.library import Library
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader

WORDS_OF_EXAMPLES = 4
DEPTH = 400  # nearest pictures remembered of each text; near-duplicates and hidden ones fall out later
TEXTS_KEPT = 500  # texts, each in what was looked in, whose nearest pictures are remembered: 45 kB each

HARDLY_KNOWN = "Search hardly knows these words: check what it found. Contact sheets and examples need none."

NOT_ENGLISH = "The search reads English and hardly knows these words. Use English, or an example picture."
FEW_MATCH = "Search knows these words, but few pictures here match them. Add an example picture."
NEAR = 0.115  # score of the nearest picture below which that is said: study/known_words.py
BEST = "This doesn’t look like English, which the search understands best."
WRITE_ENGLISH = f"{BEST} Write it in English, or add example pictures."
BY_MODEL = f"{BEST} {{model}} reads your words and proposes searches in English."
ADD_YOUR_OWN = "This doesn’t look like English. Built-in proposals are English, so add your own searches."

NearestNouns = Callable[[Vectors, int], list[str]]


class Hit(View):
    """A picture found by a search. `score` orders (a cosine, or standard deviations where words and a
    picture are combined); it is no probability."""

    id: str
    path: str
    score: float


def about_words(collection: Collection, texts: Sequence[str], nearest: Sequence[str]) -> list[str]:
    """For each text what to do where the encoder hardly knows it or no picture is near; else empty.
    `nearest`: the first picture that each one found; empty for none, or where that isn't to be told."""
    english, hints = reads_english(collection), []
    # With the built-in encoder alone it was measured what is near.
    recorded, scores = collection.library.encoder(), [math.inf] * len(texts)
    if recorded is not None and recorded.name == "embedded":
        for place in filter(nearest.__getitem__, range(len(texts))):
            (picture,) = collection.index().vectors([nearest[place]])
            scores[place] = float(picture @ collection.text_vectors([texts[place]])[0])
    about = collection.hardly_knows(texts), scores
    for text, unknown, score in zip(texts, *about, strict=True):
        foreign = english and not looks_english(text) and (unknown or not is_latin(text))
        few = FEW_MATCH if score < NEAR else ""
        hints.append(NOT_ENGLISH if foreign else HARDLY_KNOWN if unknown else few)
    return hints


def about_language(collection: Collection, sentence: str, model: str) -> str:
    """Who understands a concept's sentence that doesn't look like English, and what to do; else empty.
    `model`: the language model that proposes, if there is one."""
    if looks_english(sentence):
        return ""
    if reads_english(collection):
        return BY_MODEL.format(model=model) if model else WRITE_ENGLISH
    return "" if model else ADD_YOUR_OWN


def reads_english(collection: Collection) -> bool:
    """Whether searches had better be in English, as far as is known of the library's encoder."""
    recorded = collection.library.encoder()
    return recorded is not None and reads_english_best(recorded.name)


def find_pictures(
    collection: Collection,
    text: str | None,
    like: Sequence[str],
    n: int,
    allowed: PictureIds | None = None,
) -> list[Hit]:
    """The n pictures closest to words, to pictures of the library (ids), or to both. `allowed`: only these.

    Raises `DiscernError` where there is nothing to search for.
    """
    words = (text or "").strip()
    if not words and not like:
        raise DiscernError("Say what to look for: words, a picture, or both.")
    if words:
        collection.require_words()
    index = collection.index()
    probes = [collection.text_vectors([words])[0]] if words else []
    if like:
        probes.append(unit(index.vectors(like).mean(axis=0)))
    if words and like:
        # Words and a picture weigh the same: each in standard deviations of its own similarities, which
        # are far wider between pictures than between a text and pictures.
        both = index.scores(np.stack(probes).T)
        deviations = (both.values - both.values.mean(axis=0)) / np.maximum(both.values.std(axis=0), 1e-6)
        scores = replace(both, values=deviations.mean(axis=1))
        if allowed is not None:
            scores = scores.among(allowed.without(index.missing(list(allowed))))
        found = scores.top(n + len(like))
    else:
        found = index.search(np.stack(probes), n + len(like), allowed)[0]
    hits = [(picture_id, score) for picture_id, score in found if picture_id not in set(like)][:n]
    paths = collection.paths([picture_id for picture_id, _ in hits])  # a kill may leave vectors of no picture
    return [Hit(id=i, path=paths[i], score=round(score, 4)) for i, score in hits if i in paths]


class Finder:
    """Nearest pictures by text, remembered until the vectors or what is looked in change: after an edit of
    one query only that one is searched for again."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._nearest: LRUCache[tuple[str, str], list[str]] = LRUCache(TEXTS_KEPT)
        self._lock = threading.Lock()  # of it

    def find_each(
        self, index: VectorReader, texts: Sequence[str], n: int, hidden: Ids[str]
    ) -> list[list[str]]:
        """For each text at most n ids of the index, best first, none of them hidden, one of pictures that
        look alike."""
        with self._lock:  # the `DEPTH` nearest of each, all new texts in one pass over the vectors
            found = {text: self._nearest.get((index.version, text)) for text in texts}
        new = [text for text, ids in found.items() if ids is None]
        if new:
            vectors = self._collection.text_vectors(new)
            hits = zip(new, vectors, index.search(vectors, DEPTH), strict=True)
            near = {text: [i for i, _ in close] if vector.any() else [] for text, vector, close in hits}
            found |= near
            with self._lock:
                self._nearest.update({(index.version, text): ids for text, ids in near.items()})
        library = self._collection.library
        shown = {text: [i for i in ids or () if i not in hidden][: 4 * n] for text, ids in found.items()}
        return [without_look_alikes(shown[text], library)[:n] for text in texts]


def without_look_alikes(ids: Sequence[str], library: Library) -> list[str]:
    """The first of each group of near-duplicates."""
    first: dict[str, str] = {}
    for picture_id, group in zip(ids, library.near_groups(ids), strict=True):
        first.setdefault(group, picture_id)
    return list(first.values())


def with_look_alikes(ids: Iterable[str], library: Library) -> set[str]:
    """The pictures and all near-duplicates of theirs."""
    given = set(ids)
    return given | library.members(library.near_groups(sorted(given)))


def words_of_examples(examples: Vectors, nearest: NearestNouns) -> list[str]:
    """Nouns for what example pictures (n, d) of the embedded encoder show, by `nearest` (vector, n) → nouns:
    no other has pictures and nouns in one space."""
    return nearest(examples[:, FEATURES:].mean(axis=0), WORDS_OF_EXAMPLES)


@service
def finder_of(app: App) -> Finder:
    """What searches an app's pictures by text."""
    return Finder(collection_of(app))
