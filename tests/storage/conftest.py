"""Pictures the tests draw themselves."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def drawn(seed: int, width: int = 96, height: int = 64) -> Image.Image:
    """Smooth random blobs: as much detail as a photo has."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def encode() -> Callable[..., bytes]:
    return encoded


@pytest.fixture
def draw() -> Callable[..., Image.Image]:
    return drawn
