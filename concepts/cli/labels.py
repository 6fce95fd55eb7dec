"""What to answer, and answers: `discern concept next`, `annotate` and `labels`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli.failures import ROWS_SHOWN
from concepts.cli.groups import (
    Author,
    Budget,
    ChoosingAMethod,
    Json,
    Large,
    Name,
    Repeats,
    Simulated,
    WithExamples,
    concept,
    labels,
    must_exist,
    must_not_exist,
    workbench,
)
from concepts.cli.output import plain, progress, say, show, table

if TYPE_CHECKING:
    from concepts.collaborator.batch_files import BatchRead
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
    cascade: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=50,
            help="Cheap first: the model, then the large one, each only where it is wrong about at most so "
            "many of 100 pictures, and the rest is left to you. Pictures are drawn that you answer first.",
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
    batch_out: Annotated[
        Path | None,
        typer.Option(
            "--batch-out", help="Ask nothing: write the questions as a batch file (OpenAI, vllm run-batch)."
        ),
    ] = None,
    batch_in: Annotated[
        Path | None,
        typer.Option("--batch-in", help="Take the answers of such a batch; then run it without this."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Let the machine label the pool, with a reason for each picture."""
    from concepts.collaborator.setups import Setup  # brings the encoders

    if batch_out is not None:
        must_not_exist(batch_out)
        written = workbench().annotations.write_batch(
            name, batch_out, limit=limit, setup=Setup(annotator, large, examples, repeats)
        )
        size = f"{written.bytes / 1e6:,.1f} MB"
        asks = f"{written.questions:,} questions for {written.model} in {batch_out} ({size})."
        show(written, as_json, lambda: say(asks))
        return
    if batch_in is not None:
        must_exist(batch_in)
        taken = workbench().annotations.read_batch(
            name, batch_in, setup=Setup(annotator, large, examples, repeats)
        )
        show(taken, as_json, lambda: _tell_taken(taken))
        return

    if estimate:
        expected = workbench().annotations.estimate(name, Setup(annotator, large, examples, repeats))
        show(expected, as_json, lambda: say(_expected(expected)))
        return

    with progress("Annotating", "What was labelled until here is kept and not paid for again.") as listener:
        result = workbench().annotations.annotate(
            name,
            limit=limit,
            budget=budget,
            rounds=rounds,
            cascade=None if cascade is None else 1 - cascade / 100,
            setup=Setup(annotator, large, examples, repeats),
            listener=listener,
        )

    def human() -> None:
        say(f"{result.annotated:,} pictures labelled by {result.annotator}.")
        say("  ".join(f"{rating}: {count:,}" for rating, count in sorted(result.ratings.items())))
        for number, one in enumerate(result.rounds, 1):
            changed = "" if one.changed is None else f", changed {one.changed:,} decisions on the library"
            say(f"  round {number}: {one.pictures:,} pictures{changed}")
        for step in result.steps:
            say(f"  {step.decided:,} by {step.by}: {step.sentence}")
        if result.calls:
            cost = "unknown (no price is set)" if result.cost_usd is None else f"${result.cost_usd:.4f}"
            say(f"{result.calls:,} calls, cost {cost}.")
        for failure in result.failed[:10]:
            say(f"  not labelled: {failure['id'][:12]}: {failure['reason']}")
        if result.stopped:
            say(result.stopped)

    show(result, as_json, human)


def _tell_taken(taken: BatchRead) -> None:
    say(f"{taken.answered:,} answers taken, {taken.known:,} known before.")
    for outcome, n in sorted(taken.bad.items()):
        say(f"  {outcome}: {n:,}")
    if taken.unknown:
        first = ", ".join(map(str, taken.unknown[:ROWS_SHOWN]))
        say(f"{len(taken.unknown):,} lines answer nothing that is asked now: {first}")


def _expected(expected: AnnotateEstimate) -> str:
    if not expected.model:
        return f"{expected.pictures:,} pictures, free of charge."
    cost = (
        "at an unknown cost (no price is set)" if expected.usd is None else f"for about ${expected.usd:.4f}"
    )
    return f"{expected.pictures:,} pictures by {expected.model}, {cost}: at most {expected.basis}."


@concept.command("next")
def concept_next(
    name: Name,
    n: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 5,
    evaluation: Annotated[
        bool, typer.Option("--evaluation", help="Pictures kept for measuring instead of for training.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="A new .csv or .jsonl file to fill: the column label is empty.")
    ] = None,
    author: Annotated[
        str, typer.Option(help="Who will answer: some of what measures is asked twice.")
    ] = "me",
    as_json: Json = False,
) -> None:
    """The most useful pictures to answer now. Answer them with: concept labels import."""
    must_not_exist(out)
    bench = workbench()
    purpose: Literal["train", "evaluation"] = "evaluation" if evaluation else "train"
    can_say_so = out is not None or as_json  # that a question was a repeat, with its answer
    pictures = bench.answers.next_pictures(name, n, purpose=purpose, author=author if can_say_so else None)
    remaining = bench.answers.remaining(name, purpose)
    if out:
        bench.label_files.write_questions(pictures, out)

    def human() -> None:
        if out:
            words = bench.answers.in_words(name)
            say(f"{len(pictures)} pictures in {out}. Fill column label with {words}; then:")
            say(f"  discern concept labels import {shlex.quote(name)} {shlex.quote(str(out))}")
            say(f"{remaining:,} pictures have no answer yet, these included.")
            return
        table(
            ("id", "why", "how sure", "path"),
            [
                (p.id[:12], p.reason, "" if p.probability is None else f"{p.probability:.2f}", p.path)
                for p in pictures
            ],
        )
        say(f"\n{remaining:,} pictures have no answer yet, these included.")

    result = {"pictures": plain(pictures), "remaining": remaining}
    show(result | ({"out": str(out)} if out else {}), as_json, human)


@labels.command("add")
def labels_add(
    name: Name,
    picture: Annotated[str, typer.Argument(help="Its path, its id, or how the id begins.")],
    value: Annotated[
        str,
        typer.Argument(
            help="yes, no, unsure or skip; of a graded concept a grade, of classes one of them or none."
        ),
    ],
    comment: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    in_view: Annotated[
        bool, typer.Option("--in-view", help="You saw what the machine says of it: it measures nothing.")
    ] = False,
    author: Author = "me",
    simulated: Simulated = False,
    as_json: Json = False,
) -> None:
    """Answer one picture."""
    bench = workbench()
    answer = {"picture": bench.pictures.id_of(picture), "value": value, "comment": comment, "author": author}
    bench.answers.give(
        name, answer["picture"], value, comment, author=author, simulated=simulated, in_view=in_view
    )
    show(answer, as_json, lambda: say(f"{value}: {picture}"))


@labels.command("undo")
def labels_undo(
    name: Name,
    author: Annotated[str, typer.Option(help="Whose answer.")] = "me",
    count: Annotated[int, typer.Option(min=1, help="How many of the last answers.")] = 1,
    as_json: Json = False,
) -> None:
    """Take back the last answers. They stay in the log; the answer before them counts again."""
    undone = workbench().answers.undo(name, author=author, count=count)
    show(undone, as_json, lambda: say(f"{len(undone)} answers taken back."))
