"""Searching for the name in several wordings."""

from __future__ import annotations

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import SingleTexts
from concepts.registry import Method
from study.scorers.zero_shot import ZeroShot


class NameEnsemble(ZeroShot):
    """The cosine with the mean of the name's prompts. The paper's are 80; these are a dozen of our own."""

    method = Method(
        name="name_ensemble",
        what="Ranks by likeness to the name in several wordings.",
        source="Radford et al., Learning transferable visual models from natural language, ICML 2021, §3.1.4",
        cost="one look at the library and a dozen texts more to encode; needs no answer",
    )

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        return unit(texts.prompts.mean(axis=0))
