"""The wordings of the name that say most about this library."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import SingleTexts
from concepts.learning.scorers import standardised
from concepts.registry import Method
from study.scorers.zero_shot import ZeroShot


class ZPE(ZeroShot):
    """Prompts weigh softmax(z(sₚ)), sₚ = mean over the library of max(x · tₚ - mean(x · tₚ), 0).

    The paper's sₚ is the mean of the largest logit over its classes, once what a prompt likes in any picture
    is taken off. A concept is one class; the other is that a picture doesn't show it, whose logit is what
    the library has on average, 0. Taken over the prompts z(sₚ) has no scale, so that the encoder's doesn't
    matter.
    """

    method = Method(
        name="zpe",
        what="Ranks by the name in those wordings that tell the pictures of this library apart.",
        source="Allingham et al., A simple zero-shot prompt weighting technique (ZPE), ICML 2023",
        cost="one look at the library a wording; needs no answer",
    )

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        found = np.asarray(library @ texts.prompts.T, np.float64)
        told = np.maximum(found - found.mean(axis=0), 0).mean(axis=0)
        weight = np.exp(standardised(told))
        return unit(weight @ texts.prompts / weight.sum())
