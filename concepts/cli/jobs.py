"""`discern jobs`: long work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from concepts.cli.groups import Json, Most, Skip, app, workbench
from concepts.cli.output import progress, show, table

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
        with progress("Trying again", "What was done until here is kept.") as listener:
            installation.retry_job(retry).wait(listener)
    if job is not None:
        found = installation.job(job)
        show(found, as_json, lambda: table(("", ""), _all_of(found)))
        return
    listed = installation.recent_jobs(n, skip)
    show(listed, as_json, lambda: table(COLUMNS, map(_row, listed)))


COLUMNS = ("job", "what", "concept", "state", "done", "seconds", "cost", "message")


def _row(job: JobView) -> tuple[Any, ...]:
    done = f"{job.done:,}" + (f" of {job.total:,}" if job.total else "")
    seconds = "" if job.seconds is None else f"{job.seconds:.0f}"
    return job.id, job.kind, job.concept, job.state, done, seconds, _cost(job), job.error or job.message


def _cost(job: JobView) -> str:
    if job.cost_usd is None:
        return f"{job.calls:,} calls" if job.calls else ""
    return f"${job.cost_usd:.4f}"


def _all_of(job: JobView) -> list[tuple[str, Any]]:
    return [*zip(COLUMNS, _row(job), strict=True), *(job.result or {}).items()]
