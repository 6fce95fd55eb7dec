"""The hash that look-alikes nearly share is the published one."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
from drawing import draw, scene
from PIL import Image

from storage.pictures.hashing import perceptual_hash


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("picture", [scene, lambda seed: draw("ellipse", seed)])
def test_it_is_that_of_imagehash(picture, seed):
    assert perceptual_hash(picture(seed)) == str(imagehash.phash(picture(seed)))


def test_what_has_no_detail_has_none():
    ramp = np.tile(np.linspace(0, 255, 300, dtype=np.uint8), (200, 1))
    for plain in (Image.new("RGB", (300, 200), "teal"), Image.fromarray(ramp)):
        assert perceptual_hash(plain) is None
