"""Activity and Cost: what is said about jobs and model calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.jobs import Mine
from storage.calls import Call
from web.words import dollars


@pytest.fixture
def bench(own_home: Path) -> Workbench:
    return Workbench(Settings(home=own_home))


def ended(
    bench: Workbench,
    kind: str,
    state: str,
    result: Any = None,
    error: str = "",
    concept: str = "",
    **more: Any,
) -> int:
    known = concept and (bench.context.store.find(concept) or bench.context.store.create(concept))
    job_id = bench.jobs.store.add(kind, more, known.id if known else None)
    bench.jobs.store.claim(job_id)
    bench.jobs.store.finish(job_id, state, result, error)
    return job_id


def view(bench: Workbench, tab: str = "activity", **place: str) -> str:
    """All HTML of a tab of Settings, without the rail."""
    areas = Screens(bench).load(f"settings/{tab}", **place)
    return "".join(html for name, html in areas.items() if name != "rail")


def act(bench: Workbench, name: str, value: str) -> str:
    """All HTML after a press."""
    return "".join(Screens(bench).press("activity-main", name, value).values())


def test_jobs_that_ended_say_what_came_of_them_and_what_went_wrong(bench: Workbench) -> None:
    result = {"added": 5421, "duplicates": 12, "skipped": {"corrupt": 3}, "unchanged": 0, "seconds": 9.0}
    ended(bench, "add pictures", "done", result, paths=["/pictures"])
    reason = "eyes’s answer was cut off. Allow longer answers."
    labelled = {"annotated": 4, "annotator": "eyes", "failed": [{"id": "a", "reason": reason}]}
    ended(bench, "annotate", "done", labelled, concept="Ripe & red")
    failed = ended(bench, "annotate", "failed", error="<b>429</b>: wait a minute.", concept="Ripe & red")
    said = view(bench)
    assert "5,421 pictures added, 12 duplicates, 3 files skipped" in said
    assert "4 pictures labelled by eyes, 1 not: eyes’s answer was cut off. Allow longer answers<" in said
    assert "Suggesting labels · Ripe &amp; red" in said
    assert "&lt;b&gt;429&lt;/b&gt;: wait a minute." in said
    assert f'data-action="retry" data-value="{failed}"' in said


def test_a_job_is_stopped_and_run_again(bench: Workbench) -> None:
    job_id = bench.jobs.submit(Mine(bench.context.store.create("c").id, 10))
    said = view(bench)
    assert f'id="job-{job_id}"' in said
    assert "1 running" in said
    assert "What is done stays" in act(bench, "cancel", str(job_id))
    assert bench.installation.job(job_id).state == "cancelled"
    act(bench, "retry", str(job_id))
    assert bench.installation.job(job_id).state == "queued"
    assert "can&#39;t be tried again" in act(bench, "retry", str(job_id))


def test_cost_is_told_first_in_a_sentence_and_says_what_is_not_known(bench: Workbench) -> None:
    for cost, outcome in ((0.5, "answered"), (None, "answered"), (None, "failed")):
        bench.context.ledger.record(Call("expand", "<m>", "http://e", "h", 10, outcome, 100, 20, cost, "why"))
    said = view(bench, "cost")
    assert "3 calls, 2 answered: $0.5000, and 1 without a price." in said
    assert "&lt;m&gt;" in said
    assert [dollars(x) for x in (0, 0.00001, 0.02, 1234.5)] == [
        "$0.00",
        "under $0.0001",
        "$0.0200",
        "$1,234.50",
    ]
