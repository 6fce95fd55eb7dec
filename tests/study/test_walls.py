"""Walls of the laboratory: of each kind of picture a typical and an odd one."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import unit
from concepts.learning.acquisition import Pool
from study.walls import WALLS

LOOKS, OF_A_LOOK = 2, 20


def planted(seed: int) -> tuple[Pool, np.ndarray]:
    """Twenty kinds of pictures and two more, rarer ones, which are looks of one concept; which look each is,
    or -1."""
    rng = np.random.default_rng(seed)
    kind = np.concatenate([np.repeat(np.arange(20), 40), np.repeat([20, 21], OF_A_LOOK)])
    vectors = unit(2 * rng.normal(size=(22, 32))[kind] + rng.normal(size=(len(kind), 32)))
    look = np.where(kind >= 20, kind - 20, -1)
    return Pool(vectors.astype(np.float32), rng.random((1, len(kind))), np.arange(len(kind))), look


def test_of_two_looks_that_have_nothing_in_common_both_are_asked_about() -> None:
    seen = []
    for seed in range(40):
        pool, look = planted(seed)
        wall = WALLS["chips"](pool, np.empty(0, np.int64), 0, seed)
        seen.append({0, 1} <= set(look[wall]))
    assert np.mean(seen) >= 0.95


def test_the_next_wall_shows_nothing_again() -> None:
    pool, _ = planted(0)
    first = WALLS["chips"](pool, np.empty(0, np.int64), 0, 0)
    second = WALLS["chips"](pool, first, 1, 0)
    assert len(first) == len(second) == len(set(first) | set(second)) / 2 == 60
