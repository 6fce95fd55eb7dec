"""Labels by machines in a terminal, and which machine does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from concepts.cli.declared import shows
from concepts.cli.output import say, say_known, table

if TYPE_CHECKING:
    from concepts.collaborator.annotating import AnnotateResult
    from concepts.collaborator.annotations import ComparedOrNot
    from concepts.collaborator.comparing import AnnotatorsCompared, Compared, ComparisonEstimate
    from concepts.collaborator.suggestions import AnnotateEstimate


@shows("annotate")
def _annotated(result: AnnotateResult) -> None:
    say(f"{result.annotated:,} pictures labelled by {result.annotator}.")
    ratings = "  ".join(f"{rating}: {count:,}" for rating, count in sorted(result.ratings.items()))
    say(f"Ratings from 1 (surely not) to 5 (surely): {ratings}")
    for number, one in enumerate(result.rounds, 1):
        changed = "" if one.changed is None else f", changed {one.changed:,} decisions on the library"
        say(f"  round {number}: {one.pictures:,} pictures{changed}")
    if result.calls:
        say(f"{result.calls:,} calls, cost {_cost(result.cost_usd)}.")
    for failure in result.failed[:10]:
        say(f"  not labelled: {failure['id'][:12]}: {failure['reason']}")
    say_known(result.stopped)


@shows("annotation_cost")
def _annotation_cost(expected: AnnotateEstimate) -> None:
    if not expected.model:
        say(f"{expected.pictures:,} pictures, free of charge.")
        return
    cost = _expected_cost(expected.usd, "about")
    say(f"{expected.pictures:,} pictures by {expected.model}, {cost}: at most {expected.basis}.")


@shows("compare_annotators")
def _compared(found: AnnotatorsCompared) -> None:
    columns = ("agrees", "of 100", "unsure", "failed", "$ each", "s each", "annotator")
    table(columns, [_row(one, found.pictures) for one in found.setups])
    say_known(found.reason)
    if found.calls:
        say(f"{found.calls:,} calls, cost {_cost(found.cost_usd)}.")
    say_known(found.stopped)


@shows("annotators_compared")
def _compared_or_not(known: ComparedOrNot) -> None:
    if known.newest is None:
        say("Nothing was compared yet. Compare them: discern concept compare-annotators.")
    else:
        _compared(known.newest)
    say(f"Another comparison: {_comparison_cost(known.estimate)}")


def _comparison_cost(expected: ComparisonEstimate) -> str:
    if expected.missing:
        return f"{expected.missing} more labels of the rarer kind are needed first."
    cost = _expected_cost(expected.usd, "at most")
    basis = f" ({expected.basis})" if expected.basis else ""
    return f"{expected.setups} annotators on {expected.pictures} pictures, {cost}{basis}."


def _expected_cost(usd: float | None, about: str) -> str:
    return "at an unknown cost (no price is set)" if usd is None else f"for {about} ${usd:.4f}"


def _row(one: Compared, pictures: int) -> tuple[str, ...]:
    marks = [word for word, there in (("in use", one.in_use), ("recommended", one.recommended)) if there]
    return (
        f"{one.agree} of {pictures}",
        f"{100 * one.low:.0f}-{100 * one.high:.0f}",
        str(one.unsure),
        str(one.failed),
        "?" if one.usd is None else f"{'' if one.measured else 'at most '}{one.usd:.5f}",
        "?" if one.seconds is None else f"{one.seconds:.2f}",
        f"{one.name} ({', '.join(marks)})" if marks else one.name,
    )


def _cost(usd: float | None) -> str:
    return "unknown (no price is set)" if usd is None else f"${usd:.4f}"
