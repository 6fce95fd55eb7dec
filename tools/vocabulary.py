"""`python -m tools.vocabulary`: writes the vectors of the built-in vocabulary again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from concepts.definition.vocabulary import FILE, EmbedTexts, all_nouns
from concepts.encoders.base import Vectors
from concepts.encoders.sentences import SentenceEncoder

GLOSS_WORDS = 16  # the rest of a gloss is examples and asides


def noun_vectors(embed_texts: EmbedTexts, nouns: Sequence[tuple[str, str]]) -> Vectors:
    """(n, 384): a dot product with a text is the score of `Noun`."""
    names = embed_texts([name for name, _ in nouns])
    glossed = embed_texts([f"{name}: {' '.join(gloss.split()[:GLOSS_WORDS])}" for name, gloss in nouns])
    return np.asarray((2 * glossed + names) / 3, dtype=np.float32)


def build(embed_texts: EmbedTexts, described: Sequence[tuple[str, str]], file: Path) -> None:
    """Embeds nouns with their glosses and writes them, rounded to int8 with one scale a dimension."""
    vectors = noun_vectors(embed_texts, described)
    scale = np.abs(vectors).max(axis=0) / 127
    save_file({"vectors": np.round(vectors / scale).astype(np.int8), "scale": scale}, file)


if __name__ == "__main__":
    build(SentenceEncoder().encode, all_nouns(), FILE)
