"""Answers flow along the neighbour graph of the library (Zhou et al., Learning with local and global
consistency, NeurIPS 2003)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from concepts.learning.base import Floats, NeighbourGraph, Pictures, TrainingSet
from concepts.learning.neighbours import neighbour_graph

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ALPHA = 0.9  # how much of a picture's score comes from its neighbours
SHARPNESS = 5  # exponent of the cosine: how much a nearer neighbour says more
TOLERANCE = 1e-6
MOST_STEPS = 200  # a picture further away than that hears nothing


def answered(data: TrainingSet, pictures: Pictures, yes: bool) -> Floats:
    """(n,) the answers of one side where their pictures are, 1 in all, or 0 where there are none."""
    sources = np.zeros(len(pictures.vectors))
    if pictures.labelled is not None:
        rows = (pictures.labelled >= 0) & (data.positive == yes)
        np.add.at(sources, pictures.labelled[rows], data.weight[rows] / max(data.weight[rows].sum(), 1e-12))
    return sources


def flows(pictures: Pictures, *sources: Floats) -> list[Floats]:
    """F = (I - αS)⁻¹Y of each of the sources Y (n,) on S = D^(-½) W D^(-½), with W the k nearest neighbours'
    cosines to a power, made symmetrical by the larger. A picture that no source reaches has 0."""
    from scipy.sparse.linalg import LinearOperator, cg  # a fifth of a second, and a start ranks nothing

    spread = _normalised(pictures.neighbours or neighbour_graph(pictures.vectors))
    n = len(pictures.vectors)
    system = LinearOperator((n, n), matvec=lambda f: f - ALPHA * (spread @ f), dtype=np.float64)
    return [
        np.asarray(cg(system, source, rtol=TOLERANCE, maxiter=MOST_STEPS)[0], np.float64)
        for source in sources
    ]


def _normalised(graph: NeighbourGraph) -> csr_array:
    """(n, n) S; a picture without neighbours has an empty row."""
    from scipy.sparse import coo_array, csr_array, diags_array

    n, k = graph.rows.shape
    weights = np.maximum(graph.cosine, 0).astype(np.float64).ravel() ** SHARPNESS
    near = coo_array((weights, (np.repeat(np.arange(n), k), graph.rows.ravel())), shape=(n, n)).tocsr()
    both = near.maximum(near.T)
    degree = np.asarray(both.sum(axis=1)).ravel()
    scale = diags_array(1 / np.sqrt(np.where(degree > 0, degree, 1)))
    return csr_array(scale @ both @ scale)
