"""Long work: what runs, what waits, what happened."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.api.shared import LONG, Accepted, Limit, Offset

JobId = Annotated[int, Path(ge=1, le=2**31 - 1)]


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/jobs")
    accepted = Accepted(workbench)

    @router.get("")
    def list_jobs(limit: Limit = 50, offset: Offset = 0) -> list[JobView]:
        """Newest first, those still going before the others."""
        return workbench.installation.recent_jobs(limit, offset)

    @router.get("/{job_id}")
    def get_job(job_id: JobId) -> JobView:
        """How far a job is, and what came of it."""
        return workbench.installation.job(job_id)

    @router.post("/{job_id}/cancel")
    def cancel_job(job_id: JobId) -> JobView:
        """A waiting job ends at once, a running one at its next step. What is done stays."""
        workbench.installation.cancel_job(job_id)
        return workbench.installation.job(job_id)

    @router.post("/{job_id}/retry", **LONG)
    def retry_job(job_id: JobId, response: Response) -> JobView:
        """Begins a failed or cancelled job again, where it stopped."""
        workbench.installation.submit_retry(job_id)
        return accepted(job_id, response)

    return router
