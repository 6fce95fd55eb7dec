"""`discern jobs`: long work."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Json, app, workbench
from concepts.cli.output import progress, show, table


@app.command("jobs")
def jobs(
    cancel: Annotated[int | None, typer.Option(help="Cancel this job.")] = None,
    retry: Annotated[int | None, typer.Option(help="Run this failed or cancelled job again now.")] = None,
    as_json: Json = False,
) -> None:
    """Long work: what runs, what waits, what happened."""
    bench = workbench()
    if cancel is not None:
        bench.installation.cancel_job(cancel)
    if retry is not None:
        with progress("Trying again", "What was done until here is kept.") as listener:
            bench.installation.retry_job(retry, listener=listener)
    found = bench.jobs.store.recent()

    def human() -> None:
        table(
            ("job", "what", "state", "done", "seconds", "message"),
            [
                (
                    job.id,
                    job.kind,
                    job.state,
                    f"{job.done:,}" + (f" of {job.total:,}" if job.total else ""),
                    "" if job.seconds is None else f"{job.seconds:.0f}",
                    job.error or job.message,
                )
                for job in found
            ],
        )

    show([vars(job) for job in found], as_json, human)
