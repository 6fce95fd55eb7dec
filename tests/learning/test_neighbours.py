"""The neighbour graph of the pictures."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.encoders.base import unit
from concepts.learning.base import NeighbourGraph
from concepts.learning.scorers import neighbour_graph


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
