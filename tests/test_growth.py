"""How growth is told from what is fixed."""

from __future__ import annotations

import pytest

from benchmarks.growth.__main__ import exponent


def test_the_exponent_is_that_of_what_grows_and_not_of_what_is_fixed() -> None:
    squared = {size: 0.5 + (size / 10_000) ** 2 for size in (1_000, 10_000, 100_000, 1_000_000)}

    assert exponent(squared) == pytest.approx(2, abs=0.01)


def test_what_has_grown_at_one_size_only_has_no_exponent() -> None:
    assert exponent({1_000: 1.0, 10_000: 1.1, 100_000: 5.0}) is None
