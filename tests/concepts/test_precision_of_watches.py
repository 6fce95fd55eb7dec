"""What the blind answers about a watched folder say, and when they warn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import count, islice
from typing import Any

import numpy as np
import pytest

from concepts.labelling.consensus import Decision
from concepts.results.watch_precision import WatchPrecision, precision
from concepts.results.watcher import lot
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
        for place in islice(PLACES, n)
    ]


def blind_of(drawn: Iterable[Watched], values: Iterable[Any]) -> dict[str, Decision]:
    ids = [one.picture_id for one in drawn]
    return {i: Decision(i, v, {"me": v}, simulated=False) for i, v in zip(ids, values, strict=False)}


def of(drawn: Sequence[Watched], values: Sequence[str], promised: float | None) -> WatchPrecision:
    blind = blind_of(drawn, values)
    return precision(drawn, blind, blind, promised)


@pytest.mark.parametrize(
    ("said", "promised", "standing", "sentence"),
    [
        ([], 0.9, "none", ""),
        (["yes"] * 3, None, "none", "of 100, with 95 % confidence."),
        (["yes"] * 10, 0.8, "open", "too few are labelled to say whether that is kept."),
        (["yes", "unsure", "skip"], 0.5, "open", "too few are labelled to say whether that is kept."),
        (["yes"] * 40, 0.8, "kept", "At least 80 of 100 were promised, and that is kept."),
        (["yes", "no"] * 20, 0.9, "broken", "look at what changed in the pictures, and train anew."),
    ],
)
def test_a_promise_is_kept_by_the_lower_limit_and_broken_by_the_upper(
    said: list[str], promised: float | None, standing: str, sentence: str
) -> None:
    found = of(asked(40), said, promised)
    assert found.standing == standing
    assert found.sentence.endswith(sentence)
    right = f"Of {len(said)} flagged pictures asked about, {said.count('yes')} were right"
    assert (right in found.sentence) == bool(said)


@pytest.mark.parametrize(
    ("without", "answered"),
    [(2, 2), (0, 4)],
    ids=["nobody said anything", "said beside the machine's opinion"],
)
def test_answers_wait_behind_a_missing_one_but_not_behind_one_given_in_view(
    without: int, answered: int
) -> None:
    drawn = asked(5)
    blind = blind_of([one for one in drawn if one is not drawn[without]], ["yes"] * 4)
    decided = blind if without else {one.picture_id for one in drawn}
    found = precision(drawn, blind, decided, 0.9)
    assert (found.asked, found.answered, found.right.answered) == (5, 4, answered)


def test_a_version_that_came_later_begins_anew() -> None:
    drawn = [*asked(50), *asked(40, version=2)]
    found = of(drawn, ["no"] * 50 + ["yes"] * 40, 0.8)
    assert found.standing == "kept"
    assert (found.right.version, found.right.answered) == (2, 40)


def test_a_draw_is_random_and_the_same_each_time() -> None:
    lots = [lot("seed", f"{n}") for n in range(4000)]
    assert lots[:10] == [lot("seed", f"{n}") for n in range(10)]
    assert abs(np.mean(lots) - 0.5) < 0.02
    assert abs(np.mean(np.array(lots) < 0.1) - 0.1) < 0.02
    assert lots[0] != lot("another", "0")
