"""One encoder for everybody: loading it takes seconds and hundreds of megabytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from concepts.encoders import Encoder, Vectors, load_encoder


class SharedEncoders:
    """Loads each encoder once, as `load_encoder` does, with one cache."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._loaded: dict[tuple[str, str], Encoder] = {}
        self._lock = threading.Lock()

    def load(self, name: str, *, cache: Path, precision: str = "auto") -> Encoder:
        with self._lock:
            known = self._loaded.get((name, precision))
            if known is None:
                loaded = load_encoder(name, cache=self._cache, precision=precision)
                known = cast(Encoder, _TextsInTurn(loaded))
                for asked in (precision, loaded.fingerprint.precision):
                    known = self._loaded.setdefault((name, asked), known)
            return known


class _TextsInTurn:
    """An encoder that takes texts from several libraries: encoders themselves take them from one thread."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._encoding = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        with self._encoding:
            return self._encoder.encode_texts(texts)
