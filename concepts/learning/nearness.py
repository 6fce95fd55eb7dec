"""What labelled pictures like a picture say of it, beside a line: a line through everything that counts can't
leave out what lies between kinds that have nothing in common, and people who err pull it aside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.learning.base import (
    PASSED_OVER,
    Floats,
    LinearHead,
    Prototypes,
    Rows,
    TrainingSet,
    one_blas_thread,
)

SHARE = 0.5  # of the length of the head's weights that a difference of 1 in cosine weighs
ALIKE_SHARE, ALIKE_MOST = 0.3, 20  # of the others of a set, those that a picture has to be like
OTHERS = 5  # of each side that speak for or against a label
MOST = 512  # labels; a head that has learned from more is good by itself
MOST_YES, MOST_NO = 32, 64  # prototypes: each costs a product a picture
UNFAMILIAR = 0.02  # the share of pictures like the library's that may be called unlike its labels


def prototypes(head: LinearHead, labels: TrainingSet) -> Prototypes | None:
    """Means of two labels that are alike, and where these are many, of several such: in length so that a
    difference of 1 in cosine adds ½‖w‖ to a logit. After prototypical networks (Snell et al., NeurIPS 2017),
    with many of a side in place of one. A label that weighs less than one that was passed over, as most of a
    machine's do, is no example. None without both sides, and with more than `MOST` labels."""
    labels = labels.at(labels.weight >= PASSED_OVER)
    if not (labels.positives and labels.negatives) or len(labels.positive) > MOST:
        return None
    length = SHARE * float(np.linalg.norm(head.weights))
    yes, no = labels.at(labels.positive), labels.at(~labels.positive)
    return Prototypes(*(_typical(side, most, length) for side, most in ((yes, MOST_YES), (no, MOST_NO))))


def _typical(side: TrainingSet, most: int, length: float) -> Vectors:
    """(≤ most, d) of this length."""
    with one_blas_thread():
        # Of each picture and the one most like it, which is no near-copy, the mean: one picture may be
        # mislabelled, and no file that leaves the house shall hold its vector.
        vectors = np.asarray(side.vectors, np.float32)
        cosine = vectors @ vectors.T
        cosine[side.group[:, None] == side.group[None]] = -np.inf
        alone = ~np.isfinite(cosine).any(axis=1)  # all are copies of one
        other = np.where(alone, np.arange(len(vectors)), cosine.argmax(axis=1))
        pairs = np.unique(np.sort(np.stack([np.arange(len(vectors)), other], axis=1), axis=1), axis=0)
        found = _unit(vectors[pairs[:, 0]] + vectors[pairs[:, 1]])
        if len(found) > most:
            # SciPy's clusters take a tenth of a second to load, and few labels need none
            from scipy.cluster.hierarchy import fcluster, ward

            apart = np.sqrt(np.maximum(2 - 2 * (found @ found.T), 0))[np.triu_indices(len(found), 1)]
            cluster = fcluster(ward(apart), most, "maxclust")
            found = _unit(np.stack([found[cluster == one].mean(axis=0) for one in np.unique(cluster)]))
    return np.asarray(length * found, np.float32)


def _unit(vectors: Vectors) -> Vectors:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), np.float32)


def familiar_from(head: LinearHead, pictures: Vectors) -> float | None:
    """Of pictures (n, d) that nobody labelled, unit vectors: the cosine with the nearest prototype that is
    reached by all but `UNFAMILIAR` of what is drawn as they were, whatever that is (split conformal: Vovk et
    al. 2005; the distance to what was labelled for novelty: Pal et al., DAFOS-Net, ICCV 2023). None without
    prototypes, and of too few pictures."""
    least = int(UNFAMILIAR * (len(pictures) + 1))
    if head.prototypes is None or not least:
        return None
    with one_blas_thread():
        nearest = head.nearest(np.asarray(pictures, np.float64) @ head.columns)
    return float(np.partition(nearest, least - 1)[least - 1])


def others(labels: TrainingSet, k: int) -> Floats:
    """(n,) the mean cosine of each labelled picture with the k nearest yes less that with the k nearest no,
    without its near-duplicates: one of those may be as wrong as it is. Needs both sides."""
    vectors = np.asarray(labels.vectors, np.float32)
    cosine = vectors @ vectors.T
    cosine[labels.group[:, None] == labels.group[None]] = -1.0
    return _mean(cosine[:, labels.positive], k) - _mean(cosine[:, ~labels.positive], k)


def oddness(vectors: Vectors) -> Floats:
    """(n,) how far each picture of a set (n, d), unit vectors, n ≥ 2, is on average from the others that are
    most like it: they score each other (after MuSc: Li et al., ICLR 2024). A set may have several kinds, so
    these are few."""
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1.0)
    return 1 - _mean(cosine, max(1, min(int(ALIKE_SHARE * (len(vectors) - 1)), ALIKE_MOST)))


def kinds(labels: TrainingSet) -> Rows:
    """(y,) of each picture that counts a number that those of its kind share: two are of one where each is
    more like the other than like anything that doesn't count, and so is what is of a kind with either."""
    # SciPy's graphs take a tenth of a second to load, and few rounds need them
    from scipy.sparse.csgraph import connected_components

    yes, no = (np.asarray(labels.vectors[side], np.float32) for side in (labels.positive, ~labels.positive))
    with one_blas_thread():
        cosine = yes @ yes.T
        to_no = (yes @ no.T).max(axis=1, initial=-1.0)
    alike = (cosine > to_no[:, None]) & (cosine > to_no[None])
    return np.asarray(connected_components(alike, directed=False)[1], np.int64)


def _mean(cosine: NDArray[np.float32], k: int) -> Floats:
    """(n,) mean of the k largest of each row."""
    k = min(k, cosine.shape[1])
    return np.asarray(np.partition(cosine, -k, axis=1)[:, -k:].mean(axis=1), np.float64)


def others_in_logits(head: LinearHead, labels: TrainingSet) -> Floats:
    """(n,) what that adds to a line that had not seen them; 0 with more than `MOST` labels."""
    if len(labels.positive) > MOST:
        return np.zeros(len(labels.positive))
    return SHARE * float(np.linalg.norm(head.weights)) * others(labels, OTHERS)
