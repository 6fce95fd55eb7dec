"""A wall shows pictures of every kind: what is rare is on one of the first, whatever the words say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.encoders.base import unit
from concepts.learning.contact_sheet import SIZE, representatives
from study.walls import WALLS, any_pictures


def kinds(seed: int, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), 32))
    kind = np.repeat(np.arange(len(sizes)), sizes)
    return unit(centres[kind] + rng.normal(0, 0.35, (len(kind), 32))).astype(np.float32), kind


@pytest.mark.parametrize("seed", range(3))
def test_rare_kinds_are_found_on_the_first_walls_and_sooner_than_at_random(seed: int) -> None:
    vectors, kind = kinds(seed, [300] * 6 + [12] * 16)
    group, misleading = np.arange(len(kind)), vectors @ vectors[0]
    found = {}
    for name, wall in WALLS.items():
        shown = np.empty(0, np.int64)
        for number in range(3):
            shown = np.concatenate([shown, wall(vectors, group, misleading, shown, number, seed)])
        found[name] = len(set(kind[shown]) & set(range(6, 22)))
    assert found["wall"] == 16
    assert found["random_wall"] < 16


@settings(max_examples=30)
@given(n=st.integers(0, 150), copies=st.integers(1, 3), seed=st.integers(0, 50))
def test_no_picture_nor_its_look_alike_is_shown_twice_until_all_are_shown(
    n: int, copies: int, seed: int
) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(max(n, 1), 5)))[:n].astype(np.float32)
    group = np.arange(n) // copies
    for wall in (representatives, any_pictures):
        shown = np.empty(0, np.int64)
        for number in range(4):
            rows = wall(vectors, group, vectors @ np.ones(5), shown, number, seed)
            assert len(rows) == min(SIZE, len(set(group)) - len(set(group[shown])))
            assert len(set(group[rows])) == len(rows)
            assert not set(group[rows]) & set(group[shown])
            shown = np.concatenate([shown, rows])
        assert len(set(group[shown])) == min(4 * SIZE, len(set(group)))
