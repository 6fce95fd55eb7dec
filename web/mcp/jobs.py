"""Tools about long work."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from mcp.server.mcpserver import Elicit, Resolve
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from web.mcp.door import Agreed, Consent, Ctx, ask, bench_of, in_our_words
from web.mcp.showing import Job, job_of, submitted

LOOK_EVERY = 0.5  # seconds; progress is written that often
ENDED = ("done", "failed", "cancelled")

JobId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Wait = Annotated[int, Field(ge=0, le=120, description="Seconds to wait for its end, with its progress told.")]


async def job(ctx: Ctx, job: JobId, wait_seconds: Wait = 0) -> Job:
    """How far a job is, and what came of it. It goes on by itself, also while nobody waits."""
    bench = bench_of(ctx)
    deadline = time.monotonic() + wait_seconds
    while True:
        found = await run_in_threadpool(submitted, bench, job)
        if found.state in ENDED or time.monotonic() >= deadline:
            return found
        await ctx.report_progress(found.done, found.total, found.message or found.state)
        await asyncio.sleep(min(LOOK_EVERY, max(deadline - time.monotonic(), 0)))


def list_jobs(ctx: Ctx, limit: Annotated[int, Field(ge=1, le=50)] = 10) -> list[Job]:
    """Long work, newest first, what is still going before the rest."""
    bench = bench_of(ctx)
    return [job_of(one) for one in bench.installation.recent_jobs(limit)]


@in_our_words()
def agree_to_cancel(ctx: Ctx, job: JobId) -> Elicit[Consent] | Consent:
    found = submitted(bench_of(ctx), job)
    about = f" for “{found.concept}”" if found.concept else ""
    return ask(ctx, "cancel_job", f"Cancel job {job} ({found.kind}{about})? What is done stays.")


def cancel_job(ctx: Ctx, job: JobId, agreed: Annotated[Agreed, Resolve(agree_to_cancel)]) -> Job:
    """Ends a job: a waiting one at once, a running one at its next step. What is done stays."""
    bench = bench_of(ctx)
    bench.installation.cancel_job(job)
    return submitted(bench, job)
