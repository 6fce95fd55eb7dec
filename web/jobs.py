"""Jobs in words: what each kind is called, how far one is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from concepts.installation.activity import JobView
from concepts.jobs.runner import OTHERS_FIRST, PAUSED
from web.words import count, duration

GOING = ("queued", "running", "interrupted")
TITLES = {
    "add pictures": "Adding pictures",
    "add sample": "Getting the sample pictures",
    "check library": "Looking whether everything is there",
    "read dates": "Asking pictures when they were taken",
    "empty bin": "Emptying the trash",
    "find neighbours": "Finding out which pictures look alike",
    "tidy vectors": "Removing what only older states need",
    "read words": "Reading the words in pictures",
    "re-embed": "Embedding again with another encoder",
    "annotate": "Having the machine label",
    "compare annotators": "Comparing who labels best",
    "draw evaluation": "Setting pictures aside to measure with",
    "expand": "Proposing what counts",
    "find ambiguities": "Looking for what is open",
    "reword": "Trying other words",
    "look back": "Looking whether earlier labels still fit",
    "questions": "Thinking of what to ask you",
    "more kinds": "Thinking of more kinds of pictures",
    "mine": "Looking for pictures worth asking about",
    "train": "Training and measuring",
    "evaluate": "Measuring",
    "learning curve": "Working out what each answer helped",
    "robustness": "Looking again at pictures changed a little",
    "look over": "Looking the labels over",
    "score library": "Looking at the whole library",
    "score table": "Writing what all concepts say of the library",
    "try rule": "Looking at the whole library with a rule",
    "score files": "Scoring pictures into a file",
    "score": "Scoring pictures into a file",
    "watch": "Taking in what is new in a watched folder",
    "test endpoint": "Testing the model endpoint",
}


def is_going(job: JobView | None) -> bool:
    return job is not None and job.state in GOING


def job_title(job: JobView) -> str:
    return TITLES.get(job.kind, job.kind.capitalize())


def how_far(job: JobView) -> str:
    """Such as: 40 of 120, 12 a second, 7 seconds left."""
    if job.cancel_requested:
        return "stopping after this step"
    if job.state == "queued":
        said = job.message in (PAUSED, OTHERS_FIRST)
        return job.message if said else "waiting for other work to finish"
    if job.state == "interrupted":
        return "was interrupted, goes on in a moment"
    parts = [f"{job.done:,} of {job.total:,}" if job.total else reached(job)]
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
    words = OUTCOMES.get(job.kind)
    return words(job.result) if words and job.result and job.state == "done" else ""


def _added(result: dict[str, Any]) -> str:
    skipped = sum(result.get("skipped", {}).values())
    said = [f"{count(result['added'], 'picture')} added"]
    if result.get("duplicates"):
        said.append(count(result["duplicates"], "duplicate"))
    if result.get("removed_before"):
        said.append(f"{result['removed_before']:,} were removed by you before")
    if skipped:
        said.append(f"{count(skipped, 'file')} skipped")
    return ", ".join(said)


def library_checked(result: dict[str, Any]) -> str:
    """What a look at everything below SQL found, and what was mended."""
    if result.get("repaired"):
        vectors, thumbnails = int(result["embedded"]), int(result["thumbnails_made"])
        said = [f"{count(vectors, 'picture')} embedded again, {count(thumbnails, 'thumbnail')} made again"]
        if result["left"]:
            said.append(f"{count(int(result['left']), 'picture')} can't be mended: their files are gone")
    else:
        lost = result["vectors_missing"] + result["thumbnails_missing"]
        said = [f"{lost:,} vectors and thumbnails missing" if lost or result["index"] else "nothing missing"]
    for name, words in (("missing", "gone"), ("changed", "changed"), ("unreadable", "that can't be read")):
        if result[f"files_{name}"]:
            said.append(f"{count(int(result[f'files_{name}']), 'file')} {words}")
    if damaged := int(result.get("own_damaged", 0)):
        said.append(f"{count(damaged, 'file')} in the data folder changed or damaged")
    return "; ".join(said)


OUTCOMES: dict[str, Callable[[dict[str, Any]], str]] = {
    "add pictures": _added,
    "add sample": _added,
    "check library": library_checked,
    "read dates": lambda r: f"{r['dated']:,} of {count(r['looked_at'], 'picture')} say when",
    "empty bin": lambda r: f"{count(r['pictures'], 'picture')} gone for good",
    "re-embed": lambda r: f"{count(r['embedded'], 'picture')} embedded",
    "annotate": lambda r: f"{count(r['annotated'], 'picture')} labelled by {r['annotator']}",
    "compare annotators": lambda r: f"{len(r['setups'])} on {count(r['pictures'], 'picture')}",
    "draw evaluation": lambda r: count(r["pictures"], "picture"),
    "expand": lambda r: f"definition {r['revision']}, by {r['author']}",
    "find ambiguities": lambda r: f"{count(len(r['ambiguities']), 'open question')} found",
    "reword": lambda r: f"{count(r['sifted'], 'wording')} tried, {r['better']} surely better",
    "look back": lambda r: f"{count(len(r['contradicted']), 'earlier label')} to review",
    "questions": lambda r: f"{count(len(r['questions']), 'question')}, by {r['author']}",
    "more kinds": lambda r: f"{count(r['added'], 'kind')} of pictures, by {r['author']}",
    "mine": lambda r: f"{count(r['added'], 'picture')} found, {r['candidates']:,} in all",
    "train": lambda r: f"version {r['version']}",
    "evaluate": lambda r: f"version {r['version']}",
    "look over": lambda r: count(r["counted"], "label"),
    "robustness": lambda r: f"version {r['version']} on {count(r['n'], 'picture')}",
    "score table": lambda r: f"{count(r['rows'], 'picture')}, {count(len(r['concepts']), 'concept')}",
    "score files": lambda r: f"{count(r['rows'], 'picture')}, {r['yes']:,} yes",
    "score": lambda r: f"{count(r['rows'], 'picture')}, {r['yes']:,} yes",
    "watch": lambda r: f"{count(r['seen'], 'new picture')}, {r['flagged']:,} flagged",
    "test endpoint": lambda r: (
        f"{sum(a['works'] for a in r['answers'])} of {count(len(r['answers']), 'model')} answered"
    ),
}
