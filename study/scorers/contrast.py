"""What counts against what it is confused with."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import SingleTexts
from concepts.registry import Method
from study.scorers.zero_shot import ZeroShot

TOP = 100  # pictures nearest to what counts, among which texts are confused
SHARE = 0.3  # how far it leans away from a text that is always the nearer one


class Contrast(ZeroShot):
    """c - share Σ ωₐ a, c the mean of what counts and ωₐ the part of its nearest pictures to which the text a
    of what doesn't count is nearer. As in the paper, what nothing is confused with says nothing; the paper
    has a language model describe the difference of each pair, here it is that of the two texts.
    """

    method = Method(
        name="contrast",
        what="Ranks by what counts, away from what this library would have confused with it.",
        source="Esfandiarpoor and Bach, Follow-up differential descriptions (FuDD), ICLR 2024",
        cost="one look at the library and a text a line to encode; needs no answer",
        defaults={"top": TOP, "share": SHARE},
    )

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        counts = texts.counts.mean(axis=0)
        likely = np.asarray(library @ counts, np.float64)
        nearest = np.argsort(-likely, kind="stable")[:TOP]
        confused = (library[nearest] @ texts.against.T > likely[nearest, None]).mean(axis=0)
        return unit(counts - SHARE * confused @ texts.against)
