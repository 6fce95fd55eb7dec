"""One Gaussian for each side, fused with the words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Floats, LinearHead, TrainingSet, grouped_folds
from concepts.learning.calibration import calibrated_loss
from concepts.learning.heads import Head, LDAHead, require_both
from concepts.registry import Method

SHARES = (0.0, 0.25, 0.5, 1.0, 2.0)  # of the words beside the Gaussians, each in its own spread


@dataclass(frozen=True)
class GDAHead(Head):
    """The linear discriminant with a shared covariance (`LDAHead`) plus a share of the words; the share is
    the one whose calibrated out-of-fold scores have the least log loss, none where nothing can be held out.

    Of the paper the precision is another (Ledoit & Wolf here), and pictures are not cropped and mirrored.
    """

    share: float | None = None

    method = Method(
        name="gda",
        what="Compares averages as lda does, and listens to the words as far as they agree with the answers.",
        source="Wang et al., A hard-to-beat baseline for training-free CLIP-based adaptation, ICLR 2024",
        cost="ten times that of lda, milliseconds for a hundred labels; needs a yes and a no",
        defaults={"shares": SHARES},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        gaussians = LDAHead().fit(data, text_direction, seed)
        own = max(float(gaussians.logits(data.vectors).std()), 1e-12)
        weights, bias = gaussians.weights / own, gaussians.bias / own
        share = self.share
        if share is None:
            share = _choose_share(data, text_direction, seed) if text_direction is not None else 0.0
        if share and text_direction is not None:
            heard = _heard(data.vectors, text_direction)
            spread = max(float(heard.std()), 1e-12)
            weights = weights + share / spread * text_direction
            bias -= share / spread * float(heard.mean())
        return LinearHead("gda", weights, bias, details={"words": share})

    def settled(self, fitted: LinearHead) -> Head:
        return GDAHead(fitted.details["words"])


def _heard(vectors: Vectors, text_direction: Vectors) -> Floats:
    return np.asarray(vectors, np.float64) @ np.asarray(text_direction, np.float64)


def _choose_share(data: TrainingSet, text_direction: Vectors, seed: int) -> float:
    folds = grouped_folds(data.positive, data.group, seed)
    if not folds:
        return 0.0
    heard = _heard(data.vectors, text_direction)
    gaussians, words = np.empty(len(heard)), np.empty(len(heard))
    for train, test in folds:
        part = data.at(train)
        head = LDAHead().fit(part, None, seed)
        own = max(float(head.logits(part.vectors).std()), 1e-12)
        gaussians[test] = head.logits(data.vectors[test]) / own
        words[test] = (heard[test] - heard[train].mean()) / max(float(heard[train].std()), 1e-12)
    return min(
        SHARES, key=lambda share: calibrated_loss(gaussians + share * words, data.positive, data.weight)
    )
