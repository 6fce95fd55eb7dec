"""The neighbour graph of the pictures, and the head together with it."""

from __future__ import annotations

import numpy as np
import pytest
from clouds import corners, labelled
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.encoders.base import unit
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import NeighbourGraph, Pictures, Texts
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS, blended, neighbour_graph
from study.scorers.propagation import Propagation


@settings(max_examples=40)
@given(n=st.integers(0, 60), k=st.integers(1, 12), seed=st.integers(0, 99))
def test_the_graph_is_brute_force(n: int, k: int, seed: int) -> None:
    vectors = (
        unit(np.random.default_rng(seed).normal(size=(n, 6))).astype(np.float32) if n else np.empty((0, 6))
    )
    graph: NeighbourGraph = neighbour_graph(vectors, k)
    kept = min(k, max(n - 1, 0))
    assert graph.rows.shape == graph.cosine.shape == (n, kept)
    cosine = vectors @ vectors.T
    for row in range(n):
        others = np.delete(np.arange(n), row)
        best = np.sort(cosine[row, others])[::-1][:kept]
        assert row not in graph.rows[row]
        np.testing.assert_allclose(graph.cosine[row], best, atol=1e-6)
        np.testing.assert_allclose(cosine[row, graph.rows[row]], best, atol=1e-6)


def test_without_a_yes_the_blend_ranks_by_the_words() -> None:
    vectors, _ = corners(0)
    data, pictures = (
        labelled(vectors, np.arange(2), np.zeros(2, bool)),
        Pictures(vectors, labelled=np.arange(2)),
    )
    words = np.eye(32)[2]
    scores = SCORERS["blend"]().score(data, Texts.one(words), pictures, 0)
    assert np.array_equal(np.argsort(scores), np.argsort(vectors @ words))
    with pytest.raises(NotEnoughLabelsError):
        SCORERS["blend"]().score(data, None, pictures, 0)


def test_with_many_answers_the_blend_asks_which_is_nearer_and_not_how_near() -> None:
    """A picture three steps from a yes and twelve from a no comes before one right between a yes and a no,
    which hears far more of both."""
    yes, no = np.r_[0, 40:80], np.r_[15, 38, 100:140]
    rows, n = np.concatenate([yes, no]), 160
    # Pictures in a row, each the neighbour of the next and of the one before.
    beside = np.stack([np.maximum(np.arange(n) - 1, 0), np.minimum(np.arange(n) + 1, n - 1)], axis=1)
    chain = NeighbourGraph(beside.astype(np.int64), np.full((n, 2), 0.9, np.float32))
    data = labelled(np.eye(n, dtype=np.float32), rows, np.arange(len(rows)) < len(yes))
    pictures = Pictures(np.eye(n, dtype=np.float32), chain, rows)
    scores = blended(np.zeros(n), data, pictures)  # what the graph adds to a head that says nothing
    assert scores[3] > scores[39]
    difference = Propagation().score(data, None, pictures, 0)
    assert difference[3] < difference[39]


def test_a_head_in_hand_is_blended_without_training_it_again() -> None:
    vectors, truth = corners(1)
    rows = np.arange(30)
    data, pictures = labelled(vectors, rows, truth[rows]), Pictures(vectors, labelled=rows)
    from_scratch = SCORERS["blend"]().score(data, None, pictures, 0)
    head = HEADS["auto"]().fit(data, None, 0)
    scores = head.logits(vectors)
    assert np.allclose(np.argsort(blended(scores, data, pictures)), np.argsort(from_scratch))
    elsewhere = Pictures(vectors, labelled=np.full(30, -1))
    assert np.array_equal(np.argsort(blended(scores, data, elsewhere)), np.argsort(scores))
