"""How right a watch is, from the blind answers about a random share of what it saw.

Precision is that of what the newest version flagged, near-duplicates counted once. Labels are taken in the
order in which the pictures came (of those that came together a random one), up to the first that is missing:
nobody chooses what counts. Limits hold at every look at once, so they may be read, and warn, after each
answer.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Literal

from concepts.labelling.consensus import Decision
from concepts.learning.intervals import share_at_any_time
from concepts.view import View
from storage.watches import Watched

ERROR = 0.05

Standing = Literal["none", "open", "kept", "broken"]
# How many pictures could be drawn of those that were flagged and of the others, up to a place in the order.
FreshUntil = Callable[[int], Mapping[bool, int]]


class FlaggedRight(View):
    """How many flagged pictures are right: `right` of the `answered` ones. The share lies between `low` and
    `high`, 0..1, with 95 % confidence."""

    version: int
    answered: int
    right: int
    low: float
    high: float


class WatchRecall(View):
    """Which share of what counts was flagged, with worst-case limits from the labels on both sides."""

    value: float
    low: float
    high: float
    answered_others: int


class WatchPrecision(View):
    """How right a watch is. `standing`: kept, where the lower limit is at least what was promised; broken,
    where the upper one is less; open, where it is neither; none without a promise or an answer."""

    asked: int
    answered: int
    right: FlaggedRight | None  # by the newest version that has an answer
    found: WatchRecall | None
    promised: float | None
    standing: Standing
    sentence: str


class LabelledFlags:
    """The questions of a watch in order, with what people said."""

    def __init__(
        self,
        drawn: Sequence[Watched],
        blind: Mapping[str, Decision],
        decided: Container[str],
    ) -> None:
        """`blind`: what was said without seeing what the machine says; `decided`: what was answered at all.
        A picture answered only with the machine's opinion in view says nothing and keeps nobody waiting."""
        left = [one for one in drawn if one.picture_id in blind or one.picture_id not in decided]
        self._blind = blind
        self.asked = len(drawn)
        self.answered = sum(one.picture_id in blind for one in drawn)
        self.flagged = self._first(one for one in left if one.flagged)
        self.others = self._first(one for one in left if not one.flagged)

    def _first(self, asked: Iterable[Watched]) -> list[Watched]:
        return list(takewhile(lambda one: one.picture_id in self._blind, asked))

    def right(self, some: Sequence[Watched]) -> int:
        """What nobody could decide is not right."""
        return sum(self._blind[one.picture_id].value == "yes" for one in some)


def precision(answered: LabelledFlags, promised: float | None, fresh_until: FreshUntil) -> WatchPrecision:
    right = _of_newest(answered)
    standing = standing_of(right, promised)
    return WatchPrecision(
        asked=answered.asked,
        answered=answered.answered,
        right=right,
        found=_recall(answered, fresh_until),
        promised=promised,
        standing=standing,
        sentence=_sentence(standing, right, promised),
    )


def standing_of(right: FlaggedRight | None, promised: float | None) -> Standing:
    if right is None or promised is None:
        return "none"
    if right.high < promised:
        return "broken"
    return "kept" if right.low >= promised else "open"


def _of_newest(answered: LabelledFlags) -> FlaggedRight | None:
    """None before there is an answer."""
    if not answered.flagged:
        return None
    version = answered.flagged[-1].version
    some = [one for one in answered.flagged if one.version == version]
    right = answered.right(some)
    low, high = share_at_any_time(right, len(some), ERROR)
    return FlaggedRight(version=version, answered=len(some), right=right, low=low, high=high)


def _recall(answered: LabelledFlags, fresh_until: FreshUntil) -> WatchRecall | None:
    """Up to the last that has an answer on both sides. None where a side has no answer or nothing counts."""
    if not answered.flagged or not answered.others:
        return None
    until = min(answered.flagged[-1].sequence, answered.others[-1].sequence)
    flagged = [one for one in answered.flagged if one.sequence <= until]
    others = [one for one in answered.others if one.sequence <= until]
    hit, missed = answered.right(flagged), answered.right(others)
    if not flagged or not others or not hit + missed:
        return None
    fresh = fresh_until(until)
    hit_low, hit_high = share_at_any_time(hit, len(flagged), ERROR / 2)
    missed_low, missed_high = share_at_any_time(missed, len(others), ERROR / 2)
    size, rest = fresh[True], fresh[False]
    return WatchRecall(
        value=_share(size * hit / len(flagged), rest * missed / len(others)),
        low=_share(size * hit_low, rest * missed_high),
        high=_share(size * hit_high, rest * missed_low),
        answered_others=len(others),
    )


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest else 0.0


def _sentence(standing: Standing, said: FlaggedRight | None, promised: float | None) -> str:
    """For people; empty before there is an answer."""
    if said is None:
        return ""
    found = (
        f"Of {said.answered} flagged pictures asked about, {said.right} were right: "
        f"{100 * said.low:.0f} to {100 * said.high:.0f} of 100, with 95 % confidence."
    )
    if promised is None:
        return found
    wish = f"At least {100 * promised:.3g} of 100 were promised"
    return (
        found
        + {
            "broken": f" {wish}, and that is not kept: look at what changed in the pictures, and train anew.",
            "kept": f" {wish}, and that is kept.",
            "open": f" {wish}; too few are labelled to say whether that is kept.",
            "none": "",
        }[standing]
    )
