"""A part of a library that shows what there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.thinning import shared_out, thinned


def cloud(rng: np.random.Generator, centre: np.ndarray, spread: float, n: int) -> np.ndarray:
    points = centre + spread * rng.normal(size=(n, len(centre)))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_of_a_wide_cluster_at_least_twice_as_much_is_kept_as_of_a_tight_one() -> None:
    rng, n = np.random.default_rng(0), 400
    tight, wide = np.eye(16)[:2]
    vectors = np.concatenate([cloud(rng, tight, 0.02, n), cloud(rng, wide, 0.2, n)])
    kept = thinned(vectors, np.arange(2 * n), 200, clusters=2)
    assert len(kept) == len(set(kept.tolist())) == 200
    assert (kept >= n).sum() >= 2 * (kept < n).sum() > 0


def test_near_duplicates_go_first() -> None:
    vectors = cloud(np.random.default_rng(0), np.eye(16)[0], 0.2, 300)
    group = np.arange(300) // 3
    assert len(set(group[thinned(vectors, group, 100)])) == 100
    assert len(thinned(vectors, group, 150)) == 150


@given(st.data())
def test_shares_are_whole_stay_within_their_bounds_and_come_to_the_sum(data: st.DataObject) -> None:
    high = np.array(data.draw(st.lists(st.integers(1, 50), min_size=1, max_size=12)))
    low = high // 3
    total = data.draw(st.integers(int(low.sum()), int(high.sum())))
    wanted = np.array(data.draw(st.lists(st.floats(0, 200), min_size=len(high), max_size=len(high))))
    found = shared_out(wanted, low, high, total)
    assert found.sum() == total
    assert np.all((low <= found) & (found <= high))


def test_shares_are_raised_by_the_same_until_they_fill_what_is_to_be_kept() -> None:
    found = shared_out(np.array([1.0, 2.0, 9.0]), np.zeros(3, int), np.array([50, 50, 5]), 18)
    assert found.tolist() == pytest.approx([6, 7, 5])
