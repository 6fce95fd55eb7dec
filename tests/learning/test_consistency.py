"""Labels given a second time: how often people say the same, and what newer words change."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from concepts.learning.consistency import ENOUGH, ReaskedLabels, RecheckedLabel, consistency, under_definition

SAID = [("yes", "yes")] * 12 + [("no", "no")] * 15 + [("yes", "no")] * 2 + [("no", "unsure")]


def test_what_was_said_twice_is_counted_by_the_first_answer_with_an_exact_interval() -> None:
    found = consistency(SAID, answers=200, people=1)
    assert found is not None
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


def test_too_few_are_counted_and_nothing_is_said_of_them() -> None:
    found = consistency(SAID[: ENOUGH - 1], answers=200, people=1)
    assert found is not None
    assert (found.same, found.share.value, found.different.value, found.sentences) == (9, None, None, ())
    assert found.share.note == "1 more pictures labelled twice are needed."
    assert consistency([], answers=200, people=0) is None


def test_who_says_the_same_throughout_limits_no_classifier() -> None:
    found = consistency(SAID[:12], answers=12, people=2)
    assert found is not None
    assert found.sentences[0] == "People labelled 12 of 12 pictures the same way twice (74–100 of 100)."
    assert "So none of the 12 test labels" in found.sentences[1]


def asked(pairs: list[tuple[str, str]], *, drawn: int = 20, answered: int | None = None) -> ReaskedLabels:
    return ReaskedLabels(3, 2, 66, 60, drawn, len(pairs) if answered is None else answered, pairs)


SAME = [("yes", "yes")] * 12 + [("no", "no")] * 8
CHANGED = [("yes", "no")] * 5 + [("yes", "yes")] * 7 + [("no", "no")] * 7 + [("no", "unsure")]


def test_until_all_that_was_drawn_is_answered_figures_are_under_the_earlier_words() -> None:
    found = under_definition(asked(CHANGED[:7]), [])
    assert found.is_open
    assert found.sentences == (
        "These figures are under definition 2: 60 of the 66 test labels were given before definition 3.",
        "20 of them, drawn at random, come again on Label; 7 are labelled. When all are, the figures say "
        "what changed. Until then they say nothing about definition 3.",
    )


def test_where_nothing_changed_the_figures_hold_and_how_many_more_could_is_said() -> None:
    found = under_definition(asked(SAME), [])
    assert (found.is_open, found.changed, found.share.low, found.would_change.value) == (False, 0, 0, 0)
    assert found.would_change.high == 8
    assert found.sentences[0].endswith("the figures hold. Of the other 40 at most 8 would be different.")


def test_what_changed_is_said_with_its_interval_and_how_far_figures_may_be_off() -> None:
    again = [RecheckedLabel(True, after == "yes", before, after) for before, after in CHANGED]
    rest = [RecheckedLabel(True, value == "yes", value, None) for value in ["yes"] * 24 + ["no"] * 16]
    found = under_definition(asked(CHANGED), again + rest)
    assert (found.changed, found.share.value, found.would_change.value) == (6, 0.3, 12)
    assert found.share.low is not None
    assert found.share.high is not None
    assert 6 / 60 <= found.share.low < 0.3 < found.share.high <= 46 / 60
    assert "6 of 20 labels asked for again, drawn at random from the 60 given" in found.sentences[0]
    assert "of the 60 test pictures it flags, not in 31" in found.sentences[1]


def test_nothing_is_claimed_where_every_new_answer_was_skipped() -> None:
    found = under_definition(asked([], answered=20), [])
    assert found.share.value is None
    assert found.sentences[0].endswith("None of those asked again has a new one.")


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_interval_has_the_true_number_of_changes_in_it_as_often_as_it_says(share: float) -> None:
    """Simulated answers: 60, of which this share would change, and a random third asked again."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        would = rng.permutation(60) < 60 * share
        drawn = rng.permutation(60)[:20]
        pairs = [("yes", "no" if would[i] else "yes") for i in drawn]
        found = under_definition(asked(pairs), [])
        low, high = found.would_change.low, found.would_change.high
        assert low is not None
        assert high is not None
        held += low <= would.sum() - would[drawn].sum() <= high
    assert held >= 0.95 * 400
