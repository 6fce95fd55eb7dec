"""`discern jobs`: long work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from concepts.cli.groups import Json, Most, Skip, app, workbench
from concepts.cli.output import show, table, wait

if TYPE_CHECKING:
    from concepts.installation.activity import JobView


@app.command("jobs")
def jobs(
    job: Annotated[int | None, typer.Argument(help="Only this one, with what came of it.")] = None,
    cancel: Annotated[int | None, typer.Option(help="Cancel this job.")] = None,
    retry: Annotated[int | None, typer.Option(help="Run this failed or cancelled job again now.")] = None,
    n: Most = 50,
    skip: Skip = 0,
    as_json: Json = False,
) -> None:
    """Long work: what runs, what waits, what happened."""
    installation = workbench().installation
    if cancel is not None:
        installation.cancel_job(cancel)
    if retry is not None:
        wait(installation.retry_job(retry), "Trying again", "What was done until here is kept.")
    if job is not None:
        show(installation.job(job), as_json, _all_of)
    else:
        show(installation.recent_jobs(n, skip), as_json, lambda jobs: table(COLUMNS, map(_row, jobs)))


COLUMNS = ("job", "what", "concept", "state", "done", "seconds", "cost", "message")


def _row(job: JobView) -> tuple[Any, ...]:
    done = f"{job.done:,}" + (f" of {job.total:,}" if job.total else "")
    seconds = "" if job.seconds is None else f"{job.seconds:.0f}"
    return job.id, job.kind, job.concept, job.state, done, seconds, _cost(job), job.error or job.message


def _cost(job: JobView) -> str:
    if job.cost_usd is None:
        return f"{job.calls:,} calls" if job.calls else ""
    return f"${job.cost_usd:.4f}"


def _all_of(job: JobView) -> None:
    table(("", ""), [*zip(COLUMNS, _row(job), strict=True), *(job.result or {}).items()])
