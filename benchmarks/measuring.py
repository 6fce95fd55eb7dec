"""How often the intervals of a version hold the truth, and how wide they are, on labelled pictures.

    python -m benchmarks.measuring --data DIR --out OUT --sessions 100

DIR and OUT are those of `discern study`: pictures with `labels.csv`, and a folder that keeps their vectors. A
concept is a few kinds (`--column`) drawn at random, together 1 to 85 of 100 pictures. A simulated person
answers ten questions at a time, chosen by the head of so far; each batch makes a new head. Half of the
pictures come in the middle of it. After each wave the person looks at the version of that moment, and stops
when precision and recall are known to within 30 points. Drawing, heads and figures are the product's.

Then 60 answers each at one moment, on rare concepts and on common ones: waves, one aimed draw, and a plain
random draw with the exact interval of its own counts, whose error is split over two looks.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from concepts.learning.base import Bools, Floats, LinearHead, Rows, TrainingSet
from concepts.learning.calibration import logit
from concepts.learning.fitting import SEED, held_out_probabilities, train_early
from concepts.learning.stratified import CountedFigure, Draws, StratifiedCounts, Stratum, together
from concepts.learning.waves import LOOKS, Strata, draw, error_at, next_size, strata
from study.concept_file import read_concepts
from study.pictures import embed, read_folder

RATES = (0.01, 0.05, 0.2, 0.5, 0.85)
SIXTY = ((0.02, 0.05), (0.4, 0.9))  # base rates
PLAIN = 0.025  # error of the plain draw
SATISFIED = 0.3  # width of precision and recall
FIRST, BATCH, BATCHES_A_WAVE = 10, 10, 2
FIGURES: tuple[CountedFigure, ...] = ("precision", "recall", "base_rate")
ELSEWHERE = 0.3  # of all pictures are in no library: what a version meets after it was exported

Truth = dict[str, dict[str, float]]  # figures by which pictures they are of


@dataclass
class Library:
    """vectors (n, d) and truth (n,) of one picture of each group of look-alikes; `here` (n,) is there yet."""

    vectors: Floats
    truth: Bools
    rng: np.random.Generator
    here: Bools = field(init=False)
    learned: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.elsewhere = self.rng.random(len(self.truth)) < ELSEWHERE
        self.here = ~self.elsewhere & (self.rng.random(len(self.truth)) < 0.5)
        yes, no = (np.flatnonzero(self.here & (self.truth == side)) for side in (True, False))
        self.learned += [
            *self.rng.choice(yes, 3, replace=False),
            *self.rng.choice(no, FIRST - 3, replace=False),
        ]
        self.drawn = np.full(len(self.truth), -1)
        self._stratum: list[Rows] = []
        self._known: list[Bools] = []
        self._newest = np.zeros(len(self.truth), np.int64)

    @property
    def training(self) -> TrainingSet:
        rows = np.array(self.learned)
        return TrainingSet(self.vectors[rows], self.truth[rows], np.ones(len(rows)), rows)

    def head(self) -> LinearHead:
        return train_early(self.training, None, SEED)

    def learn(self, batches: int) -> None:
        """Asks about what the head of so far is least sure of."""
        for _ in range(batches):
            unsure = np.abs(self.head().logits(self.vectors))
            unsure[~self.here | (self.drawn >= 0)] = np.inf
            unsure[self.learned] = np.inf
            self.learned += [int(row) for row in np.argsort(unsure)[:BATCH]]

    def grow(self) -> None:
        self.here = ~self.elsewhere

    def wave(self, size: int, *, aimed: bool) -> None:
        known = (self.drawn >= 0) | np.isin(np.arange(len(self.here)), self.learned)
        free = np.flatnonzero(self.here & ~known)
        cut, logits = Strata(()), np.zeros(len(self.here))
        if aimed:
            head = self.head()
            logits = head.logits(self.vectors)
            cut = strata(logits[free], logit(head.threshold), size)
        own = cut.of(logits)
        self._stratum.append(np.where(self.here & ~known, own, -1))
        self._known.append(self.here & known)
        self.drawn[free[draw(own[free], size, self.rng)]] = len(self._stratum) - 1
        self._newest = own

    def said(self) -> tuple[StratifiedCounts, Truth, LinearHead]:
        """Figures of the head of now, and the truth of them: of the library as it is, of what of it nobody
        has answered, and of pictures from elsewhere."""
        head = self.head()
        seen = head.probabilities(self.vectors)
        unseen = seen.copy()
        unseen[self.learned] = held_out_probabilities(self.training, None, SEED)
        draws = Draws(np.stack(self._stratum), np.stack(self._known), self._newest, self.drawn)
        learned = np.isin(np.arange(len(seen)), self.learned)
        views = [together(draws.with_known(learned), seen, self.truth), together(draws, unseen, self.truth)]
        error = error_at(int((self.drawn >= 0).sum()))
        found, flagged = StratifiedCounts(views, head.threshold, error), seen >= head.threshold
        never = self.here & ~learned & (self.drawn < 0)
        parts = {"library": self.here, "never answered": never, "elsewhere": self.elsewhere}
        return found, {of: true_figures(flagged[rows], self.truth[rows]) for of, rows in parts.items()}, head


def true_figures(flagged: Bools, truth: Bools) -> dict[str, float]:
    right = float((flagged & truth).sum())
    return {
        "precision": right / max(flagged.sum(), 1),
        "recall": right / max(truth.sum(), 1),
        "base_rate": float(truth.mean()),
    }


def width(counts: StratifiedCounts, name: CountedFigure) -> float:
    found = counts.figure(name)
    return 1.0 if found is None else found.high - found.low


def holds(counts: StratifiedCounts, name: CountedFigure, truth: float) -> bool:
    found = counts.figure(name)
    return found is None or found.low - 1e-9 <= truth <= found.high + 1e-9


def concepts(
    vectors: Floats, kinds: Sequence[str], low: float, high: float, sessions: int
) -> Iterator[Library]:
    names = np.unique(kinds)
    column = np.array(kinds)
    for seed in range(sessions):
        rng = np.random.default_rng([seed, round(1000 * low)])
        truth = np.zeros(len(kinds), dtype=bool)
        for name in rng.permutation(names):
            more = truth | (column == name)
            if more.mean() <= high:
                truth = more
            if truth.mean() >= low:
                break
        yield Library(vectors, truth, rng)


def session(library: Library) -> tuple[int, dict[str, dict[CountedFigure, bool]]]:
    """Answers that measured when the person stopped, and which figures held which truth then."""
    taken, found = 0, None
    truths: dict[str, dict[str, float]] = {}
    while taken < LOOKS[3]:
        size = next_size(taken, int(library.here.sum()))
        if not size:
            break
        library.wave(size, aimed=taken > 0)
        taken += size
        if taken == LOOKS[1]:
            library.grow()
        elif taken in LOOKS:
            found, truths, _ = library.said()
            if max(width(found, "precision"), width(found, "recall")) < SATISFIED:
                break
        library.learn(BATCHES_A_WAVE)
    assert found is not None
    held = {
        of: {name: holds(found, name, figures[name]) for name in FIGURES} for of, figures in truths.items()
    }
    return taken, held


def sixty(library: Library) -> dict[str, tuple[StratifiedCounts, dict[str, float]]]:
    """What 60 answers say of the same head: waves, one aimed draw, random ones."""
    library.grow()
    library.learn(3)
    learned, rng = list(library.learned), library.rng
    said: dict[str, tuple[StratifiedCounts, dict[str, float]]] = {}
    for name, sizes in (("in waves", (12, 18, 30)), ("in one aimed draw", (60,))):
        other = Library(library.vectors, library.truth, rng)
        other.elsewhere = library.elsewhere
        other.grow()
        other.learned = list(learned)
        for number, size in enumerate(sizes):
            other.wave(size, aimed=number > 0 or len(sizes) == 1)
        counts, truths, head = other.said()
        said[name] = counts, truths["library"]
    free = np.setdiff1d(np.flatnonzero(library.here), learned)
    rows = rng.choice(free, 60, replace=False)
    probability = head.probabilities(library.vectors)
    alike = Stratum(probability[rows], library.truth[rows], np.sort(probability[free]))
    truth = true_figures(probability[free] >= head.threshold, library.truth[free])
    said["at random"] = StratifiedCounts([[alike]], head.threshold, PLAIN), truth
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--concepts", type=Path, default=Path("docs/study/grocery.toml"))
    parser.add_argument("--column", default="fine")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=100)
    asked = parser.parse_args()
    pictures = read_folder(asked.data)
    file = read_concepts(asked.concepts)
    found = embed(pictures, file.concepts, asked.out / "library", "embedded", lambda *_: None)
    first = np.unique(found.group, return_index=True)[1]
    vectors = found.vectors[first].astype(np.float64)
    kinds = [pictures.rows[found.names[row]][asked.column] for row in first]
    with threadpool_limits(1):
        print(f"{'share':>6} {'answers':>8}  how often the interval holds the truth when the person stops")
        for rate in RATES:
            ended = [
                session(one) for one in concepts(vectors, kinds, 0.8 * rate, 1.25 * rate, asked.sessions)
            ]
            answers = np.mean([n for n, _ in ended])
            for of in ended[0][1]:
                cells = (f"{name} {np.mean([held[of][name] for _, held in ended]):.3f}" for name in FIGURES)
                print(f"{rate:>6} {answers:>8.0f}  {of:<15}", ", ".join(cells), flush=True)
        for low, high in SIXTY:
            print(f"\n60 answers, {low} to {high} count: median width (and how often it holds the truth)")
            moments = [sixty(one) for one in concepts(vectors, kinds, low, high, asked.sessions)]
            for name in moments[0]:
                parts = []
                for figure in FIGURES:
                    widths = [width(said[name][0], figure) for said in moments]
                    held = [holds(said[name][0], figure, said[name][1][figure]) for said in moments]
                    parts.append(f"{figure} {np.median(widths):.3f} ({np.mean(held):.3f})")
                print(f"{name:<20}", ", ".join(parts), flush=True)


if __name__ == "__main__":
    main()
