"""The acquisition protocol: everything known in a round of questions → which pictures to ask about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, LinearHead, NeighbourGraph, TrainingSet, Votes
from concepts.learning.splits import Rows
from concepts.registry import Method

Fit = Callable[[TrainingSet], LinearHead]


@dataclass(frozen=True)
class Pool:
    """The pictures to choose from. Row i of every array is the same picture.

    vectors (n, d); text_score (n,) similarity to what counts minus what doesn't; group (n,) near-duplicate
    groups; neighbours: their graph, where there is one.
    """

    vectors: Vectors
    text_score: Floats
    group: Rows
    neighbours: NeighbourGraph | None = None

    @classmethod
    def of(cls, vectors: Vectors, group: Rows, text_direction: Vectors) -> Pool:
        return cls(vectors, np.asarray(vectors @ text_direction, dtype=np.float64), group)


@dataclass(frozen=True)
class Labelled:
    """What is known of each picture of the pool, and from whom. All (n,).

    asked: a person has answered, with whatever it was, or has it on their screen; person: what people say
    together; machine: what the annotators say together, and weight (0..1) what that counts for.
    """

    asked: Bools
    person: Votes
    machine: Votes
    weight: Floats

    @classmethod
    def by_people(cls, asked: Bools, person: Votes) -> Labelled:
        """Where no annotator has said anything."""
        return cls(asked, person, np.zeros(len(asked), np.int8), np.zeros(len(asked)))


@dataclass(frozen=True)
class Round:
    """One round of questions: what can be asked, what is known, and what was learned from it.

    training: every label so far, also of pictures outside the pool; head: what was trained from it, None as
    long as no person has decided anything; probability (n,) by that head; fit: labels → the head that the
    product would train from them, for methods that try out answers; doubt (n,): of grades or classes,
    how much an answer would tell, the more the higher.
    """

    pool: Pool
    labelled: Labelled
    training: TrainingSet
    fit: Fit
    head: LinearHead | None = None
    probability: Floats | None = None
    doubt: Floats | None = None

    def is_free(self) -> Bools:
        """(n,) True where neither the picture nor a near-duplicate was asked before."""
        return ~np.isin(self.pool.group, self.pool.group[self.labelled.asked])

    def free(self) -> Rows:
        return np.flatnonzero(self.is_free())

    def distinct(self, rows: Iterable[int], n: int) -> list[int]:
        """The first n rows of `rows`, leaving out near-duplicates of earlier ones."""
        seen: dict[int, int] = {}
        for row in rows:
            if len(seen) >= n:
                break
            seen.setdefault(int(self.pool.group[row]), int(row))
        return list(seen.values())

    def least_certain(self) -> Rows:
        """Free rows by rising |p - 1/2|, of grades or classes by falling doubt; by falling text score before
        there is a head."""
        free = self.free()
        if self.doubt is not None:
            return free[np.argsort(-self.doubt[free], kind="stable")]
        if self.probability is None:
            return free[np.argsort(-self.pool.text_score[free], kind="stable")]
        return free[np.argsort(np.abs(self.probability[free] - 0.5), kind="stable")]


@dataclass(frozen=True)
class Choice:
    """A row of the pool worth asking about, and why, as one of the reasons the screen explains."""

    row: int
    reason: str  # "likely", "like a yes", "borderline", "exploration", "random", "disagreement"


class Acquisition(Protocol):
    """Chooses what to ask the person next. Registered in `concepts.learning.acquisition.ACQUISITIONS`.

    Ways to choose inherit from this class; made without arguments when looked up by name.
    """

    method: ClassVar[Method]

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        """At most n free rows, most useful first, never two of one near-duplicate group."""
