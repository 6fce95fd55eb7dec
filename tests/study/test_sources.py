"""Machines that say yes too easily, and the head that allows for them."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import train_head
from study.annotators import SIMULATED_ANNOTATORS

DIMENSION, PEOPLE, MACHINE = 16, 60, 600


def made(seed: int, shift: float) -> tuple[TrainingSet, np.ndarray, np.ndarray]:
    """Labels of a person and of a machine that is so many standard deviations more generous; then pictures
    that nobody labelled, and which of them count."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(PEOPLE + MACHINE + 4000, DIMENSION)))
    value = vectors[:, 0] * np.sqrt(DIMENSION)
    by_machine = (np.arange(len(vectors)) >= PEOPLE) & (np.arange(len(vectors)) < PEOPLE + MACHINE)
    n = PEOPLE + MACHINE
    positive, weight = value + shift * by_machine > 1, np.where(by_machine, 0.3, 1.0)
    return (
        TrainingSet(vectors[:n], positive[:n], weight[:n], np.arange(n)),
        vectors[n:],
        positive[n:],
    )


def bias(name: str, shift: float) -> float:
    """How many standard deviations too low the threshold lies, mean over twenty people."""
    found = []
    for seed in range(20):
        data, unseen, counts = made(seed, shift)
        head = train_head(data, None, 0, head=name)
        flagged = head.probabilities(unseen) >= 0.5
        found.append(norm.ppf(flagged.mean()) - norm.ppf(counts.mean()))
    return float(np.mean(found))


def test_most_of_a_generous_machines_bias_is_gone() -> None:
    without, allowed = bias("line", 1.0), bias("offsets", 1.0)
    assert without > 0.3
    assert abs(allowed) < 0.3 * without


def test_a_generous_machine_says_yes_of_twice_as_many_and_of_those_most_alike() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(200, 8)))
    truth = np.where(vectors[:, 0] > 0.5, 1, -1).astype(np.int8)
    said = SIMULATED_ANNOTATORS["annotator_generous"](truth, vectors, rng) == 5
    assert said[truth > 0].all()
    assert said.sum() == 2 * (truth > 0).sum()
    assert vectors[said & (truth < 0), 0].mean() > vectors[~said, 0].mean() + 0.2
