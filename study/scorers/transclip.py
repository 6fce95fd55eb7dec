"""Two Gaussians and the neighbours of all pictures, settled together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, NeighbourGraph, Pictures, Scorer, Texts, TrainingSet, sigmoid
from concepts.learning.fitting import train_early
from concepts.learning.heads import require_both
from concepts.learning.scorers import neighbour_graph
from concepts.registry import Method

OUTER, INNER = 10, 5  # rounds
BELIEF = 0.5  # λ, of the head's own probabilities
SUPPORT = 0.2  # γ, of all labelled pictures, where all unlabelled ones weigh one
TEMPERATURE = 50.0
HALVINGS = 40


class TransCLIP(Scorer):
    """Responsibilities z, means and one diagonal covariance by turns. In place of zero-shot probabilities
    those of the app's head, which knows the labels; how many pictures count is what it expects and stays so:
    where few do, the Gaussian of what counts would drift to a larger kind of picture."""

    method = Method(
        name="transclip",
        what="Lets the pictures without an answer say what is typical of both sides.",
        source="Zanella, Gérin & Ben Ayed, Boosting vision-language models with transduction, NeurIPS 2024",
        cost="fifty products of the library's vectors; needs a yes and a no",
        defaults={"belief": BELIEF, "support": SUPPORT, "temperature": TEMPERATURE},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        require_both(data)
        if pictures.labelled is None:
            raise NotEnoughLabelsError("None of the labelled pictures is among those to rank.")
        direction = None if texts is None else texts.direction
        X = np.asarray(pictures.vectors, np.float32)
        head = train_early(data, direction, seed)
        logits = np.asarray(head.logits(X), np.float64)
        graph = pictures.neighbours or neighbour_graph(X)
        here = pictures.labelled >= 0
        rows, side = pictures.labelled[here], np.asarray(data.positive[here])
        labelled = np.zeros(len(X), bool)
        labelled[rows] = True
        free = ~labelled
        believed, z = BELIEF * logits, sigmoid(logits)
        expected = float(z[free].sum())
        z[rows] = side
        weight = np.where(labelled, SUPPORT / len(rows), 1 / max(int(free.sum()), 1))
        settled, k = believed, max(graph.rows.shape[1], 1)
        for _ in range(OUTER):
            likelihood = _log_ratio(X, z, weight)
            for _ in range(INNER):
                near = _heard(graph, 2 * z - 1)
                settled = believed + likelihood / TEMPERATURE + near / (2 * k)
                z[free] = sigmoid(settled[free] + _shift(settled[free], expected))
                z[rows] = side
        return settled


def _log_ratio(X: NDArray[np.float32], z: Floats, weight: Floats) -> Floats:
    """(n,) log likelihood of what counts less that of the rest, with one diagonal covariance."""
    yes, no = weight * z, weight * (1 - z)
    mean_yes, mean_no = yes @ X / max(yes.sum(), 1e-12), no @ X / max(no.sum(), 1e-12)
    squares = weight @ np.square(X) / weight.sum()
    share = yes.sum() / weight.sum()
    variance = np.maximum(squares - share * mean_yes**2 - (1 - share) * mean_no**2, 1e-8)
    tilt = (mean_yes - mean_no) / variance
    return np.asarray(X @ tilt - 0.5 * float((mean_yes + mean_no) @ tilt), np.float64)


def _heard(graph: NeighbourGraph, said: Floats) -> Floats:
    """(n,) of (W + Wᵀ) said, W the cosines of each picture with its neighbours."""
    heard = np.einsum("nk,nk->n", graph.cosine, said[graph.rows])
    np.add.at(heard, graph.rows.ravel(), (graph.cosine * said[:, None]).ravel())
    return np.asarray(heard, np.float64)


def _shift(logits: Floats, expected: float) -> float:
    """What to add so that the probabilities come to `expected` in sum."""
    low, high = -50.0, 50.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if float(sigmoid(logits + middle).sum()) < expected else (low, middle)
    return low
