"""The product's choosing and training over vectors alone: no data folder, no library, no waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.acquisition import Labelled, Pool
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import SEED, train_early
from concepts.learning.rounds import Ways, next_round
from concepts.learning.splits import Rows
from concepts.study.people import Answer

SIGNS = {"yes": 1, "no": -1, "unsure": 0}


@dataclass(frozen=True)
class Split:
    """Embedded pictures: `pool` are the rows that may be asked about, `test` the rows that only measure.

    names (n) are unique; vectors (n, d); group (n,) near-duplicate groups, none of which is on both sides.
    """

    names: Sequence[str]
    vectors: Vectors
    group: Rows
    pool: Rows
    test: Rows


class Replay:
    """A `concepts.study.harness.Session` of one concept. `seed` fixes every chance in choosing."""

    def __init__(self, split: Split, text_direction: Vectors, *, seed: int, ways: Ways | None = None) -> None:
        self._split = split
        self._text_direction = text_direction
        self._seed = seed
        self._ways = ways or Ways()
        self._names = [split.names[row] for row in split.pool]
        self._place = {name: place for place, name in enumerate(self._names)}
        self._pool = Pool.of(split.vectors[split.pool], split.group[split.pool], text_direction)
        self._asked = np.zeros(len(split.pool), dtype=bool)
        self._said = np.zeros(len(split.pool), dtype=np.int8)

    def next(self, n: int) -> list[str]:
        known = Labelled.by_people(self._asked.copy(), self._said.copy())
        found = next_round(
            self._training(),
            self._text_direction,
            lambda head: (self._pool, known),
            n,
            decided=int((self._said != 0).sum()),
            answered=int(self._asked.sum()),
            seed=self._seed,
            ways=self._ways,
        )
        return [self._names[choice.row] for choice in found.choices]

    def answer(self, answers: Mapping[str, Answer]) -> None:
        for name, value in answers.items():
            self._asked[self._place[name]] = True
            self._said[self._place[name]] = SIGNS[value]

    def scores(self) -> dict[str, float]:
        head = train_early(self._training(), self._text_direction, SEED, self._ways.head)
        test = self._split.test
        names = [self._split.names[row] for row in test]
        return dict(zip(names, head.logits(self._split.vectors[test]).tolist(), strict=True))

    def _training(self) -> TrainingSet:
        rows = np.flatnonzero(self._said)
        return TrainingSet(
            self._pool.vectors[rows], self._said[rows] > 0, np.ones(len(rows)), self._pool.group[rows]
        )
