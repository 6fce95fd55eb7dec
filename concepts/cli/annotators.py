"""`discern concept annotate` and `annotators`: labels by machines, and which machine does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import (
    Budget,
    ChoosingAMethod,
    Json,
    Large,
    Name,
    Repeats,
    WithExamples,
    concept,
    workbench,
)
from concepts.cli.output import say, show, table, wait

if TYPE_CHECKING:
    from concepts.collaborator.annotating import AnnotateResult
    from concepts.collaborator.comparing import AnnotatorsCompared, Compared, ComparisonEstimate
    from concepts.collaborator.suggestions import AnnotateEstimate


@concept.command("annotate", cls=ChoosingAMethod)
def concept_annotate(
    name: Name,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many pictures.")] = None,
    budget: Budget = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="In so many rounds of equal size: after each the classifier learns anew and chooses what to "
            "ask next, in the pool and beyond, until that changes little. 1: the pool, all at once. Without "
            "it, 5 where a model is asked and there are more pictures than are asked about.",
        ),
    ] = None,
    annotator: Annotated[
        str,
        typer.Option(
            help="Who labels: {annotators}. auto takes what was chosen for this concept, else the "
            "vision-language model where one is set, else the built-in annotator."
        ),
    ] = "auto",
    large: Large = False,
    examples: WithExamples = False,
    repeats: Repeats = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would ask, and what that would cost.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let the machine label the pool, with a reason for each picture."""
    from concepts.collaborator.setups import Setup  # brings the encoders

    annotations = workbench().concept(name).annotations
    setup = Setup(annotator, large, examples, repeats)
    if estimate:
        expected = annotations.estimate(setup)
        show(expected, as_json, _expected(expected))
    else:
        kept = "What was labelled until here is kept and not paid for again."
        asked = annotations.annotate(limit=limit, budget=budget, rounds=rounds, **vars(setup))
        show(wait(asked, "Annotating", kept), as_json, _annotated)


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
    if result.stopped:
        say(result.stopped)


def _expected(expected: AnnotateEstimate) -> str:
    if not expected.model:
        return f"{expected.pictures:,} pictures, free of charge."
    cost = (
        "at an unknown cost (no price is set)" if expected.usd is None else f"for about ${expected.usd:.4f}"
    )
    return f"{expected.pictures:,} pictures by {expected.model}, {cost}: at most {expected.basis}."


@concept.command("annotators")
def concept_annotators(
    name: Name,
    budget: Budget = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would ask, and what that would cost.")
    ] = False,
    newest: Annotated[
        bool, typer.Option("--newest", help="Only show what the newest comparison found.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare annotators on pictures you labelled: agreement, cost and seconds, side by side."""
    annotators = workbench().concept(name).annotators
    if estimate:
        expected = annotators.estimate()
        show(expected, as_json, _comparison_expected(expected))
        return
    if newest:
        found = annotators.compared()
    else:
        kept = "What was labelled until here is kept and not paid for again."
        found = wait(annotators.compare(budget), "Comparing", kept)
    show(found, as_json, _tell)


def _comparison_expected(expected: ComparisonEstimate) -> str:
    if expected.missing:
        return f"{expected.missing} more labels of the rarer kind are needed first."
    cost = (
        "at an unknown cost (no price is set)" if expected.usd is None else f"for at most ${expected.usd:.4f}"
    )
    basis = f" ({expected.basis})" if expected.basis else ""
    return f"{expected.setups} annotators on {expected.pictures} pictures, {cost}{basis}."


def _tell(found: AnnotatorsCompared | None) -> None:
    if found is None:
        say("Nothing was compared yet.")
        return
    columns = ("agrees", "of 100", "unsure", "failed", "$ each", "s each", "annotator")
    table(columns, [_row(one, found.pictures) for one in found.setups])
    if found.reason:
        say(found.reason)
    if found.calls:
        say(f"{found.calls:,} calls, cost {_cost(found.cost_usd)}.")
    if found.stopped:
        say(found.stopped)


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
