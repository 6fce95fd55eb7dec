"""Ways to rank the person's own library that are no heads: by words, and by the labels of neighbours."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, NeighbourGraph, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.fitting import train_early
from concepts.registry import Method, Registry

NEIGHBOURS = 10
BLOCK = 1024  # pictures compared with all others at a time
# Answers flow along the graph of neighbours: Zhou et al., Learning with local and global consistency, 2003.
ALPHA = 0.9  # how much of a picture's score comes from its neighbours
SHARPNESS = 5  # exponent of the cosine: how much a nearer neighbour says more
TOLERANCE = 1e-6
MOST_STEPS = 200  # a picture further away than that hears nothing
DOUBT = 10  # answers of either side that every picture is taken to have heard from nowhere


def neighbour_graph(vectors: Vectors, k: int = NEIGHBOURS) -> NeighbourGraph:
    """(n, d) unit vectors → the k nearest others of each (fewer in a smaller set), by falling cosine.

    Exact: n² · d products, five seconds for 5,000 pictures of 1,280 dimensions.
    """
    n = len(vectors)
    k = min(k, n - 1)
    X = np.ascontiguousarray(vectors, dtype=np.float32)
    rows, cosine = np.empty((n, max(k, 0)), np.int64), np.empty((n, max(k, 0)), np.float32)
    for start in range(0, n if k > 0 else 0, BLOCK):
        block = X[start : start + BLOCK] @ X.T
        itself = np.arange(len(block))
        block[itself, start + itself] = -np.inf
        nearest = np.argpartition(-block, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(block, nearest, axis=1)
        order = np.lexsort((nearest, -near), axis=1)  # equally near ones in the order of their rows
        rows[start : start + BLOCK] = np.take_along_axis(nearest, order, axis=1)
        cosine[start : start + BLOCK] = np.take_along_axis(near, order, axis=1)
    return NeighbourGraph(rows, cosine)


def standardised(values: Floats) -> Floats:
    """(n,) in standard deviations from the mean over the pictures that are ranked."""
    values = np.asarray(values, np.float64)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-12))


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
    # A fifth of a second, and a start ranks nothing
    from scipy.sparse import coo_array, csr_array, diags_array
    from scipy.sparse.linalg import LinearOperator, cg

    graph = pictures.neighbours or neighbour_graph(pictures.vectors)
    n, k = graph.rows.shape
    weights = np.maximum(graph.cosine, 0).astype(np.float64).ravel() ** SHARPNESS
    near = coo_array((weights, (np.repeat(np.arange(n), k), graph.rows.ravel())), shape=(n, n)).tocsr()
    both = near.maximum(near.T)
    degree = np.asarray(both.sum(axis=1)).ravel()
    scale = diags_array(1 / np.sqrt(np.where(degree > 0, degree, 1)))
    spread = csr_array(scale @ both @ scale)
    system = LinearOperator((n, n), matvec=lambda f: f - ALPHA * (spread @ f), dtype=np.float64)
    return [
        np.asarray(cg(system, source, rtol=TOLERANCE, maxiter=MOST_STEPS)[0], np.float64)
        for source in sources
    ]


class WordsScorer(Scorer):
    """The cosine with the words, whatever was answered: what a plain search for them gives."""

    method = Method(
        name="words",
        what="Ranks by likeness to the words and learns nothing from labels.",
        source="the baseline of the field",
        cost="one look at the library; needs no label",
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        if texts is None:
            raise NotEnoughLabelsError("There are no words to search for.")
        return np.asarray(pictures.vectors @ texts.direction, np.float64)


class Blend(Scorer):
    """z(head) + z(log of what a picture hears of yes over what it hears of no), each in
    standard deviations over the pictures that are ranked; the head alone, which begins with the words, until
    there is a yes.

    It knows the very pictures it ranks, so its figures are about them and say nothing of a file that leaves
    the house.
    """

    method = Method(
        name="blend",
        what="What the classifier says, corrected by the labels of similar pictures.",
        source="this project; Zhou et al., Learning with local and global consistency, NeurIPS 2003",
        cost="that of the head, and a tenth of a second for 5,000 pictures once their neighbours are known",
        defaults={"doubt": DOUBT},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        head = train_early(data, None if texts is None else texts.direction, seed)
        return blended(head.logits(pictures.vectors), data, pictures)


def blended(scores: Floats, data: TrainingSet, pictures: Pictures) -> Floats:
    """The scores (n,) of a head for these pictures with what the answers to pictures like them say; the head
    alone where no yes is among them."""
    if pictures.labelled is None or not (data.positive & (pictures.labelled >= 0)).any():
        return standardised(scores)
    return standardised(scores) + standardised(_evidence(data, pictures))


def _evidence(data: TrainingSet, pictures: Pictures) -> Floats:
    """(n,) log((Y + e) / (N + e)), the flows of yes and of no, 1 in all each.

    Their difference, by which Zhou et al. rank, says how near an answer is before it says which: among
    pictures far from any answer it is nearly 0 for all, and those are what is left once most of what counts
    has been answered. The quotient asks which of the two is nearer. With few answers the difference is
    better, and e, which falls with the number of yes, is between the two: a quotient of small flows is
    chance. e is `DOUBT` answers of n⁺, spread over the library evenly.
    """
    yes, no = flows(pictures, *(answered(data, pictures, side) for side in (True, False)))
    even = 1 / (1 - ALPHA) / len(pictures.vectors)
    e = DOUBT / data.weight[data.positive].sum() * even
    return np.asarray(np.log(np.maximum(yes, 0) + e) - np.log(np.maximum(no, 0) + e))


SCORERS: Registry[Scorer] = Registry("scorer", "discern.scorers")
SCORERS.register(WordsScorer)
SCORERS.register(Blend)
