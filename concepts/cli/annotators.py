"""`discern concept annotate` and `annotators`: labels by machines, and which machine does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import concept
from concepts.cli.output import dump, say, say_known, show, table, wait
from concepts.cli.parameters import Budget, ChoosingAMethod, Json, Large, Name, Repeats, WithExamples, opened

if TYPE_CHECKING:
    from concepts.collaborator.comparing import Compared

Estimate = Annotated[
    bool, typer.Option("--estimate", help="Only say what it would ask, and what that would cost.")
]
KEPT = "What was labelled until here is kept and not paid for again."


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
    estimate: Estimate = False,
    as_json: Json = False,
) -> None:
    """Let the machine label the pool, with a reason for each picture."""
    from concepts.collaborator.annotations import annotate, estimate_annotation
    from concepts.collaborator.setups import Setup  # brings the encoders

    concept = opened().concept(name)
    setup = Setup(annotator, large, examples, repeats)
    if estimate:
        expected = estimate_annotation(concept, setup)
        said = f"{expected.pictures:,} pictures, free of charge."
        if expected.model:
            cost = _expected_cost(expected.usd, "about")
            said = f"{expected.pictures:,} pictures by {expected.model}, {cost}: at most {expected.basis}."
        show(expected, as_json, said)
    else:
        asked = concept.begin(annotate, limit=limit, budget=budget, rounds=rounds, **vars(setup))
        result = wait(asked, "Annotating", KEPT)
        if as_json:
            dump(result)
            return
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


def _expected_cost(usd: float | None, about: str) -> str:
    return "at an unknown cost (no price is set)" if usd is None else f"for {about} ${usd:.4f}"


@concept.command("annotators")
def concept_annotators(
    name: Name,
    budget: Budget = None,
    estimate: Estimate = False,
    newest: Annotated[
        bool, typer.Option("--newest", help="Only show what the newest comparison found.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare annotators on pictures you labelled: agreement, cost and seconds, side by side."""
    from concepts.collaborator.annotations import compare_annotators, estimate_comparing

    concept = opened().concept(name)
    if estimate:
        expected = estimate_comparing(concept)
        said = f"{expected.missing} more labels of the rarer kind are needed first."
        if not expected.missing:
            cost = _expected_cost(expected.usd, "at most")
            basis = f" ({expected.basis})" if expected.basis else ""
            said = f"{expected.setups} annotators on {expected.pictures} pictures, {cost}{basis}."
        show(expected, as_json, said)
        return
    if newest:
        found = concept.newest(compare_annotators)
    else:
        found = wait(concept.begin(compare_annotators, budget), "Comparing", KEPT)
    if as_json:
        dump(found)
        return
    if found is None:
        say("Nothing was compared yet.")
        return
    columns = ("agrees", "of 100", "unsure", "failed", "$ each", "s each", "annotator")
    table(columns, [_row(one, found.pictures) for one in found.setups])
    say_known(found.reason)
    if found.calls:
        say(f"{found.calls:,} calls, cost {_cost(found.cost_usd)}.")
    say_known(found.stopped)


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
