"""Jobs in words: what each kind is called, how far one is, and what came of it."""

from __future__ import annotations

from datetime import timedelta

from concepts.installation.activity import JobView
from concepts.jobs.runner import OTHERS_FIRST, PAUSED
from concepts.use_cases.declaration import job_of_kind
from concepts.view import in_words
from storage.tables import now
from web.words import count, duration

LATELY = timedelta(seconds=1.5)
GOING = ("queued", "running", "interrupted")


def is_going(job: JobView | None) -> bool:
    return job is not None and job.state in GOING


def may_change(*jobs: JobView | None) -> bool:
    """Whether a screen has to look again: a job goes on, or ended a moment ago, perhaps unseen."""
    ends = (job.finished for job in jobs if job)
    return any(map(is_going, jobs)) or any(end and now() - end < LATELY for end in ends)


def job_title(job: JobView) -> str:
    declared = job_of_kind(job.kind)
    return declared.title if declared else job.kind.capitalize()


def how_far(job: JobView) -> str:
    """Such as: 40 of 120, 12 a second, 7 seconds left."""
    if job.cancel_requested:
        return "stopping after this step"
    if job.state == "queued":
        said = job.message in (PAUSED, OTHERS_FIRST)
        return job.message if said else "waiting for other jobs"
    if job.state == "interrupted":
        return "interrupted, continues soon"
    files = " files read" if job.kind == "add pictures" else ""  # which are not yet pictures of the library
    parts = [f"{job.done:,} of {job.total:,}{files}" if job.total else reached(job)]
    if job.rate:
        rate = job.rate
        parts.append(f"{rate:,.0f} a second" if rate >= 1 else f"one every {1 / rate:,.0f} seconds")
        if job.seconds_left:
            parts.append(f"{duration(job.seconds_left)} left")
    if job.message and not (job.rate and job.total):
        parts.append(job.message)
    return ", ".join(part for part in parts if part)


def reached(job: JobView) -> str:
    """How far it came, such as: 40 of 120."""
    if not job.done:
        return ""
    return f"{job.done:,} of {job.total:,}" if job.total else f"{job.done:,}"


def facts(job: JobView) -> str:
    """A job's result, flat and short. Lists say how long they are."""
    said = []
    for name, value in (job.result or {}).items():
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {item}" for key, item in value.items()) or "none"
        elif isinstance(value, list):
            value = count(len(value), "entry", "entries")
        if value in ("", None):
            continue
        said.append(f"{name.replace('_', ' ')}: {value}")
    return "; ".join(said)


def outcome(job: JobView) -> str:
    """What came of it, in half a sentence."""
    if not job.result or job.state != "done":
        return ""
    declared = job_of_kind(job.kind)
    return in_words(declared.result.model_validate(job.result)).rstrip(".") if declared else ""
