"""Texts as vectors of the library's encoder. What was encoded once needs no encoder again: loading one takes
seconds."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from cachetools import LRUCache

from concepts.encoders.base import Encoder, Vectors
from concepts.errors import FingerprintMismatchError
from storage.files import read_kept, write_kept

TEXTS_KEPT = 2048  # the words of a hundred concepts; at most 9 kB each
FILES_KEPT = 4096  # on disk, at most 37 MB


class TextVectors:
    """A `TextEncoder` that remembers the texts used last, and finds others on disk. The encoder of this
    fingerprint is loaded for the first text that is new."""

    def __init__(
        self, fingerprint: str, dimension: int, load: Callable[[], Encoder], kept: KeptTexts | None = None
    ) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._load = load
        self._loaded: Encoder | None = None
        self._kept = kept
        self._recent: LRUCache[str, Vectors] = LRUCache(TEXTS_KEPT)
        self._lock = threading.Lock()  # of those
        self._encoding = threading.RLock()

    @property
    def encoder(self) -> Encoder:
        """Raises `FingerprintMismatchError` where it isn't the one these vectors are from."""
        with self._encoding:
            if self._loaded is None:
                loaded = self._load()
                if str(loaded.fingerprint) != self.fingerprint:
                    what = f"Encoder {loaded.name}"
                    raise FingerprintMismatchError(what, self.fingerprint, str(loaded.fingerprint))
                self._loaded = loaded
            return self._loaded

    def warm_up(self) -> None:
        """Loads the encoder and encodes a text. `encode_texts` may find the text on disk instead."""
        with self._encoding:
            self.encoder.encode_texts(["a picture"])

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """(n, d), unit length."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        wanted = list(dict.fromkeys(texts))
        known = self._known(wanted)
        if len(known) < len(wanted):
            with self._encoding:  # encoders take texts from one thread at a time
                known = self._known(wanted)  # some may have been encoded while this one waited
                missing = [text for text in wanted if text not in known]
                if missing:
                    encoded = dict(zip(missing, self.encoder.encode_texts(missing), strict=True))
                    if self._kept:
                        self._kept.write(encoded)
                    known |= encoded
                with self._lock:
                    self._recent.update({text: known[text].copy() for text in missing})
        return np.stack([known[text] for text in texts])

    def _known(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._lock:
            found = {text: self._recent[text] for text in texts if text in self._recent}
        if self._kept:
            read = {text: self._kept.read(text) for text in texts if text not in found}
            on_disk = {text: vector for text, vector in read.items() if vector is not None}
            with self._lock:
                self._recent.update(on_disk)
            found |= on_disk
        return found


class KeptTexts:
    """Vectors of texts as files of a cache, named by the text's hash. What is missing, damaged or can't be
    written is encoded again."""

    def __init__(self, cache: Path, fingerprint: str, dimension: int) -> None:
        self._folder = cache / "texts" / fingerprint
        self._dimension = dimension

    def read(self, text: str) -> Vectors | None:
        try:
            content = io.BytesIO(read_kept(self._file(text)) or b"")
            vector: Vectors = np.lib.format.read_array(content, allow_pickle=False)
        except ValueError:
            return None
        return vector if vector.shape == (self._dimension,) and vector.dtype == np.float32 else None

    def write(self, vectors: dict[str, Vectors]) -> None:
        with contextlib.suppress(OSError):
            for text, vector in vectors.items():
                content = io.BytesIO()
                np.save(content, np.asarray(vector, np.float32), allow_pickle=False)
                write_kept(self._file(text), content.getvalue())
            files = list(self._folder.glob("*.npy"))
            if len(files) > FILES_KEPT:  # the oldest eighth goes
                files.sort(key=lambda file: file.stat().st_mtime_ns)
                for file in files[: len(files) - FILES_KEPT * 7 // 8]:
                    file.unlink(missing_ok=True)

    def _file(self, text: str) -> Path:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest}.npy"
