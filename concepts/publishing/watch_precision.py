"""How right a watch is over time, from the blind answers about a random share of what it saw.

Precision is that of what was flagged, near-duplicates counted once. Labels are taken in the order in which
the pictures came (of those that came together a random one), up to the first that is missing: nobody chooses
what counts. They make windows of `WINDOW`, of one version each. Limits hold at every look at once, so they
may be read, and warn, after each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby, takewhile
from typing import Literal

from concepts.labelling.consensus import Decision
from concepts.learning.intervals import share_at_any_time
from concepts.view import View
from storage.watches import Watched

WINDOW = 50  # answers about flagged pictures: of 50 that are all right at least 89.5 of 100 are
ERROR = 0.05

Standing = Literal["none", "open", "kept", "doubtful", "broken"]
# How many pictures could be drawn of those that were flagged and of the others, up to a place in the order.
FreshUntil = Callable[[int], Mapping[bool, int]]


class Window(View):
    """Of `answered` flagged pictures, labelled between two times, `right` were right; so many of 100 flagged
    ones are: `low` to `high`, 0..1, with 95 % confidence."""

    version: int
    since: datetime
    until: datetime
    answered: int
    right: int
    low: float
    high: float
    complete: bool


class WatchRecall(View):
    """Which share of what counts was flagged, with worst-case limits from the labels on both sides."""

    value: float
    low: float
    high: float
    answered_others: int


class WatchPrecision(View):
    """How right a watch is. `standing`: kept, where the lower limit is at least what was promised; broken,
    where the upper one is less; doubtful, where it is neither after a whole window; open before that; none
    without a promise or an answer."""

    asked: int
    answered: int
    whole: Window | None  # all answers about the newest version that has some
    windows: list[Window]  # the oldest first
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
    versions = [list(group) for _, group in groupby(answered.flagged, key=lambda one: one.version)]
    windows = [
        _window(answered, some[start : start + WINDOW])
        for some in versions
        for start in range(0, len(some), WINDOW)
    ]
    whole = _window(answered, versions[-1]) if versions else None
    standing = standing_of(windows, whole, promised)
    return WatchPrecision(
        asked=answered.asked,
        answered=answered.answered,
        whole=whole,
        windows=windows,
        found=_recall(answered, fresh_until),
        promised=promised,
        standing=standing,
        sentence=_sentence(standing, windows, whole, promised),
    )


def standing_of(windows: Sequence[Window], whole: Window | None, promised: float | None) -> Standing:
    """By the newest window, and by all answers about its version, which say more where nothing changed."""
    if whole is None or promised is None:
        return "none"
    newest = windows[-1]
    if min(newest.high, whole.high) < promised:
        return "broken"
    if max(newest.low, whole.low) >= promised:
        return "kept"
    return "doubtful" if whole.answered >= WINDOW else "open"


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


def _window(answered: LabelledFlags, some: Sequence[Watched]) -> Window:
    right = answered.right(some)
    low, high = share_at_any_time(right, len(some), ERROR)
    return Window(
        version=some[0].version,
        since=some[0].created,
        until=some[-1].created,
        answered=len(some),
        right=right,
        low=low,
        high=high,
        complete=len(some) >= WINDOW,
    )


def _sentence(
    standing: Standing, windows: Sequence[Window], whole: Window | None, promised: float | None
) -> str:
    """For people, from the answers that decide; empty before there is one."""
    if whole is None:
        return ""
    said = whole
    if standing == "broken":
        said = min(windows[-1], whole, key=lambda window: window.high)
    elif standing == "kept":
        said = max(windows[-1], whole, key=lambda window: window.low)
    found = (
        f"Of {said.answered} flagged pictures asked about {_when(said)}, {said.right} were right: "
        f"{100 * said.low:.0f} to {100 * said.high:.0f} of 100, with 95 % confidence."
    )
    if promised is None:
        return found
    wish = f"At least {100 * promised:.3g} of 100 were promised"
    return (
        found
        + {
            "broken": f" {wish}, and that is not kept: look at what changed in the pictures, and train anew.",
            "doubtful": f" {wish}, and the lower limit is under that. More labels tell whether it is kept.",
            "kept": f" {wish}, and that is kept.",
            "open": f" {wish}; too few are labelled to say whether that is kept.",
            "none": "",
        }[standing]
    )


def _when(window: Window) -> str:
    first, last = window.since, window.until
    if first.date() == last.date():
        return f"that came on {first.day} {first:%B}"
    return f"that came from {first.day} {first:%B} to {last.day} {last:%B}"
