"""Figures at every threshold are what `estimate` says there, and hold together."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.learning.evaluation import ERROR, cuts, evaluate, one_of_each
from concepts.learning.stratified import estimate


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    truth = rng.random(80) < 0.4
    probability = np.clip(rng.normal(0.35 + 0.3 * truth, 0.2), 0, 1).round(2)  # rounded: with ties
    return probability, truth, rng.integers(0, 60, 80)


def test_each_cut_has_the_figures_of_its_threshold(scored) -> None:  # type: ignore[no-untyped-def]
    probability, truth, group = scored
    table = cuts(probability, truth, group, most=100)
    assert [cut.threshold for cut in table] == sorted(set(probability), reverse=True)
    for cut in table[:: len(table) // 6]:
        said = estimate([one_of_each(*scored)], cut.threshold, ERROR / len(table))
        for name in ("precision", "recall"):
            mine, whole = getattr(cut, name), getattr(said, name)
            assert (mine.value, mine.low, mine.high, mine.n) == (whole.value, whole.low, whole.high, whole.n)
        assert cut.flagged == (probability >= cut.threshold).sum()


def test_what_holds_at_all_thresholds_at_once_is_less_than_what_holds_at_one(scored) -> None:  # type: ignore[no-untyped-def]
    probability, truth, group = scored
    table = cuts(*scored, most=20)
    assert len(table) == 20
    cut = table[10]
    alone = evaluate(probability, truth, cut.threshold, group, 0).metrics["precision"]
    assert cut.precision.low is not None
    assert alone.low is not None
    assert cut.precision.low < alone.low
    assert cut.precision.value == alone.value
