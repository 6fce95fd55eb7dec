"""What to answer, and answers: `discern concept next`, `annotate` and `labels`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli import groups
from concepts.cli.groups import Author, Json, Name, Simulated, labels, must_not_exist, workbench
from concepts.cli.operations import shows
from concepts.cli.output import dump, say, show, table

if TYPE_CHECKING:
    from concepts.workbench.labels import UndoneLabel


@groups.concept.command("next")
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
    concept = workbench().concept(name)
    purpose: Literal["train", "evaluation"] = "evaluation" if evaluation else "train"
    can_say_so = out is not None or as_json  # that a question was a repeat, with its answer
    pictures = concept.labels.next_pictures(n, purpose=purpose, author=author if can_say_so else None)
    remaining = concept.labels.remaining(purpose)
    if out:
        concept.label_files.write_questions(pictures, out)
    if as_json:
        dump({"pictures": pictures, "remaining": remaining} | ({"out": str(out)} if out else {}))
        return
    if out:
        say(f"{len(pictures)} pictures in {out}. Fill column label with {concept.labels.in_words()}; then:")
        say(f"  discern concept labels import {shlex.quote(name)} {shlex.quote(str(out))}")
    else:
        sure = ["" if p.probability is None else f"{p.probability:.2f}" for p in pictures]
        rows = [(p.id[:12], p.reason, how, p.path) for p, how in zip(pictures, sure, strict=True)]
        table(("id", "why", "how sure", "path"), rows)
        say()
    say(f"{remaining:,} pictures have no answer yet, these included.")


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
    answer = {
        "picture": bench.context.collection.library.resolve(picture),
        "value": value,
        "comment": comment,
        "author": author,
    }
    bench.concept(name).labels.give(
        answer["picture"], value, comment, author=author, simulated=simulated, in_view=in_view
    )
    show(answer, as_json, f"{value}: {picture}")


@shows("labels.undo")
def _undone(undone: list[UndoneLabel]) -> None:
    say(f"{len(undone)} labels taken back.")
