"""What a version says of every picture of the library: computed once, then looked at from many sides."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray

from concepts.bundle.decisions import ConceptSaid, zone_of, zones_of
from concepts.bundle.scorer import sigmoid
from concepts.encoders.base import Vectors
from concepts.learning.scale import Scale
from concepts.learning.scaled import classes, grades
from concepts.results.training import linear_head
from concepts.use_cases import App, service
from concepts.view import View
from storage.heads import StoredHead
from storage.tables import ConceptRow
from storage.vectors.ids import PictureIds
from storage.vectors.reader import Scores, VectorReader

KEPT = 4  # versions in memory: 12 bytes a picture each
STEPS = 1000  # thresholds from 0 to 1 that the screen can show

ScoreOrder = Literal["top", "bottom", "borderline", "unfamiliar"]


class PicturesDone(View):
    """How many pictures the work was done for."""

    pictures: int


@dataclass(frozen=True)
class LibraryScores:
    """The probability of every picture, 0 to 1, and how familiar the version is with it (below 0: unlike all
    that was labelled), where it knows that.

    `ranking` orders the same pictures by all answers (`concepts.labelling.ranking`), where that can be done;
    `is_ranked`: that was tried.
    """

    probability: Scores
    familiarity: Scores | None = None
    ranking: Scores | None = None
    is_ranked: bool = False

    @cached_property
    def _rising(self) -> NDArray[np.float32]:
        return np.sort(self.probability.values)

    def flagged(self, threshold: float) -> int:
        """How many pictures are called yes."""
        return len(self._rising) - int(np.searchsorted(self._rising, np.float32(threshold)))

    def up_to(self, line: float) -> int:
        """How many pictures are no more probable than that."""
        return int(np.searchsorted(self._rising, np.float32(line), side="right"))

    @cached_property
    def unfamiliar(self) -> int | None:
        """How many pictures are unlike all that was labelled; None where the version can't tell."""
        return None if self.familiarity is None else int((self.familiarity.values < 0).sum())

    def flagged_at_each_step(self) -> list[int]:
        """(STEPS + 1,) pictures called yes at the thresholds 0, 1/STEPS, … 1."""
        steps = np.linspace(0, 1, STEPS + 1).astype(np.float32)
        return [int(n) for n in len(self._rising) - np.searchsorted(self._rising, steps)]

    def page(self, order: ScoreOrder, threshold: float, start: int, size: int) -> list[tuple[str, float]]:
        """(picture id, probability) of `size` pictures behind the first `start`: surest first, nearest to
        the threshold first, or the least familiar first. The surest are those of the ranking, where there is
        one."""
        if order == "borderline":
            return self.probability.nearest(threshold, size, start)
        if order == "unfamiliar":
            least = self.familiarity.bottom(size, start) if self.familiarity else []
            return self.probability.of([picture_id for picture_id, _ in least])
        ranked = self.ranking or self.probability
        found = ranked.top(size, start) if order == "top" else ranked.bottom(size, start)
        if self.ranking is None:
            return found
        return self.probability.of([picture_id for picture_id, _ in found])


def _key(_: object, head: StoredHead, vectors: VectorReader) -> tuple[bytes, str]:
    return hashlib.sha256(head.function).digest(), vectors.version


class ScoreCache:
    """The scores of the last few versions looked at. A version with another threshold has the same ones.

    Two heads are computed beside each other, the same head once.
    """

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[bytes, str], LibraryScores] = LRUCache(KEPT)
        self._changed = threading.Condition()

    def has(self, head: StoredHead, vectors: VectorReader) -> bool:
        """Whether `of` would take no time."""
        return _key(self, head, vectors) in self._kept

    @cachedmethod(lambda self: self._kept, _key, condition=lambda self: self._changed)
    def of(self, head: StoredHead, vectors: VectorReader) -> LibraryScores:
        """Computed where they are not kept, or where the library has changed. Seconds for a million."""
        return _scored(head, vectors)

    def rank(self, head: StoredHead, vectors: VectorReader, ranking: Scores | None) -> None:
        """Keeps the order of these vectors' pictures beside the scores of the head, or that there is none."""
        ranked = replace(self.of(head, vectors), ranking=ranking, is_ranked=True)
        with self._changed:
            self._kept[_key(self, head, vectors)] = ranked


def scored_alone(head: StoredHead, vectors: VectorReader, ids: Sequence[str]) -> list[tuple[str, float]]:
    """(picture id, probability) of those of these pictures that have a vector, and of no others."""
    return _scored(head, vectors, PictureIds.of(ids)).probability.of(ids)


def _scored(head: StoredHead, vectors: VectorReader, allowed: PictureIds | None = None) -> LibraryScores:
    line = linear_head(head)
    if line.familiar_from is None:
        logits = line.scores(vectors, allowed)
        return LibraryScores(_probabilities(logits, logits.values))

    def both(products: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([line.joined(products), line.nearest(products)], axis=1)

    found = vectors.scores(line.columns, allowed=allowed, joined=both)
    logit, nearest = found.values.T
    familiarity = replace(found, values=nearest - np.float32(line.familiar_from))
    return LibraryScores(_probabilities(found, logit), familiarity)


def _probabilities(of: Scores, logits: NDArray[np.float32]) -> Scores:
    return replace(of, values=sigmoid(logits).astype(np.float32, copy=False))


def said_of(concept: ConceptRow, head: StoredHead, vector: Vectors) -> list[ConceptSaid]:
    """What a version says of a picture: of exclusive classes each, as its exported file does."""
    linear, scale = linear_head(head), Scale.read(concept.scale)
    chances = classes(linear, vector[None])
    if chances is not None and scale is not None:
        return [
            _said_of_class(name, head.number, float(chances[0, k]), bool(chances[0].argmax() == k))
            for k, name in enumerate(scale.words, 1)
        ]
    probability, grade = float(linear.probabilities(vector[None])[0]), grades(linear, vector[None])
    yes, familiarity = probability >= head.threshold, linear.familiarity(vector[None])
    near = None if familiarity is None else float(familiarity[0])
    said = ConceptSaid(
        concept=concept.name,
        version=head.number,
        probability=probability,
        decision="yes" if yes else "no",
        zone=zone_of(
            probability,
            yes=yes,
            threshold=head.threshold,
            zones=zones_of(head.threshold, head.details),
            familiarity=near,
        ),
        grade=None if grade is None else float(grade[0]),
        familiarity=near,
    )
    return [said]


def _said_of_class(name: str, version: int, probability: float, is_it: bool) -> ConceptSaid:
    decision: Literal["yes", "no"] = "yes" if is_it else "no"
    return ConceptSaid(
        concept=name, version=version, probability=probability, decision=decision, zone=decision
    )


@service
def score_cache_of(app: App) -> ScoreCache:
    """The scores of an app's newest versions."""
    return ScoreCache()
