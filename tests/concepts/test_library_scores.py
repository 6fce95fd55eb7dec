"""The whole library as a version ranks it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from concepts.classifier.library_scores import KEPT, LibraryScores, ScoreCache
from storage.heads import StoredHead
from storage.vectors.exact import ID_TYPE, Matrix


def matrix(n: int = 500) -> Matrix:
    rng = np.random.default_rng(1)
    return Matrix(
        np.array([f"{i:064x}" for i in range(n)], ID_TYPE), rng.normal(size=(n, 8)).astype(np.float16)
    )


def head(seed: int = 0, threshold: float = 0.5) -> StoredHead:
    weights = np.random.default_rng(seed).normal(size=8).astype("<f8").tobytes()
    return StoredHead(1, "lda", "f", 1, 0, threshold, {}, datetime.now(UTC), weights, -0.5)


@pytest.fixture
def scores() -> LibraryScores:
    return ScoreCache().of(head(), matrix())


def test_counts_at_a_threshold_are_those_of_the_scores(scores: LibraryScores) -> None:
    steps = scores.flagged_at_each_step()
    for step in (0, 137, 500, 1000):
        assert steps[step] == (scores.probability >= np.float32(step / 1000)).sum()
    assert scores.flagged(0.5) == steps[500]


@pytest.mark.parametrize("order", ["top", "bottom", "borderline"])
def test_pages_follow_each_other_without_repeating(scores: LibraryScores, order: str) -> None:
    pages = [scores.page(order, 0.4, start, 24) for start in range(0, 504, 24)]  # type: ignore[arg-type]
    flat = [item for page in pages for item in page]
    assert len({picture for picture, _ in flat}) == len(flat) == 500
    key = {"top": lambda p: -p, "bottom": lambda p: p, "borderline": lambda p: abs(p - 0.4)}[order]
    assert [round(key(p), 6) for _, p in flat] == sorted(round(key(p), 6) for _, p in flat)


def test_another_threshold_needs_no_new_scores_and_another_library_does() -> None:
    cache, library = ScoreCache(), matrix()
    first = cache.of(head(), library)
    assert cache.of(head(threshold=0.9), library) is first
    assert not cache.has(head(), matrix(10))
    assert len(cache.of(head(), matrix(10)).probability) == 10


def test_only_the_last_few_versions_are_kept() -> None:
    cache, library = ScoreCache(), matrix()
    for seed in range(KEPT + 1):
        cache.of(head(seed), library)
    assert not cache.has(head(0), library)
    assert cache.has(head(KEPT), library)
