"""A wall shows pictures of every kind: what is rare is on one of the first, whatever the words say."""

from __future__ import annotations

import numpy as np
import pytest
from clouds import kinds
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.encoders.base import unit
from concepts.learning import nearness
from concepts.learning.acquisition import Pool
from concepts.learning.base import TrainingSet
from concepts.learning.contact_sheet import AGAIN, SIZE, is_due, representatives
from study.walls import WALLS, any_pictures


@pytest.mark.parametrize("seed", range(3))
def test_rare_kinds_are_found_on_the_first_walls_and_sooner_than_at_random(seed: int) -> None:
    vectors, kind = kinds([300] * 6 + [12] * 16, noise=0.06, seed=seed)
    group, misleading = np.arange(len(kind)), (vectors @ vectors[0])[None]
    found = {}
    for name, wall in WALLS.items():
        shown = np.empty(0, np.int64)
        for number in range(3):
            shown = np.concatenate([shown, wall(Pool(vectors, misleading, group), shown, number, seed)])
        assert len(set(shown)) == len(shown) == 3 * SIZE
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
            rows = wall(Pool(vectors, np.ones((1, 5)) @ vectors.T, group), shown, number, seed)
            assert len(rows) == min(SIZE, len(set(group)) - len(set(group[shown])))
            assert len(set(group[rows])) == len(rows)
            assert not set(group[rows]) & set(group[shown])
            shown = np.concatenate([shown, rows])
        assert len(set(group[shown])) == min(4 * SIZE, len(set(group)))


def test_every_search_finds_some_of_a_wall() -> None:
    vectors, kind = kinds([100] * 10, noise=0.06)
    searches = np.stack([vectors[kind == k].mean(axis=0) @ vectors.T for k in (0, 4, 9)])
    first = representatives(Pool(vectors, searches, np.arange(1000)), np.empty(0, np.int64), 0, 0)[:6]
    assert sorted(kind[first]) == [0, 0, 4, 4, 9, 9]


YES, NO = np.eye(4)[[0, 0, 0]], np.eye(4)[[1, 1]]


def labels(*counting: np.ndarray, no: np.ndarray = NO) -> TrainingSet:
    vectors, positives = np.concatenate([*counting, no]), sum(map(len, counting))
    rows = np.arange(len(vectors))
    return TrainingSet(vectors.astype(np.float32), rows < positives, np.ones(len(rows)), rows)


LONE = unit(np.array([[0.0, 0.5, 1.0, 0.0], [0.0, 0.5, 0.0, 1.0]]))
SAID_AGAIN = np.zeros(8, np.int8)


def test_a_wall_comes_back_while_something_that_counts_has_no_like_or_was_on_one_wall_alone() -> None:
    def due(some: TrainingSet, since: int = AGAIN, again: np.ndarray = SAID_AGAIN) -> bool:
        return is_due(some, np.zeros(len(some.positive), bool), since, again[: len(some.positive)])

    assert due(labels(), since=0)  # nothing counts yet
    assert not due(labels(YES))
    assert not due(labels(YES, LONE[:1]))
    assert due(labels(YES, LONE))
    assert not due(labels(YES, LONE), since=AGAIN - 1)
    changed = np.eye(8, dtype=np.int8)[0] * np.int8(-1)
    assert not due(labels(YES, LONE), again=changed)  # it is rather a slip
    twice = labels(YES, np.concatenate([LONE, LONE]))
    once_a_kind, one_kind = np.zeros((2, 9), bool)
    once_a_kind[[0, 3, 4]] = one_kind[:3] = True
    assert is_due(twice, once_a_kind, AGAIN, SAID_AGAIN)
    assert not is_due(twice, one_kind, AGAIN, SAID_AGAIN)
    assert not is_due(twice, one_kind & False, AGAIN, SAID_AGAIN)


def test_pictures_are_of_one_kind_that_are_more_alike_than_like_anything_that_does_not_count() -> None:
    kind = nearness.kinds(labels(YES, np.concatenate([LONE, LONE[:1]])))
    assert [kind.tolist().index(k) for k in kind] == [0, 0, 0, 3, 4, 3]
    assert nearness.kinds(labels(YES, LONE, no=np.empty((0, 4)))).tolist() == [0] * 5
