"""What to answer, answers, and those worth a second look: `discern concept next`, `labels` and `review`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli import groups
from concepts.cli.declared import shows
from concepts.cli.output import dump, plain, progress, say, say_known, show, table
from concepts.cli.parameters import Author, Budget, Json, Name, Simulated, Skip, must_not_exist, opened
from concepts.errors import WrongUsageError
from concepts.labelling.reasons import Reason

if TYPE_CHECKING:
    from concepts.labelling.labels import UndoneLabel


@groups.concept.command("next")
def concept_next(
    name: Name,
    n: Annotated[int, typer.Option(min=1, help="How many new pictures.")] = 5,
    evaluation: Annotated[
        bool, typer.Option("--evaluation", help="For the test set instead of for training.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="A new .csv or .jsonl file to fill: the column label is empty.")
    ] = None,
    author: Annotated[str, typer.Option(help="Who will label: some test pictures are asked twice.")] = "me",
    as_json: Json = False,
) -> None:
    """The most useful pictures to label now. Fill in the file and take it with: concept labels import."""
    from concepts.labelling.label_files import write_questions
    from concepts.labelling.labels import labels_in_words, next_pictures, unlabelled_left

    must_not_exist(out)
    concept = opened().concept(name)
    purpose: Literal["train", "evaluation"] = "evaluation" if evaluation else "train"
    can_say_so = out is not None or as_json  # that a question was a repeat, with its answer
    pictures = next_pictures(concept, n, purpose=purpose, author=author if can_say_so else None)
    remaining = unlabelled_left(concept, purpose)
    if out:
        write_questions(pictures, out)
    if as_json:
        dump({"pictures": pictures, "remaining": remaining} | ({"out": str(out)} if out else {}))
        return
    if out:
        say(f"{len(pictures)} pictures in {out}. Fill column label with {labels_in_words(concept)}; then:")
        say(f"  discern concept labels import {shlex.quote(name)} {shlex.quote(str(out))}")
    else:
        sure = ["" if p.probability is None else f"{p.probability:.2f}" for p in pictures]
        rows = [(p.id[:12], p.reason, how, p.path) for p, how in zip(pictures, sure, strict=True)]
        table(("id", "why", "how sure", "path"), rows)
        say()
    say(f"{remaining:,} pictures have no label yet, these included.")


@groups.labels.command("add")
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
        bool, typer.Option("--in-view", help="You saw the suggestion: the label counts for no figure.")
    ] = False,
    author: Author = "me",
    simulated: Simulated = False,
    as_json: Json = False,
) -> None:
    """Label one picture."""
    from concepts.labelling.labels import give_label
    from concepts.library.collection import collection_of

    app = opened()
    answer = {
        "picture": collection_of(app).library.resolve(picture),
        "value": value,
        "comment": comment,
        "author": author,
    }
    give_label(
        app.concept(name),
        answer["picture"],
        value,
        comment,
        author=author,
        simulated=simulated,
        in_view=in_view,
    )
    show(answer, as_json, f"{value}: {picture}")


@shows("undo_labels")
def _undone(undone: list[UndoneLabel]) -> None:
    say(f"{len(undone)} labels taken back.")


@groups.labels.command("sheet")
def labels_wall(
    name: Name,
    looked: Annotated[
        bool, typer.Option("--looked", help="You looked through the sheet: show the next one.")
    ] = False,
    counts: Annotated[
        list[str] | None,
        typer.Option(help="A picture of the sheet that counts (path or id); may be given more than once."),
    ] = None,
    author: Author = "me",
    simulated: Simulated = False,
    as_json: Json = False,
) -> None:
    """A contact sheet: sixty pictures of every kind, none shown on one before. It stays until --looked."""
    from concepts.library.collection import collection_of

    if counts and not looked:
        raise WrongUsageError("Add --looked: what you don't name then comes on no other sheet.")
    from concepts.labelling.labels import contact_sheet, label_sheet

    app = opened()
    concept = app.concept(name)
    chosen = [collection_of(app).library.resolve(picture) for picture in counts or []]
    if looked:  # answers given meanwhile may have changed what the wall shows, so what is named is on it
        wall = dict.fromkeys([*(picture.id for picture in contact_sheet(concept)), *chosen])
        label_sheet(concept, list(wall), chosen, author=author, simulated=simulated)
    pictures = contact_sheet(concept)
    if as_json:
        dump({"answers": len(chosen), "pictures": pictures})
        return
    if looked:
        say(f"{len(chosen)} of the last sheet count. The next one:")
    table(("id", "path"), [(p.id[:12], p.path) for p in pictures])
    if not pictures:
        say("Every picture has been on a sheet.")


@groups.concept.command("review")
def concept_review(
    name: Name,
    reason: Annotated[Reason | None, typer.Option(help="Only this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many rows.")] = 20,
    skip: Skip = 0,
    find: Annotated[
        bool,
        typer.Option(
            "--find",
            help="Check all labels first. The concept's annotator judges those given under an older "
            "description.",
        ),
    ] = False,
    budget: Budget = None,
    author: Annotated[
        str | None,
        typer.Option(help="Who will label. Others' labels show once this person has labelled the picture."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List labels to review, with reasons. Label them with: concept labels add --in-view."""
    from concepts.results.review import find_labels_to_review, review_queue

    app = opened()
    stopped = ""
    if find:
        with progress("Checking labels", "What was found is kept and not paid for again.") as listener:
            stopped = find_labels_to_review(app.concept(name), budget=budget, listener=listener)
    queue = review_queue(app.concept(name), reason, limit, skip, reader=author)
    if as_json:
        dump(plain(queue) | {"stopped": stopped})
        return
    table(
        ("reason", "label", "score", "id", "evidence", "path"),
        [
            (
                row.reason,
                row.label or "–",
                "–" if row.score is None else f"{row.score:.2f}",
                row.id[:12],
                "label it first" if row.blind else row.evidence,
                row.path,
            )
            for row in queue.rows
        ],
    )
    say("  ".join(f"{reason}: {n:,}" for reason, n in queue.counts.items()))
    for pair in queue.agreement:
        say(f"{pair.one} and {pair.other} agree on {pair.agree:,} of {pair.n:,} pictures.")
    if queue.counted is None:
        say("The labels have not been checked yet: add --find.")
    say_known(stopped)
