"""The product's choosing and training over vectors alone: no data folder, no library, no waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.encoders.parts import best_part, focus_of, picked
from concepts.errors import NotEnoughLabelsError
from concepts.labelling.ranking import RANKING
from concepts.learning.acquisition import SEARCHED, Labelled, Pool, next_round
from concepts.learning.base import (
    PASSED_OVER,
    Bools,
    LinearHead,
    NeighbourGraph,
    Pictures,
    Rows,
    Texts,
    TrainingSet,
)
from concepts.learning.calibration import logit
from concepts.learning.contact_sheet import is_due
from concepts.learning.fitting import SEED, train_early
from concepts.learning.machine_labels import MachineLabels
from concepts.learning.scorers import SCORERS, neighbour_graph
from concepts.learning.waves import FEW_LEFT, Strata, draw, measures_next, next_look, next_size, strata
from concepts.library.neighbourhood import LARGEST
from concepts.library.parts import SAMPLED
from study.annotators import Ratings
from study.harness import Measures, average_precision
from study.methods import AGGREGATIONS, BY_HEAD, StudyMethod
from study.people import ANSWERS_A_SEARCH, FRAMES, Answer, SimulatedPerson
from study.scorers import ZERO_SHOT
from study.soft_targets import SoftLabels
from study.walls import WALLS

PARTS_AT_ONCE = 256  # pictures
SIGNS = {"yes": 1, "no": -1, "unsure": 0}
MOST_WALLS = 12  # what isn't on one of them is looked for in another way


@dataclass(frozen=True)
class Split:
    """Embedded pictures: `pool` are the rows that may be asked about, `test` the rows that only measure.

    names (n) are unique; vectors (n, d); group (n,) near-duplicate groups, none of which is on both sides;
    neighbours: the graph of the pool's rows in their order, where a method needs one; parts (n, p, d) of the
    pictures, likewise.
    """

    names: Sequence[str]
    vectors: Vectors
    group: Rows
    pool: Rows
    test: Rows
    neighbours: NeighbourGraph | None = None
    parts: NDArray[np.float16] | None = None


@dataclass
class Replay:
    """A `study.harness.Session` of one concept. `seed` fixes every chance in choosing.

    As in the app, in the end one question in three is about a picture that measures: nothing learns from it.
    `measuring` False leaves those out, for questions about learning alone. ratings (pool,): what a simulated
    annotator says of the pool's pictures, of those to measure with nothing (0). written: the texts after each
    search that the person comes to write, one every `ANSWERS_A_SEARCH` answers.
    """

    split: Split
    texts: Texts
    seed: int
    method: StudyMethod = field(default_factory=StudyMethod)
    measuring: bool = True
    ratings: Ratings | None = None
    written: Sequence[Texts] = ()

    def __post_init__(self) -> None:
        split = self.split
        self.texts = self._heard(self.texts)
        self._names = [split.names[row] for row in split.pool]
        self._place = {name: place for place, name in enumerate(self._names)}
        self._group = split.group[split.pool]
        self._asked = np.zeros(len(self._names), dtype=bool)
        self._said = np.zeros(len(self._names), dtype=np.int8)
        self._again = np.zeros(len(self._names), dtype=np.int8)
        self._learns = np.ones(len(self._names), dtype=bool)
        self._to_measure: list[str] = []
        self._waves = self._drawn = 0
        self._draw()
        self._askable = np.flatnonzero(self._learns)
        self._pool = self._what_can_be_asked()
        self._since = 0  # questions since the last about a picture that measures
        self._shown = np.empty(0, np.int64)  # rows of what may be asked about
        self._walls = 0
        self._walled = 0  # answers before the last wall
        self._to_write = list(self.written)
        self._frames: dict[str, int] = {}  # picture → the part that was framed in it
        self._waiting: dict[int, int] = {}  # search → answers when it was written, until it is asked about
        self._waited: list[int] = []

    def _heard(self, texts: Texts) -> Texts:
        """With the direction that the method makes of them."""
        if not self.method.words:
            return texts
        way, vectors = ZERO_SHOT[self.method.words](), self.split.vectors[self.split.pool]
        return replace(texts, direction=way.direction(texts.each(), vectors))

    def _what_can_be_asked(self) -> Pool:
        vectors = self.split.vectors[self.split.pool]
        return Pool.of(vectors[self._askable], self._group[self._askable], self.texts)

    def _write(self) -> None:
        """The searches that the person has come to write by now."""
        while self._to_write and self._asked.sum() >= ANSWERS_A_SEARCH * len(self.texts.searches):
            self.texts = self._heard(self._to_write.pop(0))
            self._waiting[len(self.texts.searches) - 1] = int(self._asked.sum())
            self._pool = self._what_can_be_asked()

    def _note_waits(self) -> None:
        for search, since in list(self._waiting.items()):
            first = np.argsort(-self._pool.text_scores[1 + search], kind="stable")[:SEARCHED]
            if self._asked[self._askable[first]].any():
                self._waited.append(int(self._asked.sum()) - since)
                del self._waiting[search]

    def _draw(self) -> None:
        """The next wave of pictures to measure with, as the app draws it."""
        size = next_size(self._drawn, len(self._names)) if self.measuring else 0
        if not size:
            return
        seen = np.isin(self._group, self._group[self._asked | ~self._learns])
        free = np.flatnonzero(~seen)
        frame = free[np.unique(self._group[free], return_index=True)[1]]
        cut, logits = Strata(()), np.zeros(len(frame))
        if self._waves:
            head = self.head()
            logits = head.logits(self.split.vectors[self.split.pool[frame]])
            cut = strata(logits, logit(head.threshold), size)
        chosen = frame[draw(cut.of(logits), size, np.random.default_rng([self.seed, self._waves]))]
        self._to_measure += [self._names[place] for place in chosen]
        self._learns &= ~np.isin(self._group, self._group[chosen])
        self._waves, self._drawn = self._waves + 1, self._drawn + len(chosen)

    def wall(self) -> list[str]:
        self._write()
        training = self._training()
        said = training.weight >= 1
        on_a_wall = np.isin(self._training_rows()[said], self._askable[self._shown])
        people = training.at(said)
        due = is_due(people, on_a_wall, int(self._asked.sum()) - self._walled, self._again)
        if not self.method.wall or self._walls == MOST_WALLS or not due:
            return []
        if people.positives and not self.method.later:
            return []
        pool = self._pool
        shown = np.union1d(self._shown, np.flatnonzero(~self._learns[self._askable]))
        rows = WALLS[self.method.wall](pool, shown, self._walls, self.seed)
        self._shown, self._walls = np.concatenate([self._shown, rows]), self._walls + 1
        return [self._names[self._askable[row]] for row in rows]

    def looked(self, clicked: Sequence[str]) -> int:
        for name in clicked:
            self._asked[self._place[name]] = True
            self._said[self._place[name]] = 1
        self._walled = int(self._asked.sum())
        self._note_waits()
        return len(clicked)

    def next(self, n: int) -> list[str]:
        self._write()
        if len(self._to_measure) <= FEW_LEFT:
            self._draw()
        measures = self._which_measure(n)
        learning = iter(self._to_learn(n - sum(measures)))
        measuring = iter(self._to_measure)
        found = [next(measuring if m else learning, None) for m in measures]
        return [name for name in found if name is not None]

    def _which_measure(self, n: int) -> list[bool]:
        """Of each of the next n questions whether it is about a picture that measures, as in the app."""
        answered, measured = int(self._asked.sum()), self._drawn - len(self._to_measure)
        first_look, since = next_look(0, len(self._names)), self._since
        measures: list[bool] = []
        for i in range(n):
            left = self._drawn > measured
            measures.append(left and measures_next(since, answered + i, measured, first_look))
            since = 0 if measures[-1] else since + 1
            measured += measures[-1]
        return measures

    def answer(self, answers: Mapping[str, Answer]) -> int:
        for name, value in answers.items():
            place = self._place[name]
            if self._asked[place]:
                self._again[place] = 1 if self._said[place] == SIGNS[value] else -1
            self._asked[place] = True
            self._said[place] = SIGNS[value]
            self._since = self._since + 1 if self._learns[self._place[name]] else 0
        self._to_measure = [name for name in self._to_measure if name not in answers]
        self._note_waits()
        return int(sum(self._learns[self._place[name]] for name in answers))

    def framed(self, person: SimulatedPerson) -> int:
        if not self.method.parts or person.frames is None:
            return 0
        taught = np.flatnonzero((self._said > 0) & self._learns)
        names = [self._names[place] for place in taught if self._names[place] not in self._frames]
        due = [name for name in names if person.truth(name) == "yes"][: FRAMES - len(self._frames)]
        self._frames |= {name: best_part(person.frames(name)) for name in due}
        if due:
            self._look_at_parts()
        return len(due)

    def _look_at_parts(self) -> None:
        """As `concepts.library.parts` does: in every picture at the part that is like those framed."""
        split = self.split
        assert split.parts is not None
        rows = [split.pool[self._place[name]] for name in self._frames]
        some = np.random.default_rng(self.seed).permutation(split.pool)[:SAMPLED]
        others = split.parts[np.sort(some)].reshape(-1, split.parts.shape[2])
        focus = focus_of(split.parts[rows, list(self._frames.values())], others)
        vectors = np.empty_like(split.vectors)
        for start in range(0, len(vectors), PARTS_AT_ONCE):
            parts = split.parts[start : start + PARTS_AT_ONCE]
            vectors[start : start + len(parts)] = parts[np.arange(len(parts)), picked(parts, focus)]
        graph = None if split.neighbours is None else neighbour_graph(vectors[split.pool])
        self.split = replace(split, vectors=vectors, neighbours=graph)
        self._pool = self._what_can_be_asked()

    def some_that_count(self, person: SimulatedPerson, n: int) -> list[str]:
        """Names of n pictures at random that count and may be learned from, or of as many as there are."""
        order = np.random.default_rng(self.seed).permutation(self._askable)
        counting = (self._names[place] for place in order if person.truth(self._names[place]) == "yes")
        return list(islice(counting, n))

    def head(self) -> LinearHead:
        """What would be exported now."""
        return train_early(self._training(), self.texts.direction, SEED, self.method.ways.head)

    def measured(self, person: SimulatedPerson) -> Measures:
        head, test = self.head(), self.split.test
        names = [self.split.names[row] for row in test]
        logits, probability = (
            head.logits(self.split.vectors[test]),
            head.probabilities(self.split.vectors[test]),
        )
        truth = np.array([SIGNS[person.truth(name)] for name in names])
        decided, yes = truth != 0, truth > 0
        flagged = probability >= head.threshold
        return Measures(
            average_precision=average_precision(dict(zip(names, logits.tolist(), strict=True)), person),
            recall=float(flagged[yes].mean()) if yes.any() else float("nan"),
            brier=float(np.mean((probability[decided] - yes[decided]) ** 2)),
            average_precision_library=self._ranked(head, person),
            facets=person.kinds_met(self._names, (n for n in self._names if self._said[self._place[n]] > 0)),
            search_waits=float(
                max(
                    [*self._waited, *(int(self._asked.sum()) - since for since in self._waiting.values())],
                    default=float("nan"),
                )
            ),
        )

    def _to_learn(self, n: int) -> list[str]:
        at = self._askable
        known = Labelled(
            asked=(self._asked | ~self._learns)[at],
            person=(self._said * self._learns)[at],
            again=self._again[at],
            passed=self._passed()[at],
        )
        found = next_round(
            self._training(),
            self.texts.direction,
            lambda head: (self._pool, known),
            n,
            decided=int((known.person != 0).sum()),
            answered=int((self._asked & self._learns).sum()),
            seed=self.seed,
            ways=self.method.ways,
        )
        return [self._names[self._askable[choice.row]] for choice in found.choices]

    def _ranked(self, head: LinearHead, person: SimulatedPerson) -> float:
        """Average precision of the library's own ranking; NaN where there is too little to rank by."""
        try:
            return average_precision(self._library(head), person)
        except NotEnoughLabelsError:
            return float("nan")

    def _library(self, head: LinearHead) -> dict[str, float]:
        """The pool's pictures without an answer, as the library's own ranking scores them."""
        vectors, training = self.split.vectors[self.split.pool], self._training()
        name = self.method.scorer
        if not name:  # as `rank_library` does it
            fits = len(vectors) <= LARGEST and training.positives
            name = RANKING if fits else BY_HEAD
        if name == BY_HEAD:
            scores = head.logits(vectors)
        else:
            pictures = Pictures(vectors, self.split.neighbours, self._training_rows())
            scores = SCORERS[name]().score(training, self.texts, pictures, SEED)
        return {
            name: float(scores[place]) for place, name in enumerate(self._names) if not self._asked[place]
        }

    def _machine(self) -> MachineLabels:
        """What the annotator says of the pool's pictures, as the app takes it."""
        ratings = np.empty((0, len(self._said)), np.int8)
        if self.ratings is not None:
            ratings = np.atleast_2d(np.where(self._learns, self.ratings, 0).astype(np.int8))
        aggregate = AGGREGATIONS[self.method.aggregation]
        return aggregate(np.where(self._learns, self._said, 0), ratings)

    def _training_rows(self) -> Rows:
        """People's, then the machine's, then what was passed over on walls; then the machine's again, where
        soft labels teach the other side, too."""
        found, people = self._machine(), (self._said != 0) & self._learns
        machine, soft = found.labelled, isinstance(found, SoftLabels)
        passed = self._passed() & ~machine if self.method.unmarked else machine & False
        return np.concatenate([np.flatnonzero(part) for part in (people, machine, passed, machine & soft)])

    def _passed(self) -> Bools:
        passed = np.zeros(len(self._names), dtype=bool)
        passed[self._askable[self._shown]] = True
        return passed & self._learns & ~self._asked

    def _training(self) -> TrainingSet:
        rows, machine = self._training_rows(), self._machine()
        at, by_machine = self.split.pool[rows], machine.labelled[rows]
        weight = np.where(self._said[rows] != 0, 1.0, PASSED_OVER)
        weight = np.where(by_machine, machine.weight[rows], weight)
        positive = np.where(by_machine, machine.positive[rows], self._said[rows] > 0)
        if isinstance(machine, SoftLabels):
            others = slice(len(rows) - int(machine.labelled.sum()), None)
            weight[others], positive[others] = machine.against[rows[others]], ~positive[others]
        return TrainingSet(self.split.vectors[at], positive, weight, self.split.group[at])
