"""Labels given a second time: how often people say the same."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from concepts.learning.consistency import ENOUGH, consistency

SAID = [("yes", "yes")] * 12 + [("no", "no")] * 15 + [("yes", "no")] * 2 + [("no", "unsure")]


def test_what_was_said_twice_is_counted_by_the_first_answer_and_limits_a_classifier() -> None:
    found = consistency(SAID, answers=200, people=1)
    assert (found.n, found.same, found.yes_to_no, found.no_to_yes, found.to_unsure) == (30, 27, 2, 0, 1)
    exact = binomtest(27, 30).proportion_ci(0.95)
    assert (found.share.low, found.share.high) == pytest.approx((exact.low, exact.high))
    assert (found.ceiling.low, found.ceiling.value) == pytest.approx(((1 + exact.low) / 2, 0.95))
    assert found.different.value == pytest.approx(20)
    assert 3 <= found.different.low < 20 < found.different.high <= 173  # type: ignore[operator]
    assert found.sentences[0].startswith(
        "You labelled 27 of 30 pictures the same way twice (73–98 of 100): no classifier can be expected to "
        "agree with your labels on more than about 95 of 100"
    )
    assert "about 20 of the 200 test labels would be different" in found.sentences[1]
    found = consistency(SAID[:12], answers=12, people=2)
    assert found.sentences[0] == "People labelled 12 of 12 pictures the same way twice (74–100 of 100)."
    assert "So none of the 12 test labels" in found.sentences[1]


def test_too_few_are_counted_and_nothing_is_said_of_them() -> None:
    found = consistency(SAID[: ENOUGH - 1], answers=200, people=1)
    assert (found.same, found.share.value, found.different.value, found.sentences) == (9, None, None, ())
    assert found.share.note == "1 more pictures labelled twice are needed."
    assert consistency([], answers=200, people=0) is None
