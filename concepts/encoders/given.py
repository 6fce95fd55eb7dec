"""Vectors that somebody made elsewhere and brought along with their pictures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from concepts.encoders.base import Fingerprint, Pixels, Vectors
from concepts.errors import EncoderError
from concepts.registry import Method

NAME = re.compile(r"vectors:(.+:)?([1-9]\d{0,4})")


class GivenVectors:
    """`vectors:NAME:DIMENSION`, or `vectors:DIMENSION`. It embeds nothing; texts are zeros, which are
    like nothing."""

    method: ClassVar[Method] = Method(
        name="vectors",
        what="Keeps the vectors that you add with pictures. Picture-only, and it can’t embed other pictures.",
        source="whoever made the vectors",
        licence="that of whoever made the vectors",
    )
    licence = "unknown"
    decode_size = 1

    def __init__(self, name: str) -> None:
        """Raises `EncoderError` for a name without a dimension."""
        said = NAME.fullmatch(name)
        if said is None:
            raise EncoderError(f"“{name}” says no dimension. Write vectors:NAME:DIMENSION.")
        self.name, self.dimension = name, int(said[2])
        digest = hashlib.sha256(name.encode()).hexdigest()
        self.fingerprint = Fingerprint(name, digest, "given", "float32")

    @classmethod
    def load(cls, name: str, cache: Path) -> GivenVectors:
        return cls(name)

    def prepare(self, picture: Image.Image) -> Pixels:
        return np.zeros((3, 1, 1), np.float32)

    def encode_pictures(self, batch: Pixels) -> Vectors:
        raise EncoderError(
            "This library uses your own vectors, so Discern can’t embed pictures for it. Add pictures with "
            "their vectors, or change the encoder."
        )

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), self.dimension), np.float32)
