"""Texts as vectors of the library's encoder."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from concepts.encoders.base import Encoder, Vectors
from concepts.library.recent import Recent

TEXTS_KEPT = 2048  # the words of a hundred concepts; at most 9 kB each


class TextVectors:
    """Texts encoded by one encoder. Those used last are remembered."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._recent: Recent[str, Vectors] = Recent(TEXTS_KEPT)
        self._encoding = threading.Lock()

    def of(self, texts: Sequence[str]) -> Vectors:
        """(n, d), unit length."""
        if not texts:
            return np.empty((0, self.encoder.dimension), np.float32)
        wanted = list(dict.fromkeys(texts))
        known = self._known(wanted)
        if len(known) < len(wanted):
            with self._encoding:  # encoders take texts from one thread at a time
                known = self._known(wanted)  # some may have been encoded while this one waited
                missing = [text for text in wanted if text not in known]
                if missing:
                    known |= zip(missing, self.encoder.encode_texts(missing), strict=True)
                for text in missing:
                    self._recent.setdefault(text, known[text].copy())
        return np.stack([known[text] for text in texts])

    def _known(self, texts: Sequence[str]) -> dict[str, Vectors]:
        found = {text: self._recent.get(text) for text in texts}
        return {text: vector for text, vector in found.items() if vector is not None}
