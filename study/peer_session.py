"""A person works with another project's rule, on the vectors that the product has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Texts, TrainingSet, distinct
from study.harness import Measures, average_precision
from study.peers import Model, Peer
from study.people import ANSWERS_A_SEARCH, Answer, SimulatedPerson
from study.replay import SIGNS, Split


@dataclass
class PeerSession:
    """A `study.harness.Session` of one concept. `seed` fixes every chance.

    No walls, and no picture is kept for measuring: every answer teaches. The peer's own model is what is
    exported and what ranks the library. As in the app, near-duplicates of what was shown are left out.
    `written`: the texts after each search that the person comes to write.
    """

    split: Split
    texts: Texts
    seed: int
    peer: Peer
    written: Sequence[Texts] = ()

    def __post_init__(self) -> None:
        self._names = [self.split.names[row] for row in self.split.pool]
        self._place = {name: place for place, name in enumerate(self._names)}
        self._vectors, self._group = self.split.vectors[self.split.pool], self.split.group[self.split.pool]
        self._asked = np.zeros(len(self._names), dtype=bool)
        self._said = np.zeros(len(self._names), dtype=np.int8)
        self._to_write = list(self.written)
        self._round: list[str] = []  # chosen together, and not asked about yet

    def wall(self) -> list[str]:
        return []

    def looked(self, clicked: Sequence[str]) -> int:
        return self.answer(dict.fromkeys(clicked, "yes"))

    def framed(self, person: SimulatedPerson) -> int:
        return 0

    def some_that_count(self, person: SimulatedPerson, n: int) -> list[str]:
        """Names of n pictures at random that count, or of as many as there are."""
        order = np.random.default_rng(self.seed).permutation(len(self._names))
        return [self._names[row] for row in order if person.truth(self._names[row]) == "yes"][:n]

    def next(self, n: int) -> list[str]:
        while self._to_write and self._asked.sum() >= ANSWERS_A_SEARCH * len(self.texts.searches):
            self.texts = self._to_write.pop(0)
        if not self._round:
            self._round = self._next_round()
        asked, self._round = self._round[:n], self._round[n:]
        return asked

    def _next_round(self) -> list[str]:
        rng = np.random.default_rng([self.seed, int(self._asked.sum())])
        is_free = ~np.isin(self._group, self._group[self._asked])
        free, model = np.flatnonzero(is_free), self._model()
        if model:
            rows = self.peer.then(model(self._vectors), free, rng)
        else:
            rows = self.peer.first(self.texts, self._vectors, free, rng)
        return [self._names[row] for row in distinct(rows, self._group, is_free, self.peer.batch)]

    def answer(self, answers: Mapping[str, Answer]) -> int:
        for name, value in answers.items():
            self._asked[self._place[name]] = True
            self._said[self._place[name]] = SIGNS[value]
        return len(answers)

    def measured(self, person: SimulatedPerson) -> Measures:
        rank, test = self._model() or self._by_words, self.split.test
        names, library = [self.split.names[row] for row in test], rank(self._vectors)
        exported = dict(zip(names, rank(self.split.vectors[test]).tolist(), strict=True))
        left = {self._names[row]: float(library[row]) for row in np.flatnonzero(~self._asked)}
        return Measures(
            average_precision=average_precision(exported, person),
            average_precision_library=average_precision(left, person),
            facets=person.kinds_met(self._names, (n for n in self._names if self._said[self._place[n]] > 0)),
        )

    def _model(self) -> Model | None:
        """None where the peer can't learn from so few labels."""
        rows = np.flatnonzero(self._said)
        data = TrainingSet(self._vectors[rows], self._said[rows] > 0, np.ones(len(rows)), self._group[rows])
        try:
            return self.peer.fit(data, self._vectors[~self._asked], self.seed)
        except NotEnoughLabelsError:
            return None

    def _by_words(self, vectors: Vectors) -> Floats:
        return np.asarray(vectors @ self.texts.direction, np.float64)
