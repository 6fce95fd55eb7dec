"""The encoder protocol: pictures and words → unit vectors in one space."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concepts.registry import Method

Vectors = NDArray[np.float32]
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Fingerprint:
    """Everything that changes a vector. Two encoders agree exactly when their fingerprints do (rule 3)."""

    architecture: str
    weights_sha256: str
    preprocessing: str  # resize, crop, normalisation and decode mode, in a fixed wording
    precision: str  # "float32" or "bfloat16"

    def __str__(self) -> str:
        """Readable name and a short digest, safe in file and table names: `embedded-3f9a1c0b52de`."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]
        stem = "".join(c if c.isalnum() else "-" for c in self.architecture.lower()).strip("-")[:40]
        return f"{stem}-{digest}"


class TextEncoder(Protocol):
    """Words → unit vectors of the space of one encoder, perhaps without loading it."""

    @property
    def fingerprint(self) -> Fingerprint | str: ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors: ...


@runtime_checkable
class Encoder(Protocol):
    """Pictures and words → unit vectors of one space, so that a dot product is their cosine.

    Registered in `concepts.encoders.registry.ENCODERS`. `prepare` and `encode_pictures` are called from
    several threads at once, `encode_texts` from one.
    """

    method: ClassVar[Method]

    @classmethod
    def load(cls, name: str, cache: Path, precision: str) -> Encoder:
        """The encoder that a person writes as `name`: what it is registered as, perhaps with more after a
        colon. `cache` keeps what can be computed again; `precision` is auto, float32 or bfloat16.

        Raises `EncoderError`, with what to do about it.
        """

    @property
    def name(self) -> str:
        """What a person writes to choose it: `embedded`, `ViT-B-32-256/tag`, `local-dir:/path`."""

    @property
    def fingerprint(self) -> Fingerprint: ...

    @property
    def dimension(self) -> int: ...

    @property
    def licence(self) -> str:
        """Licence of the weights, for the model card; `unknown` where the checkpoint doesn't say."""

    @property
    def decode_size(self) -> int:
        """Short side in pixels below which a picture may not be shrunk while it is decoded."""

    def prepare(self, picture: Image.Image) -> Pixels:
        """An upright RGB picture → what the network eats, shape (3, H, W)."""

    def encode_pictures(self, batch: Pixels) -> Vectors:
        """(n, 3, H, W) → (n, dimension), unit length, rounded to what float16 can hold."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """n texts → (n, dimension), unit length, in the space of the pictures."""


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def as_stored(vectors: Vectors) -> Vectors:
    """Rounded to float16, which the index keeps: a picture scores the same fresh or from the library."""
    return vectors.astype(np.float16).astype(np.float32)
