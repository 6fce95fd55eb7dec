"""The aggregation protocol: what a person and several annotators said → labels with earned weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from concepts.learning.agreement import Agreement
from concepts.learning.base import Floats, Votes
from concepts.registry import Method


@dataclass(frozen=True)
class Opinions:
    """What was said of n pictures: person (n,), machines (m, n), one row an annotator, oldest first.

    Another definition or another prompt makes another annotator: what an older one said may agree less.
    """

    person: Votes
    machines: Votes


@dataclass(frozen=True)
class Aggregated:
    """What the annotators say together of the pictures the person left.

    yes (n,) is the share of belief in yes, 0..1, NaN where nothing is said; weight (n,) is what that counts
    for beside a person's 1; `agreement` is what earned it, None where no annotator said anything.
    """

    yes: Floats
    weight: Floats
    agreement: Agreement | None


class Aggregation(Protocol):
    """Registered in `concepts.learning.aggregation.AGGREGATIONS`; inherit from it, take no arguments."""

    method: ClassVar[Method]

    def aggregate(self, opinions: Opinions) -> Aggregated:
        """Never of a picture the person decided on, and never by an annotator no better than chance
        (rule 5): such labels have weight 0."""
