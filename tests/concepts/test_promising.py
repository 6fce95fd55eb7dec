"""Which pictures of a large library are asked about, when a head has prototypes."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.labelling import selection
from concepts.learning.base import LinearHead, Prototypes
from storage.vectors.ids import encoded
from storage.vectors.reader import VectorReader


@pytest.mark.parametrize("bias", [-0.3, 0.0, 0.3])
def test_in_a_large_library_the_likeliest_and_the_borderline_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, bias: float
) -> None:
    monkeypatch.setattr(selection, "LIKELY", 200)
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(4000, 8))).astype(np.float16)
    index = VectorReader("v", encoded([f"{n:064x}" for n in range(4000)]), vectors)
    beside = Prototypes(*(0.3 * unit(rng.normal(size=(n, 8))).astype(np.float32) for n in (3, 5)))
    head = LinearHead("", unit(rng.normal(size=8)), bias, prototypes=beside)
    exact, some = head.scores(index), selection.promising(index, head)
    assert len(some) <= 2 * 200 + 20
    assert some.top(20) == exact.top(20)
    assert max(abs(score) for _, score in some.nearest(0.0, 20)) < 0.15
    every = dict(exact.top(4000))
    for one, score in some.top(len(some)):
        assert score == pytest.approx(every[one], abs=1e-6)  # the last bits hang on how many are multiplied
