"""What the blind answers about a watched folder say, and when they warn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest

from concepts.labelling.consensus import Decision
from concepts.publishing.watch_precision import WatchPrecision, precision
from concepts.workbench.watcher import lot
from storage.tables import now
from storage.watches import Watched

BEGUN = now()
PLACES: Iterator[int] = count(1)


def asked(n: int, *, version: int = 1) -> list[Watched]:
    return [
        Watched(
            picture_id=f"{place:064}",
            file=f"{place}.png",
            version=version,
            probability=0.9,
            threshold=0.5,
            flagged=True,
            fresh=True,
            drawn=True,
            sequence=place,
            created=BEGUN + timedelta(minutes=place),
        )
        for place in (next(PLACES) for _ in range(n))
    ]


def decision(picture: str, value: Any) -> Decision:
    return Decision(picture, value, {"me": value}, simulated=False)


def of(drawn: Sequence[Watched], values: Sequence[str], promised: float | None) -> WatchPrecision:
    blind = {one.picture_id: decision(one.picture_id, v) for one, v in zip(drawn, values, strict=False)}
    return precision(drawn, blind, blind, promised)


def test_without_answers_or_a_promise_nothing_is_claimed() -> None:
    assert of(asked(3), [], 0.9).standing == "none"
    assert of(asked(3), [], 0.9).sentence == ""
    found = of(asked(3), ["yes"] * 3, None)
    assert found.standing == "none"
    assert "3 were right" in found.sentence


def test_answers_behind_one_that_is_missing_wait() -> None:
    drawn = asked(5)
    blind = {one.picture_id: decision(one.picture_id, "yes") for one in (*drawn[:2], *drawn[3:])}
    found = precision(drawn, blind, blind, 0.9)
    assert found.right is not None
    assert (found.asked, found.answered, found.right.answered) == (5, 4, 2)


def test_an_answer_with_the_machines_opinion_in_view_says_nothing_and_keeps_nobody_waiting() -> None:
    drawn = asked(3)
    blind = {one.picture_id: decision(one.picture_id, "yes") for one in drawn[1:]}
    decided = {one.picture_id for one in drawn}
    found = precision(drawn, blind, decided, 0.9)
    assert found.right is not None
    assert (found.right.answered, found.answered) == (2, 2)


def test_what_nobody_could_decide_is_not_right() -> None:
    found = of(asked(3), ["yes", "unsure", "skip"], 0.5)
    assert found.right is not None
    assert found.right.right == 1


def test_it_is_kept_once_the_lower_limit_is_what_was_promised() -> None:
    assert of(asked(10), ["yes"] * 10, 0.8).standing == "open"
    found = of(asked(40), ["yes"] * 40, 0.8)
    assert found.standing == "kept"
    assert found.sentence.endswith("At least 80 of 100 were promised, and that is kept.")


def test_it_warns_when_the_upper_limit_is_under_what_was_promised() -> None:
    found = of(asked(40), ["yes", "no"] * 20, 0.9)
    assert found.standing == "broken"
    assert "not kept" in found.sentence


def test_a_version_that_came_later_begins_anew() -> None:
    drawn = [*asked(50), *asked(40, version=2)]
    found = of(drawn, ["no"] * 50 + ["yes"] * 40, 0.8)
    assert found.standing == "kept"
    assert found.right is not None
    assert (found.right.version, found.right.answered) == (2, 40)


@pytest.mark.parametrize("share", [0.9, 0.95])
def test_a_promise_that_is_kept_is_called_broken_in_fewer_than_5_of_100_runs(share: float) -> None:
    rng, runs, answers, wrong = np.random.default_rng(1), 150, 50, 0
    for run in rng.random((runs, answers)) < share:
        values = ["yes" if right else "no" for right in run]
        drawn = asked(answers)
        wrong += any(of(drawn, values[:n], share).standing == "broken" for n in range(5, answers + 1, 3))
    assert wrong <= 0.05 * runs


def test_a_draw_is_random_and_the_same_each_time() -> None:
    lots = [lot("seed", f"{n}") for n in range(4000)]
    assert lots[:10] == [lot("seed", f"{n}") for n in range(10)]
    assert abs(np.mean(lots) - 0.5) < 0.02
    assert abs(np.mean(np.array(lots) < 0.1) - 0.1) < 0.02
    assert lots[0] != lot("another", "0")
