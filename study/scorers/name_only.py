"""Searching for the name."""

from __future__ import annotations

from concepts.encoders.base import Vectors
from concepts.learning.base import SingleTexts
from concepts.registry import Method
from study.scorers.zero_shot import ZeroShot


class NameOnly(ZeroShot):
    """The cosine with the name: what a classifier gets that knows nothing but what its class is called."""

    method = Method(
        name="name_only",
        what="Ranks by likeness to the name alone.",
        source="Radford et al., Learning transferable visual models from natural language, ICML 2021",
        cost="one look at the library; needs no label",
    )

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        return texts.name
