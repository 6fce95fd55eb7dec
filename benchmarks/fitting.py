"""What probabilities gain from answers drawn to fit them to the library, on labelled pictures.

    python -m benchmarks.fitting --data DIR --concepts FILE --out OUT [--seeds 5]

DIR, FILE and OUT are those of `discern study`, whose simulated person answers 50 and 100 questions, those
that measure included. The head of that moment is fitted to 20, 40 or 80 answers drawn beside them, each three
times; on pictures outside the pool, which nothing was asked about, it is held against itself as it was, and
against the head that learns from as many more questions of the usual kind.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from concepts.learning.base import Bools, Floats, LinearHead
from concepts.learning.calibration import logit, refit
from concepts.learning.splits import Rows
from concepts.learning.waves import draw, strata
from study.concept_file import read_concepts
from study.harness import Effort, ask
from study.people import SimulatedPerson
from study.pictures import embed, people, read_folder, split_of
from study.replay import Replay, Split

BUDGETS, ANSWERS, REDRAWN = (50, 100), (20, 40, 80), 3
AS_IT_IS, FITTED, LEARNED = "as it is", "fitted", "learned from more"

Figures = tuple[float, float]  # mean probability minus the share that counts, unsigned; Brier score


def figures(probability: Floats, truth: Bools) -> Figures:
    return abs(float(probability.mean() - truth.mean())), float(np.mean((probability - truth) ** 2))


def fitted(
    head: LinearHead, split: Split, free: Rows, truth: Bools, n: int, rng: np.random.Generator
) -> Floats:
    """Probabilities of the pictures outside, fitted to n of the rows `free`; truth (pictures,)."""
    logits = head.logits(split.vectors[free])
    stratum = strata(logits, logit(head.threshold), n).of(logits)
    chosen = draw(stratum, n, rng)
    weight = np.bincount(stratum) / np.bincount(stratum[chosen], minlength=stratum.max() + 1)
    fit = refit(logits[chosen], truth[free[chosen]], weight[stratum[chosen]])
    return fit.moved(head.probabilities(split.vectors[split.test]))


def session(
    split: Split, replay: Replay, person: SimulatedPerson, seed: int
) -> Iterator[tuple[str, Figures]]:
    """(what, its figures) by "50 20 fitted"."""
    truth = np.array([person.truth(name) == "yes" for name in split.names])
    names, asked, effort = np.array(split.names), set[str](), Effort(np.random.default_rng(seed))
    heads: dict[int, tuple[LinearHead, Rows]] = {}
    for budget in sorted({b + n for b in BUDGETS for n in (0, *ANSWERS)}):
        asked |= ask(replay, person, budget - effort.answers, effort=effort).keys()
        out = np.isin(split.group, split.group[np.isin(names, list(asked))])
        left = split.pool[~out[split.pool]]
        free = left[np.unique(split.group[left], return_index=True)[1]]  # one of each group of look-alikes
        heads[budget] = replay.head(), free
    measured = truth[split.test]
    for budget in BUDGETS:
        head, free = heads[budget]
        for n in ANSWERS:
            more = heads[budget + n][0]
            yield (
                f"{budget} {n} {AS_IT_IS}",
                figures(head.probabilities(split.vectors[split.test]), measured),
            )
            yield (
                f"{budget} {n} {LEARNED}",
                figures(more.probabilities(split.vectors[split.test]), measured),
            )
            for redrawn in range(REDRAWN):
                rng = np.random.default_rng([seed, budget, n, redrawn])
                yield f"{budget} {n} {FITTED}", figures(fitted(head, split, free, truth, n, rng), measured)


def interval(difference: Sequence[float], rng: np.random.Generator) -> str:
    """The mean over concepts, with its 95 % bootstrap interval."""
    values = np.array(difference)
    low, high = np.quantile(
        values[rng.integers(0, len(values), (5000, len(values)))].mean(axis=1), (0.025, 0.975)
    )
    return f"{values.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--concepts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", default="embedded")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    file, pictures = read_concepts(asked.concepts), read_folder(asked.data)
    embedded = embed(pictures, file.concepts, asked.out / "library", asked.encoder, lambda *_: None)
    found: dict[str, list[list[Figures]]] = {}
    with threadpool_limits(1):
        for seed in range(asked.seeds):
            split = split_of(embedded, file.pool, seed, graph=False)
            for place, person in enumerate(people(file.concepts, pictures)):
                replay = Replay(split, embedded.texts[place], seed)
                for what, figure in session(split, replay, person, seed):
                    found.setdefault(what, [[] for _ in file.concepts])[place].append(figure)
    means = {what: np.array([np.mean(each, axis=0) for each in rows]) for what, rows in found.items()}
    rng = np.random.default_rng(0)
    for figure, name in enumerate(("mean probability off by", "Brier score")):
        print(f"{name}, mean of {len(file.concepts)} concepts, {asked.seeds} seeds")
        for budget in BUDGETS:
            for n in ANSWERS:
                was, fit, more = (
                    means[f"{budget} {n} {what}"][:, figure] for what in (AS_IT_IS, FITTED, LEARNED)
                )
                print(
                    f"  {budget:4} answers  as it is {was.mean():.4f}  fitted to {n} {fit.mean():.4f}, "
                    f"{interval(fit - was, rng)}  learned from {n} more {more.mean():.4f}, "
                    f"fitted against that {interval(fit - more, rng)}"
                )


if __name__ == "__main__":
    main()
