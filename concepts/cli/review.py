"""`discern concept review`: labels worth a second look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Budget, Json, Name, Skip, concept, workbench
from concepts.cli.output import dump, plain, progress, say, table
from concepts.labelling.reasons import Reason

if TYPE_CHECKING:
    from concepts.labelling.review import ReviewQueue


@concept.command("review")
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
    """List labels worth a second look, with reasons. Label them with: concept labels add --in-view."""
    bench = workbench()
    stopped = ""
    if find:
        with progress("Checking labels", "What was found is kept and not paid for again.") as listener:
            stopped = bench.review.find(name, budget=budget, listener=listener)
    queue = bench.review.queue(name, reason, limit, skip, reader=author)
    if as_json:
        dump(plain(queue) | {"stopped": stopped})
        return
    _tell(queue)
    if stopped:
        say(stopped)


def _tell(queue: ReviewQueue) -> None:
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
        kappa = "" if pair.kappa is None else f", kappa {pair.kappa:.2f} ({pair.low:.2f} to {pair.high:.2f})"
        say(f"{pair.one} and {pair.other} agree on {pair.agree:,} of {pair.n:,} pictures{kappa}.")
    if queue.counted is None:
        say("The labels have not been checked yet: add --find.")
