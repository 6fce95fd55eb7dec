"""Whether what was asked for is reached is said from what was measured, or left open."""

from __future__ import annotations

import pytest

from concepts.learning.report import Metric, about_the_target


def precision(low: float | None, high: float | None) -> list[Metric]:
    return [Metric(name="precision", value=None if low is None else 0.5, low=low, high=high, n=60)]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.91, 0.97, "You asked for at least 90 of 100 pictures it flags to be right: they are."),
        (0.5, 0.8, "You asked for at least 90 of 100 pictures it flags to be right: they are not."),
        (0.8, 0.95, "right: that is not certain. More answers that measure would tell."),
        (None, None, "right: too few answers measure to say whether they are."),
    ],
)
def test_a_floor_is_reached_missed_or_left_open_by_its_interval(
    low: float | None, high: float | None, said: str
) -> None:
    (found,) = about_the_target("precision at least 0.9", precision(low, high))
    assert found.endswith(said)


@pytest.mark.parametrize("target", ["best F1", "set by hand", "none", ""])
def test_where_no_floor_was_asked_for_nothing_is_said(target: str) -> None:
    assert about_the_target(target, precision(0.5, 0.6)) == []


def test_a_floor_of_recall_is_about_what_counts() -> None:
    found = about_the_target(
        "recall at least 0.5", [Metric(name="recall", value=0.7, low=0.6, high=0.8, n=9)]
    )
    assert found == ["You asked for at least 50 of 100 pictures that count to be found: they are."]
