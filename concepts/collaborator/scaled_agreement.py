"""How often a machine gives the grade or class that people gave."""

from __future__ import annotations

from collections.abc import Mapping

from concepts.labelling.consensus import Decision
from concepts.learning.intervals import wilson
from concepts.learning.scale import Scale


def agreement_of_answers(scale: Scale, given: Mapping[str, str], answers: Mapping[str, Decision]) -> str:
    """In a sentence, with its count and its 95 % interval (Wilson, 1927); empty where there is nothing to
    compare. `given`: picture id → what the machine gave, `answers` what people decided before they saw that:
    who presses “It's right” agrees with what is in front of them."""
    both = [
        (said, scale.option_of(answers[i].given))
        for i, word in given.items()
        if i in answers and (said := scale.option_of(word)) is not None
    ]
    told = [abs(said - own) for said, own in both if own is not None]
    if not told:
        return ""
    n, same, near = len(told), told.count(0), sum(away <= 1 for away in told)
    low, high = wilson(same / n, n)
    thing = "grade" if scale.is_graded else "class"
    sentence = (
        f"It gave the very {thing} that you gave before you saw its own for {same:,} of {n:,} "
        f"({100 * low:.0f}–{100 * high:.0f} of 100 such pictures)"
    )
    return f"{sentence}, and at most one away for {near:,}." if scale.is_graded else f"{sentence}."
