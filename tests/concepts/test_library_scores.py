"""The whole library as a version ranks it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from synthetic import in_memory, picture_ids, unit_vectors

from concepts.encoders.base import Vectors
from concepts.learning.base import FAMILIAR_FROM, Prototypes
from concepts.results.library_scores import KEPT, ScoreCache
from concepts.results.training import linear_head
from storage.heads import StoredHead
from storage.vectors.ids import PictureIds
from storage.vectors.reader import Scores, VectorReader

SOON = 20  # seconds; only a test that fails waits so long


def vectors(n: int = 500, version: str = "1") -> VectorReader:
    return in_memory(picture_ids(n), unit_vectors(n), version)


def head(seed: int = 0, threshold: float = 0.5) -> StoredHead:
    weights = np.random.default_rng(seed).normal(size=8).astype("<f8").tobytes()
    return StoredHead(1, 1, "lda", "f", 1, 0, threshold, {}, datetime.now(UTC), weights, -0.5)


def test_counts_at_a_threshold_are_those_of_the_scores_and_pages_follow_without_repeating() -> None:
    scores = ScoreCache().of(head(), vectors())
    steps = scores.flagged_at_each_step()
    for step in (0, 137, 500, 1000):
        assert steps[step] == (scores.probability.values >= np.float32(step / 1000)).sum()
    assert scores.flagged(0.5) == steps[500]
    orders = {"top": lambda p: -p, "bottom": lambda p: p, "borderline": lambda p: abs(p - 0.4)}
    for order, key in orders.items():
        flat = [item for start in range(0, 504, 24) for item in scores.page(order, 0.4, start, 24)]
        assert len({picture for picture, _ in flat}) == len(flat) == 500
        assert [round(key(p), 6) for _, p in flat] == sorted(round(key(p), 6) for _, p in flat)


def test_another_threshold_needs_no_new_scores_another_library_does_and_the_last_few_are_kept() -> None:
    cache, library = ScoreCache(), vectors()
    first = cache.of(head(), library)
    assert cache.of(head(threshold=0.9), library) is first
    assert not cache.has(head(), vectors(10, "2"))
    assert len(cache.of(head(), vectors(10, "2")).probability) == 10
    for seed in range(1, KEPT + 1):
        cache.of(head(seed), library)
    assert not cache.has(head(), library)
    assert cache.has(head(KEPT), library)


def test_a_ranking_orders_the_ends_and_leaves_probabilities_and_the_middle_as_they_are() -> None:
    cache, library = ScoreCache(), vectors()
    plain = cache.of(head(), library)
    upside_down = Scores(plain.probability.ids, -plain.probability.values)
    cache.rank(head(), library, upside_down)
    ranked = cache.of(head(), library)
    assert ranked.is_ranked
    assert ranked.page("top", 0.4, 3, 20) == plain.page("bottom", 0.4, 3, 20)
    assert ranked.page("bottom", 0.4, 0, 20) == plain.page("top", 0.4, 0, 20)
    assert ranked.page("borderline", 0.4, 0, 20) == plain.page("borderline", 0.4, 0, 20)
    assert ranked.flagged(0.4) == plain.flagged(0.4)


def test_what_a_version_is_least_familiar_with_comes_first_where_that_is_asked_for() -> None:
    rng, library = np.random.default_rng(1), vectors()
    beside = Prototypes(*(rng.normal(size=(n, 8)).astype(np.float32) for n in (1, 1)))
    knows = replace(head(), prototypes=beside.kept(), details={FAMILIAR_FROM: 0.2})
    scores = ScoreCache().of(knows, library)
    familiarity = linear_head(knows).familiarity(library.vectors(list(library.ids)))
    assert scores.unfamiliar == (familiarity < 0).sum()
    page = scores.page("unfamiliar", 0.5, 2, 20)
    assert [picture for picture, _ in page] == library.ids.at(np.argsort(familiarity)[2:22])
    assert page == scores.probability.of([picture for picture, _ in page])


# Several at once


class Meeting:
    """Vectors that are scored only once `parties` callers are there at the same time."""

    def __init__(self, parties: int) -> None:
        self.calls, self._copy = 0, vectors(20)
        self._all_here = threading.Barrier(parties)
        self.version = self._copy.version

    def scores(self, weights: Vectors, bias: float = 0.0, allowed: PictureIds | None = None) -> Scores:
        self._all_here.wait(SOON)
        self.calls += 1
        return self._copy.scores(weights, bias, allowed)


@pytest.mark.parametrize(
    ("parties", "seeds", "calls"),
    [(2, (0, 1), 2), (1, (0,) * 8, 1)],
    ids=["two versions beside each other", "one asked for by many once"],
)
def test_versions_are_scored_side_by_side_and_each_once(
    parties: int, seeds: tuple[int, ...], calls: int
) -> None:
    cache, library = ScoreCache(), Meeting(parties)
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(cache.of, head(seed), library) for seed in seeds]
        assert len({id(scores.result(SOON)) for scores in found}) == library.calls == calls


def test_a_version_that_could_not_be_scored_is_tried_again() -> None:
    def gone(*_: object) -> Scores:
        raise OSError("the disk is gone")

    cache, library = ScoreCache(), vectors(20)
    broken: Any = SimpleNamespace(version=library.version, scores=gone)
    with pytest.raises(OSError, match="gone"):
        cache.of(head(0), broken)
    assert not cache.has(head(0), library)
    assert len(cache.of(head(0), library).probability) == 20
