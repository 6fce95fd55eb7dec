"""Figures at every threshold are what `evaluate` says there, one threshold at a time."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.learning.evaluation import cuts, evaluate


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    truth = rng.random(80) < 0.4
    probability = np.clip(rng.normal(0.35 + 0.3 * truth, 0.2), 0, 1).round(2)  # rounded: with ties
    return probability, truth, rng.integers(0, 60, 80)


def test_each_cut_has_the_figures_of_an_evaluation_at_its_threshold(scored) -> None:  # type: ignore[no-untyped-def]
    probability, truth, group = scored
    table = cuts(probability, truth, group, seed=0)
    assert [cut.threshold for cut in table] == sorted(set(probability), reverse=True)
    for cut in table[:: len(table) // 6]:
        report = evaluate(probability, truth, cut.threshold, group, seed=0)
        for name in ("precision", "recall"):
            mine, whole = vars(getattr(cut, name)), vars(report.metrics[name])
            assert mine["n"] == whole["n"]
            assert mine["note"] == whole["note"]
            for key in ("value", "low", "high"):
                assert mine[key] == (None if whole[key] is None else pytest.approx(whole[key]))
        assert cut.flagged == (probability >= cut.threshold).sum()


def test_with_fewer_than_five_called_yes_there_is_no_precision_but_what_is_missing(scored) -> None:  # type: ignore[no-untyped-def]
    first = cuts(*scored, seed=0)[0]
    assert first.flagged < 5
    assert first.precision.value is None
    assert "more checked pictures that the head calls yes" in first.precision.note
