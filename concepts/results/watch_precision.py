"""How right a watch is, from the blind answers about a random share of what it flagged.

Precision is that of what the newest version flagged, near-duplicates counted once. Labels are taken in the
order in which the pictures came (of those that came together a random one), up to the first that is missing:
nobody chooses what counts. Limits hold at every look at once, so they may be read, and warn, after each
answer.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from itertools import takewhile
from typing import Literal

from concepts.labelling.consensus import Decision
from concepts.learning.intervals import share_at_any_time
from concepts.view import View
from storage.watches import Watched

ERROR = 0.05

Standing = Literal["none", "open", "kept", "broken"]


class FlaggedRight(View):
    """How many flagged pictures are right: `right` of the `answered` ones. The share lies between `low` and
    `high`, 0..1, with 95 % confidence."""

    version: int
    answered: int
    right: int
    low: float
    high: float


class WatchPrecision(View):
    """How right a watch is. `standing`: kept, where the lower limit is at least what was promised; broken,
    where the upper one is less; open, where it is neither; none without a promise or an answer."""

    asked: int
    answered: int
    right: FlaggedRight | None  # by the newest version that has an answer
    promised: float | None
    standing: Standing
    sentence: str


def precision(
    drawn: Sequence[Watched], blind: Mapping[str, Decision], decided: Container[str], promised: float | None
) -> WatchPrecision:
    """Says how right a watch is, from the flagged pictures drawn, in order, and what people said of them.

    `blind`: what was said without seeing what the machine says; `decided`: what was answered at all. A
    picture answered only with the machine's opinion in view says nothing and keeps nobody waiting.
    """
    left = [one for one in drawn if one.picture_id in blind or one.picture_id not in decided]
    answered = list(takewhile(lambda one: one.picture_id in blind, left))
    right: FlaggedRight | None = None
    standing: Standing = "none"
    if answered:  # what nobody could decide is not right
        version = answered[-1].version
        values = [blind[one.picture_id].value for one in answered if one.version == version]
        yes, n = values.count("yes"), len(values)
        low, high = share_at_any_time(yes, n, ERROR)
        right = FlaggedRight(version=version, answered=n, right=yes, low=low, high=high)
        if promised is not None:
            standing = "broken" if high < promised else "kept" if low >= promised else "open"
    return WatchPrecision(
        asked=len(drawn),
        answered=sum(one.picture_id in blind for one in drawn),
        right=right,
        promised=promised,
        standing=standing,
        sentence=_sentence(standing, right, promised),
    )


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
