"""The same labels give the same head, and the same seed the same choices, as when `golden.json` was written.

A change here is a change of what everybody's next version learns: it needs a reason, and a paired gain.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.learning.acquisition import ACQUISITIONS, Labelled, Pool, Round
from concepts.learning.base import Texts, TrainingSet
from concepts.learning.fitting import train_head
from concepts.learning.heads import HEADS
from concepts.learning.target import Target

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
DIMENSION = 24


def cloud(positives: int, negatives: int, machine: int, seed: int) -> TrainingSet:
    """Answers of a person, then labels of a machine that count 0.4; some pictures are near-copies."""
    rng = np.random.default_rng(seed)
    n = positives + negatives + machine
    positive = np.arange(n) < positives
    positive[positives + negatives :] = rng.random(machine) < 0.4
    vectors = rng.normal(0, 1, (n, DIMENSION))
    vectors[positive, 0] += 2.0
    weight = np.where(np.arange(n) < positives + negatives, 1.0, 0.4)
    return TrainingSet(unit(vectors), positive, weight, np.arange(n) // 2)


WORDS = unit(np.r_[1.0, 0.6, np.zeros(DIMENSION - 2)])
FEW, MANY = [(0, 0, 0), (3, 0, 0), (0, 4, 0), (1, 1, 0), (4, 9, 0)], [(12, 30, 0), (60, 90, 0)]
LABELS = {
    f"{yes} yes, {no} no, {machine} by a machine": (yes, no, machine)
    for yes, no, machine in (*FEW, *MANY, (12, 30, 40), (0, 0, 40))
}
TARGETS = {"f1": Target(), "precision": Target("precision", 0.8), "recall": Target("recall", 0.9)}


def choices(acquisition: str, trained: bool) -> list[list[Any]]:
    """Three rounds of seven among 400 pictures, some of them near-copies, 40 of them asked before."""
    rng = np.random.default_rng(11)
    vectors = unit(rng.normal(size=(400, DIMENSION)))
    asked = np.zeros(400, dtype=bool)
    asked[rng.choice(400, 40, replace=False)] = True
    probability = rng.random(400) if trained else None
    pool, nothing = Pool.of(vectors, np.arange(400) // 2, Texts.one(WORDS)), cloud(0, 0, 0, seed=0)
    found = []
    for seed in range(3):
        labelled = Labelled.of(asked.copy(), (asked & trained).astype(np.int8))
        known = Round(
            pool,
            labelled,
            nothing,
            probability=probability,
            doubt=None if probability is None else -np.abs(probability - 0.5),
        )
        chosen = ACQUISITIONS[acquisition]().select(known, 7, np.random.default_rng(seed))
        found.append([[int(choice.row), choice.reason] for choice in chosen])
        asked[[choice.row for choice in chosen]] = True
    return found


def same(found: Any, golden: Any) -> bool:
    """Equal, numbers within what another processor's arithmetic changes."""
    if isinstance(golden, dict):
        return all(key in found and same(found[key], value) for key, value in golden.items())
    if isinstance(golden, list):
        return len(found) == len(golden) and all(map(same, found, golden))
    if isinstance(golden, float):
        return found == pytest.approx(golden, rel=1e-4, abs=1e-6)
    return bool(found == golden)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", LABELS)
def test_the_same_labels_train_the_same_head(name: str, target: str) -> None:
    head = train_head(cloud(*LABELS[name], seed=7), WORDS, 3, TARGETS[target])
    found = {
        "kind": head.kind,
        "weights": head.weights.tolist(),
        "bias": head.bias,
        "threshold": head.threshold,
        "says": head.logits(cloud(4, 4, 0, seed=8).vectors).tolist(),
        "details": head.details,
    }
    assert same(found, GOLDEN["training"][f"{name}, {target}"])


@pytest.mark.parametrize("head", GOLDEN["heads"])
def test_each_head_fits_the_same(head: str) -> None:
    fitted = HEADS[head]().fit(cloud(12, 30, 40, seed=7), WORDS, 3)
    found = {"kind": fitted.kind, "weights": fitted.weights.tolist(), "bias": fitted.bias}
    assert same(found, GOLDEN["heads"][head])


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("acquisition", GOLDEN["choices"])
def test_the_same_seed_asks_about_the_same_pictures(acquisition: str, trained: bool) -> None:
    golden = GOLDEN["choices"][acquisition]["after" if trained else "before"]
    assert same(choices(acquisition, trained), golden)
