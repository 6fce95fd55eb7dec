"""What verdicts on the criteria of a definition allow to conclude, whoever gave them.

A picture counts if every necessary criterion holds and no excluding one does. A necessary criterion with
kinds of pictures under it that count holds if one of those is met, or it itself plainly is (Agile
Deliberation, CVPR 2026). A kind that the person has not decided on leaves it open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from concepts.definition.document import Criterion

Verdict = Literal["met", "not met", "unclear"]

SURELY, UNSURE, PROBABLY_NOT = 5, 3, 2  # ratings


def max_rating(criteria: Sequence[Criterion], verdicts: Sequence[Verdict]) -> tuple[int, str]:
    """The highest rating that these verdicts, one a criterion, allow, and why where it isn't 5.

    They never make a picture count by themselves: the sentence of the definition says more than its criteria.
    """
    found = list(zip(criteria, verdicts, strict=True))
    for criterion, verdict in found:
        if criterion.kind == "excluding" and verdict == "met":
            return PROBABLY_NOT, f"“{criterion.text}” rules it out"
    for criterion, _ in found:
        if criterion.kind == "necessary" and holds(criterion, criteria, verdicts) == "not met":
            return PROBABLY_NOT, f"“{criterion.text}” does not seem to hold"
    for criterion, verdict in found:
        if criterion.kind == "undecided" and verdict == "met":
            return UNSURE, f"“{criterion.text}” is not decided"
    return SURELY, ""


def holds(necessary: Criterion, criteria: Sequence[Criterion], verdicts: Sequence[Verdict]) -> Verdict:
    """Whether a necessary criterion holds, by its own verdict and those of the kinds under it."""
    said = [
        verdict
        for criterion, verdict in zip(criteria, verdicts, strict=True)
        if criterion is necessary or (criterion.kind == "included" and criterion.of == necessary.text)
    ]
    return "met" if "met" in said else "unclear" if "unclear" in said else "not met"
