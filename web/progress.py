"""How far a job is, in words and as a bar: for the screen that began it."""

from __future__ import annotations

from concepts.installation.activity import JobView
from concepts.jobs.runner import StoredJob
from web.markup import button, escape, notice
from web.words import duration

GOING = ("queued", "running", "interrupted")
SURE_AFTER = 3.0  # seconds before which a rate says nothing


def is_going(job: StoredJob | JobView | None) -> bool:
    return job is not None and job.state in GOING


def job_progress(job: StoredJob | JobView, title: str) -> str:
    """A panel with bar, rate and time left, and a button that cancels."""
    said = _how_far(job)
    bar = (
        f'<progress max="{job.total}" value="{min(job.done, job.total)}" aria-label="{escape(title)}">'
        "</progress>"
        if job.total
        else f'<progress aria-label="{escape(title)}"></progress>'
    )
    stop = "" if job.cancel_requested else button("Stop", "cancel", str(job.id), icon_name="x", kind="small")
    return (
        f'<div class="panel job" id="job-{job.id}" data-state="{job.state}"><div class="row"><b>'
        f"{escape(title)}</b>"
        f'<span class="soft">{escape(said)}</span><span class="grow"></span>{stop}</div>{bar}</div>'
    )


def job_failure(job: StoredJob, title: str) -> str:
    """What happened, that nothing was lost, and the way on."""
    text = f"{title}: {job.error} Everything done until then is kept."
    again = button("Try again", "retry", str(job.id), icon_name="rotate-ccw")
    return f'<div class="row ended">{notice(text, "bad")}{again}</div>'


def _how_far(job: StoredJob | JobView) -> str:
    if job.cancel_requested:
        return "stopping after this step"
    if job.state == "queued":
        return "waiting for other work to finish"
    if job.state == "interrupted":
        return "was interrupted, goes on in a moment"
    parts = [f"{job.done:,} of {job.total:,}" if job.total else f"{job.done:,}" if job.done else ""]
    seconds = job.seconds or 0.0
    if job.done and seconds > SURE_AFTER:
        rate = job.done / seconds
        parts.append(f"{rate:,.0f} a second" if rate >= 1 else f"one every {1 / rate:,.0f} seconds")
        if job.total and job.done < job.total:
            parts.append(f"{duration((job.total - job.done) / rate)} left")
    elif job.message:
        parts.append(job.message)
    return ", ".join(part for part in parts if part)
