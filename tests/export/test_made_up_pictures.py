"""Pictures that join too few of a library's own: nobody's, and as smooth as photographs are."""

from __future__ import annotations

import numpy as np

from concepts.publishing.smaller import MADE_UP, _noise


def test_they_are_smooth_the_same_each_time_and_no_two_are_alike() -> None:
    pictures = _noise(32, 48)
    assert (pictures.shape, pictures.dtype) == ((MADE_UP, 3, 32, 48), np.uint8)
    assert np.array_equal(pictures, _noise(32, 48))
    assert len(np.unique(pictures, axis=0)) == MADE_UP
    beside = np.corrcoef(pictures[..., :-1].ravel(), pictures[..., 1:].ravel())[0, 1]
    assert beside > 0.5  # white noise has 0
