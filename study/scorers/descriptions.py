"""Searching for what counts, line by line."""

from __future__ import annotations

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import SingleTexts
from concepts.registry import Method
from study.scorers.zero_shot import ZeroShot


class Descriptions(ZeroShot):
    """The mean of the cosines with each line of what counts, which begins with the name."""

    method = Method(
        name="descriptions",
        what="Ranks by likeness to all lines of what counts.",
        source="Menon and Vondrick, Visual classification via description, ICLR 2023; "
        "Pratt et al., CuPL, ICCV 2023",
        cost="one look at the library and a text a line to encode; needs no answer",
    )

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        return unit(texts.counts.mean(axis=0))
