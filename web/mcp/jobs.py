"""The tool about long work. Cancelling is made from its operation."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import pyarrow.csv
import pyarrow.parquet
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from concepts.workbench import Workbench
from web.mcp.door import Ctx, bench_of, note
from web.mcp.showing import Job, Scored, job_of, submitted

LOOK_EVERY = 0.5  # seconds; progress is written that often
ENDED = ("done", "failed", "cancelled")
NEWEST = 10  # jobs that are listed

JobId = Annotated[int | None, Field(ge=1, le=2**31 - 1, description="Left out: the newest jobs.")]
Wait = Annotated[int, Field(ge=0, le=120, description="Seconds to wait for its end, with its progress told.")]
Rows = Annotated[int, Field(ge=0, le=200, description="How many rows to read of what score_files wrote.")]
Offset = Annotated[int, Field(ge=0, le=2**31 - 1, description="How many rows to pass over first.")]


async def job(
    ctx: Ctx, job_id: JobId = None, wait_seconds: Wait = 0, rows: Rows = 0, offset: Offset = 0
) -> Job | list[Job]:
    """How far a job is, and what came of it; without a number the newest jobs, those still going first. A job
    goes on by itself, also while nobody waits."""
    bench = bench_of(ctx)
    if job_id is None:
        newest = await run_in_threadpool(bench.installation.recent_jobs, NEWEST)
        return [job_of(one) for one in newest]
    deadline = time.monotonic() + wait_seconds
    while True:
        found = await run_in_threadpool(submitted, bench, job_id)
        if found.state in ENDED or time.monotonic() >= deadline:
            break
        await ctx.report_progress(found.done, found.total, found.message or found.state)
        await asyncio.sleep(min(LOOK_EVERY, max(deadline - time.monotonic(), 0)))
    if rows:
        found.scores = await run_in_threadpool(_scores, bench, job_id, rows, offset)
        await run_in_threadpool(note, ctx, "downloaded scores", f"job {job_id}")
    return found


def _scores(bench: Workbench, job_id: int, rows: int, offset: int) -> list[Scored]:
    file = bench.scoring.file(job_id)
    table = pyarrow.csv.read_csv(file) if file.suffix == ".csv" else pyarrow.parquet.read_table(file)
    return [Scored(**row) for row in table.slice(offset, rows).to_pylist()]
