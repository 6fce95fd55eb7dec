"""What there still was to gain when the app says that more answers would change little.

    python -m benchmarks.stopping --data DIR --study OUT --concepts FILE [--seeds 5]

`--study` is the folder of a `discern study` of the same concepts, whose embedded pictures are read. Simulated
people answer up to 300 questions; after every ten the rule of the app is asked.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from concepts.classifier.stability import LAST, OPEN, Settling
from concepts.learning.base import Bools, LinearHead
from study.concept_file import read_concepts
from study.harness import Effort, ask
from study.methods import BY_HEAD, study_method
from study.people import SimulatedPerson
from study.pictures import Embedded, people, read_folder, split_of
from study.replay import Replay, Split

STEP, END = 10, 300
FIXED = (130, 150, 160)  # answers after which to stop, to compare with


@dataclass(frozen=True)
class Moment:
    """After so many answers: average precision on pictures outside the pool, and what the rule says."""

    answers: int
    average_precision: float
    settled: bool


def history(split: Split, direction: object, person: SimulatedPerson, seed: int) -> list[Moment]:
    session = Replay(split, direction, seed, study_method(BY_HEAD))  # type: ignore[arg-type]
    effort = Effort(np.random.default_rng(seed))
    pool = split.vectors[split.pool]
    flags: list[Bools] = []
    found: list[Moment] = []
    for budget in range(STEP, END + 1, STEP):
        ask(session, person, budget - effort.answers, effort=effort, later=END - budget)
        head = session.head()
        flags.append(_flagged(head, pool))
        average = session.measured(person).average_precision
        found.append(Moment(budget, average, _settled(head, pool, flags, budget)))
    return found


def _flagged(head: LinearHead, pool: np.ndarray) -> Bools:
    return np.asarray(head.probabilities(pool) >= head.threshold)


def _settled(head: LinearHead, pool: np.ndarray, flags: list[Bools], answers: int) -> bool:
    if len(flags) <= LAST // STEP:
        return False
    then, now = flags[-1 - LAST // STEP], flags[-1]
    probability = head.probabilities(pool)
    return Settling(
        answers=answers,
        last=LAST,
        pictures=len(now),
        flagged=int(now.sum()),
        either=int((now | then).sum()),
        changed=int((now != then).sum()),
        hesitates=int(((probability > OPEN[0]) & (probability < OPEN[1])).sum()),
    ).settled


def said(name: str, runs: list[list[Moment]], stops: list[Moment | None]) -> None:
    stopped = [(stop, run[-1]) for stop, run in zip(stops, runs, strict=True) if stop]
    gain = np.array([end.average_precision - stop.average_precision for stop, end in stopped])
    at = [stop.answers for stop, _ in stopped]
    then = np.mean([stop.average_precision for stop, _ in stopped])
    print(
        f"{name:14} {len(stopped)} of {len(runs)} runs, after {np.median(at):.0f} answers "
        f"({min(at)} to {max(at)}): "
        f"AP {then:.3f}, to gain by {END}: {gain.mean():+.4f}, at worst {gain.max():+.3f}, "
        f"more than 0.02 in {np.mean(gain > 0.02):.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--concepts", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    threadpool_limits(1)
    file, embedded = read_concepts(asked.concepts), Embedded.load(asked.study / "pictures.npz")
    persons = people(file.concepts, read_folder(asked.data))
    runs = []
    for seed in range(asked.seeds):
        split = split_of(embedded, file.pool, seed, graph=False)
        for place, person in enumerate(persons):
            runs.append(history(split, embedded.directions[place], person, seed))
    said("the app says", runs, [next((moment for moment in run if moment.settled), None) for run in runs])
    for answers in FIXED:
        said(f"always at {answers}", runs, [run[answers // STEP - 1] for run in runs])


if __name__ == "__main__":
    main()
