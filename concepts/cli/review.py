"""Labels that are worth a second look: `discern concept review`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Budget, Json, Name, Skip, concept, workbench
from concepts.cli.output import plain, progress, say, show, table
from concepts.labels.reasons import Reason

if TYPE_CHECKING:
    from concepts.labels.review import ReviewQueue


@concept.command("review")
def concept_review(
    name: Name,
    reason: Annotated[Reason | None, typer.Option(help="Of one reason alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many rows.")] = 20,
    skip: Skip = 0,
    find: Annotated[
        bool,
        typer.Option(
            "--find",
            help="Look all labels over first. The concept's annotator is asked about those that were given "
            "under an older description.",
        ),
    ] = False,
    budget: Budget = None,
    author: Annotated[
        str | None,
        typer.Option(help="Who will label: what others said comes once they have labelled themselves."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Labels and pictures worth a second look, each with its reason. Label them with: concept labels add
    --in-view."""
    bench = workbench()
    stopped = ""
    if find:
        with progress(
            "Looking the labels over", "What was found is kept and not paid for again."
        ) as listener:
            stopped = bench.review.find(name, budget=budget, listener=listener)
    queue = bench.review.queue(name, reason, limit, skip, reader=author)
    show(plain(queue) | {"stopped": stopped}, as_json, lambda: _tell(queue, stopped))


def _tell(queue: ReviewQueue, stopped: str) -> None:
    table(
        ("reason", "label", "score", "id", "evidence", "path"),
        [
            (
                row.reason,
                row.label or "–",
                "–" if row.score is None else f"{row.score:.2f}",
                row.id[:12],
                "yours is missing" if row.blind else row.evidence,
                row.path,
            )
            for row in queue.rows
        ],
    )
    say("  ".join(f"{reason}: {n:,}" for reason, n in queue.counts.items()))
    for pair in queue.agreement:
        kappa = "" if pair.kappa is None else f", kappa {pair.kappa:.2f} ({pair.low:.2f} to {pair.high:.2f})"
        say(f"{pair.one} and {pair.other} agree on {pair.agree:,} of {pair.n:,} pictures{kappa}.")
    if queue.counted is None:
        say("Nobody has looked the labels over yet: add --find.")
    if stopped:
        say(stopped)
