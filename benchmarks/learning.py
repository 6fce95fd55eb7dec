"""Times what a person waits for while learning, as ratios to the least that work could be, in the same run.

    python -m benchmarks.learning --pictures 100000 --dim 512

Choosing questions is compared with one pass of a head over the pool; training with one logistic regression;
measuring with the figures without their intervals; look-alikes with sorting the hashes. Data are random.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks.limits.rows import seconds_of
from concepts.encoders.base import unit
from concepts.learning.acquisition import ACQUISITIONS, Labelled, Pool, Round
from concepts.learning.base import TrainingSet
from concepts.learning.evaluation import curves, evaluate
from concepts.learning.fitting import train_early, train_head
from storage.pictures.duplicates import near_groups

LABELS, MANY_LABELS = 100, 2000
MEASURED = 200
REPEATS = 5


def timed(work: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of the fastest run."""
    return min(seconds_of(work) for _ in range(repeats))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    options = parser.parse_args()
    choosing(options.pictures, options.dim)
    training(options.dim)
    measuring()
    look_alikes(options.pictures)


def choosing(n: int, d: int) -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(n, d))).astype(np.float32)
    asked = np.arange(n) < LABELS
    votes = np.where(asked, np.where(np.arange(n) % 3, -1, 1), 0).astype(np.int8)
    positive, group = votes[asked] > 0, np.arange(n)
    labels = TrainingSet(vectors[asked], positive, np.ones(LABELS), group[asked])
    words = vectors[0].astype(np.float64)
    head_pass = timed(lambda: vectors @ vectors[0], REPEATS)
    for trained in (False, True):
        chosen_from = Round(
            pool=Pool(vectors, rng.random(n), group),
            labelled=Labelled.by_people(asked, votes),
            training=labels,
            fit=lambda data: train_early(data, words, 0),
            probability=rng.random(n) if trained else None,
        )
        seconds = timed(
            lambda given=chosen_from: ACQUISITIONS["auto"]().select(given, 5, np.random.default_rng(0)),
            REPEATS,
        )
        said(f"5 questions of {n:,} pictures, {'with' if trained else 'before'} a head", seconds, head_pass)


def training(d: int) -> None:
    for labels in (LABELS, MANY_LABELS):
        rng = np.random.default_rng(0)
        vectors = unit(rng.normal(size=(labels, d))).astype(np.float32)
        data = TrainingSet(vectors, np.arange(labels) < labels // 4, np.ones(labels), np.arange(labels))
        with threadpool_limits(1):
            one_fit = timed(
                lambda given=data: LogisticRegression(C=10).fit(given.vectors, given.positive), REPEATS
            )
            seconds = timed(lambda given=data: train_head(given, None, 0), REPEATS)
        said(f"training, calibrating and a threshold with {labels:,} labels, one thread", seconds, one_fit)


def measuring() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(MEASURED) < 0.3
    p = np.clip(rng.normal(0.3 + 0.3 * truth, 0.2), 0, 1)
    figures = timed(lambda: curves(p, truth), REPEATS)
    with_intervals = timed(lambda: evaluate(p, truth, 0.5, np.arange(MEASURED), 0), REPEATS)
    said(f"measuring on {MEASURED} pictures, 1,000 bootstrap draws", with_intervals, figures)


def look_alikes(n: int) -> None:
    values = np.random.default_rng(0).integers(0, 2**64, n, dtype=np.uint64).tolist()
    ids, hashes = [f"{number:08}" for number in range(n)], [f"{value:016x}" for value in values]
    said(
        f"look-alikes among {n:,} pictures",
        timed(lambda: near_groups(ids, hashes)),
        timed(lambda: sorted(hashes)),
    )


def said(what: str, seconds: float, baseline: float) -> None:
    print(f"{what}: {seconds:.3f} s, {seconds / baseline:.1f} times the baseline's {baseline:.4f} s")


if __name__ == "__main__":
    main()
