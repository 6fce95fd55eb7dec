"""`discern concept annotators` and `annotator`: which machine labels a concept's pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import (
    Author,
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
from concepts.cli.output import progress, say, show, table

if TYPE_CHECKING:
    from concepts.collaborator.comparing import AnnotatorsCompared, Compared, ComparisonEstimate


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
    """Compare annotators on pictures you answered: agreement, cost and seconds, side by side."""
    bench = workbench()
    if estimate:
        expected = bench.annotators.estimate(name)
        show(expected, as_json, lambda: say(_expected(expected)))
        return
    if newest:
        found = bench.annotators.compared(name)
    else:
        with progress("Comparing", "What was answered until here is kept and not paid again.") as listener:
            found = bench.annotators.compare(name, budget=budget, listener=listener)

    def human() -> None:
        if found is None:
            say("Nothing was compared yet.")
        else:
            _tell(found)

    show(found, as_json, human)


@concept.command("annotator", cls=ChoosingAMethod)
def concept_annotator(
    name: Name,
    annotator: Annotated[str, typer.Option(help="Who labels from now on: {annotators}.")] = "auto",
    large: Large = False,
    examples: WithExamples = False,
    repeats: Repeats = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Choose who labels this concept's pictures from now on; what was said before is kept."""
    from concepts.collaborator.setups import Setup  # brings the encoders

    bench = workbench()
    bench.annotators.choose(name, Setup(annotator, large, examples, repeats), author=author)
    used = vars(bench.annotators.in_use(name))
    show(used, as_json, lambda: say(f"From now on: {annotator}."))


def _expected(expected: ComparisonEstimate) -> str:
    if expected.missing:
        return f"{expected.missing} more answers of the rarer kind are needed first."
    cost = (
        "at an unknown cost (no price is set)" if expected.usd is None else f"for at most ${expected.usd:.4f}"
    )
    basis = f" ({expected.basis})" if expected.basis else ""
    return f"{expected.setups} annotators on {expected.pictures} pictures, {cost}{basis}."


def _tell(found: AnnotatorsCompared) -> None:
    columns = ("agrees", "of 100", "unsure", "failed", "$ each", "s each", "annotator")
    table(columns, [_row(one, found.pictures) for one in found.setups])
    if found.reason:
        say(found.reason)
    if found.substitute:
        one = found.substitute
        verdict = "may answer" if one.passes else "may not answer"
        say(
            f"It {verdict} in people's place: it agrees with the others about as often as {one.won} of "
            f"{one.people} people do (on {one.shared} pictures or more)."
        )
    if found.calls:
        say(f"{found.calls:,} calls, cost ${found.cost_usd:.4f}.")
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
