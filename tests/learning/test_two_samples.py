"""Whether a library still is what was measured, on clouds of unit vectors."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.learning.two_samples import difference, share_unlike


def clouds(seed: int, kinds: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(kinds, 64))


def drawn(centres: np.ndarray, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return unit(centres[rng.integers(0, len(centres), n)] + 0.6 * rng.normal(size=(n, centres.shape[1])))


def test_alike_is_called_different_no_oftener_than_the_p_value_says() -> None:
    found = [difference(drawn(clouds(s), 30, s), drawn(clouds(s), 60, s + 1000), s) for s in range(30)]
    assert np.mean(np.array(found) <= 0.05) <= 0.1
    assert np.mean(found) > 0.35
    shares = [share_unlike(drawn(clouds(s), 200, s), drawn(clouds(s), 500, s + 1000)) for s in range(10)]
    assert np.mean(shares) < 0.03
    one, other = drawn(clouds(0), 700, 1), drawn(clouds(0), 900, 2)  # large sets are sampled
    assert difference(one, other, 7) == difference(one, other, 7)


@pytest.mark.parametrize("n", [60, 200])
def test_a_fifth_of_foreign_pictures_is_found_and_counted(n: int) -> None:
    off = []
    for seed in range(8):
        known = drawn(clouds(seed), n, seed)
        foreign = drawn(1.5 * clouds(seed + 500, kinds=1), 100, seed + 1)
        now = np.concatenate([drawn(clouds(seed), 400, seed + 2), foreign])
        assert difference(known, now, seed) < 0.01
        off.append(share_unlike(known, now) - 0.2)
    assert max(map(abs, off)) <= (0.07 if n == 200 else 0.15)
    assert abs(np.mean(off)) <= 0.07


def test_other_shares_of_the_same_kinds_are_a_difference_without_anything_unlike() -> None:
    kinds = clouds(0, kinds=2)
    known, now = drawn(kinds, 150, 1), np.concatenate([drawn(kinds[:1], 270, 2), drawn(kinds[1:], 30, 3)])
    assert difference(known, now, 0) < 0.01
    assert share_unlike(known, now) < 0.1


def test_the_same_pictures_twice_are_alike_and_from_too_few_nothing_is_called_unlike() -> None:
    same = np.repeat(drawn(clouds(0), 1, 1), 30, axis=0)
    assert difference(same, same, 0) == 1
    assert share_unlike(same, same) == 0
    assert share_unlike(drawn(clouds(0), 19, 1), drawn(clouds(9), 50, 2)) == 0
    assert share_unlike(drawn(clouds(0), 50, 1), drawn(clouds(9), 50, 2)[:0]) == 0
