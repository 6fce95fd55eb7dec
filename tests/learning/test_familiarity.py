"""A head knows which pictures are like what it has learned from, and refuses few that are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from concepts.encoders.base import unit
from concepts.learning.base import FAMILIAR_FROM, LinearHead, TrainingSet
from concepts.learning.fitting import train_head
from concepts.learning.nearness import UNFAMILIAR, familiar_from
from concepts.learning.target import Target

D = 32


def kinds(rng: np.random.Generator, n: int, centres: Any) -> Any:
    return unit(centres[rng.integers(len(centres), size=n)] + 0.5 * unit(rng.normal(size=(n, D))))


def taught(seed: int, n: int = 60) -> tuple[LinearHead, Any, Any]:
    """A head of two kinds that count and four that don't, their centres, and those of six other kinds."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(12, D)))
    yes, no = kinds(rng, n // 3, centres[:2]), kinds(rng, n - n // 3, centres[2:6])
    vectors, row = np.concatenate([yes, no]).astype(np.float32), np.arange(n)
    data = TrainingSet(vectors, row < len(yes), np.ones(n), row)
    return train_head(data, None, 0, Target.parse("f1")), centres[:6], centres[6:]


def knowing(head: LinearHead, pictures: Any) -> LinearHead:
    return replace(head, details=head.details | {FAMILIAR_FROM: familiar_from(head, pictures)})


@given(seed=st.integers(0, 2**31 - 1))
def test_other_kinds_of_pictures_are_told_from_those_of_the_library(seed: int) -> None:
    rng, (head, known, other) = np.random.default_rng(seed), taught(seed)
    head = knowing(head, kinds(rng, 500, known))
    near, far = (head.familiarity(kinds(rng, 300, centres)) for centres in (known, other))
    assert roc_auc_score(np.arange(600) < 300, np.concatenate([near, far])) >= 0.9
    assert (near < 0).mean() <= 0.08  # of 500 that set the limit and 300 that are tested


def test_of_pictures_like_the_librarys_few_are_refused_however_many_set_the_limit() -> None:
    rng, (head, known, _) = np.random.default_rng(1), taught(1)
    refused = []
    for n in (49, 60, 99, 130):
        for _ in range(100):
            limited = knowing(head, kinds(rng, n, known))
            refused.append((limited.familiarity(kinds(rng, 50, known)) < 0).mean())
    assert np.mean(refused) <= UNFAMILIAR + 3 * np.std(refused) / np.sqrt(len(refused))


@pytest.mark.parametrize("n", [0, 1, 48])
def test_of_too_few_pictures_nothing_is_known(n: int) -> None:
    head, known, _ = taught(0)
    assert familiar_from(head, kinds(np.random.default_rng(0), n, known)) is None
    assert knowing(head, known[:1]).familiarity(known) is None
    assert familiar_from(replace(head, prototypes=None), kinds(np.random.default_rng(0), 200, known)) is None


@given(a=st.floats(0.01, 100), c=st.floats(-5, 5))
def test_calibrating_a_head_leaves_what_it_is_familiar_with(a: float, c: float) -> None:
    rng, (head, known, other) = np.random.default_rng(2), taught(2)
    head, some = knowing(head, kinds(rng, 200, known)), kinds(rng, 20, np.concatenate([known, other]))
    assert head.calibrated(a, c).familiarity(some) == pytest.approx(head.familiarity(some), abs=1e-4)
