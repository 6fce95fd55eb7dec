from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Twelve different pictures: seeded coloured blobs, upright and lying, larger and smaller."""
    random = np.random.default_rng(7)
    sizes = [(400, 300), (300, 400), (256, 256), (90, 700), (20, 30), (640, 480)] * 2
    blobs = [Image.fromarray(random.integers(0, 256, (5, 5, 3), dtype=np.uint8)) for _ in sizes]
    return [blob.resize(size, Image.Resampling.BICUBIC) for blob, size in zip(blobs, sizes, strict=True)]
