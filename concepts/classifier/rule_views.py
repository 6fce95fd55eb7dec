"""What a rule makes of the library, as screens, REST and the command line get it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from concepts.view import View

RuleOrder = Literal["top", "nearly"]


class Member(View):
    """A concept of a rule. `version` says yes from `threshold` on."""

    concept: str
    version: int
    threshold: float


class MemberSaid(View):
    """What one of them says of a picture; `said` is what people do, empty where none looked at it."""

    concept: str
    probability: float
    decision: Literal["yes", "no"]
    said: str


class RulePicture(View):
    """`probability` is the product of the members'; whatever these have to do with each other, it lies
    between `low` and `high`."""

    id: str
    path: str
    probability: float
    low: float
    high: float
    flagged: bool
    members: tuple[MemberSaid, ...]


class Agreed(View):
    """Of `n` pictures with a yes or no of people for every member, `right` are flagged as these answers
    together say; `low` and `high` are the 95 % interval of that share (Clopper and Pearson, 1934)."""

    n: int
    right: int
    flagged: int
    should: int
    low: float
    high: float


class RuleAgreement(View):
    """`all` answered pictures; and of them those that no version learned from, nor a look-alike of them."""

    all: Agreed
    unlearned: Agreed | None


class Tried(View):
    """A rule on the library: `flagged` pictures of `total` are at least as probable as the threshold, and
    `nearly` more have odds of at least half of its odds. Whatever the members have to do with each other,
    `surely` of them would be flagged, and `possibly` that many. `by_decisions`: as many as it would flag by
    the yes and no of each member alone. `listed`: all but those that measure a member and have no answer."""

    rule: str
    threshold: float
    members: tuple[Member, ...]
    total: int
    listed: int
    flagged: int
    nearly: int
    surely: int
    possibly: int
    by_decisions: int
    twice: tuple[str, ...]  # members that stand in the rule more than once
    assumption: str
    agreement: RuleAgreement | None  # none where no picture has an answer for every member
    order: RuleOrder
    start: int
    pictures: tuple[RulePicture, ...]


class CombinationView(View):
    """A rule that was kept. `problem`: why it can't be used now, empty where it can."""

    name: str
    number: int
    rule: str
    threshold: float
    members: tuple[Member, ...]
    author: str
    created: datetime
    problem: str = ""


def assumption_of(members: int, twice: tuple[str, ...]) -> str:
    """What the combined probability takes for granted, in words."""
    if members < 2 and not twice:
        return ""
    words = (
        "The probabilities are multiplied as if, in one picture, one concept said nothing about another. "
        "Where they go together more, or less, the true one differs: it lies between the two limits shown."
    )
    if twice:
        names = ", ".join(f"“{name}”" for name in twice)
        words += (
            f" {names} stands in the rule more than once, and is multiplied as if each time were another "
            "concept: write it so that it stands there once, where you can."
        )
    return words
