"""The built-in vocabulary: 11,821 nouns with their WordNet glosses, by nearness to a text.

They are the nouns of ImageNet-12k, which enough photographs were found for, so they name what can be
seen; timm ships them. Embedding them takes minutes on a small machine, so their vectors ship with the
product (`vocabulary.safetensors`, a byte a number; PCA to 128 dimensions changed a fifth of the answers).
`python -m tools.vocabulary` writes that file again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.packaged import NOUNS, described

EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]

FILE = Path(__file__).with_name("vocabulary.safetensors")


class Noun(NamedTuple):
    """A noun near a text. `score` is about a cosine: two parts of name and gloss, one of the name alone."""

    name: str
    score: float


class Vocabulary:
    """Nouns by nearness to a text. `embed_texts` is all-MiniLM-L6-v2: texts → (n, 384), unit length."""

    def __init__(self, embed_texts: EmbedTexts) -> None:
        self._embed = embed_texts

    def nearest(self, text: str, n: int) -> list[Noun]:
        """At most n nouns with different names, nearest first."""
        return self.nearest_to(self._embed([text])[0], n)

    def nearest_to(self, vector: NDArray[np.float32], n: int) -> list[Noun]:
        """The same for a (384,) vector of that space, such as the ConSE part of a picture's."""
        scores = shipped_vectors() @ vector
        nouns: dict[str, Noun] = {}
        for row in np.argsort(-scores, kind="stable"):
            name, _ = all_nouns()[row]
            nouns.setdefault(name.casefold(), Noun(name, float(scores[row])))
            if len(nouns) == n:
                break
        return list(nouns.values())


@cache
def all_nouns() -> list[tuple[str, str]]:
    """First name and gloss of every noun, in timm's order."""
    return [(names.split(", ")[0], gloss) for names, gloss in described(NOUNS).values()]


@cache
def shipped_vectors() -> NDArray[np.float32]:
    """(11821, 384), see `tools.vocabulary.noun_vectors`."""
    from safetensors.numpy import load_file

    file = load_file(FILE)
    return np.asarray(file["vectors"] * file["scale"], dtype=np.float32)
