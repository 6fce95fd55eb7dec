"""What figures cover: whether the library is still what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import in_memory, picture_ids

from concepts.classifier.quality import coverage
from concepts.encoders.base import unit

IDS = picture_ids(700)


def library(foreign: int) -> np.ndarray:
    """500 pictures of some kinds, then so many of another one."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(8, 32))
    own = centres[rng.integers(0, 8, 500)] + 0.5 * rng.normal(size=(500, 32))
    other = 1.5 * rng.normal(size=32) + 0.5 * rng.normal(size=(foreign, 32))
    return unit(np.concatenate([own, other]))


def test_of_a_library_that_has_not_changed_or_is_hardly_measured_nothing_is_said() -> None:
    index = in_memory(IDS[:500], library(0))
    assert coverage(IDS[:19], index, list) is None
    assert coverage(IDS[:490], index, list) is None
    found = coverage(IDS[:100], index, list)
    assert found is not None
    assert (found.n_measured, found.n_library, found.sentence) == (100, 500, "")
    assert found.p_value > 0.01


def test_pictures_added_since_are_counted_and_said() -> None:
    found = coverage(IDS[:100], in_memory(IDS, library(200)), list)
    assert found is not None
    assert found.p_value < 0.01
    assert found.share_unlike == pytest.approx(200 / 700, abs=0.07)
    assert f"About {found.unlike} pictures" in found.sentence
    assert "look unlike the test set" in found.sentence


def test_copies_of_what_is_there_are_no_news() -> None:
    """Two hundred near-copies of one picture."""
    vectors = np.concatenate([library(0), np.repeat(library(0)[300:301], 200, axis=0)])
    name = min(IDS[300:301] + IDS[500:])
    copies = {IDS[300], *IDS[500:]}
    found = coverage(
        IDS[:100], in_memory(IDS, vectors), lambda ids: [name if i in copies else i for i in ids]
    )
    assert found is not None
    assert found.sentence == ""
