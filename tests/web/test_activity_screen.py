"""Activity: what is said about work, models, cost and data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.jobs import Mine
from storage.calls import Call
from web.page import Action, WebPage
from web.screens.activity import _Screen
from web.words import dollars


class Asked:
    """The part of a request that the screen looks at."""

    username = None

    def __init__(self, **query: str) -> None:
        self.query_params = query


@pytest.fixture
def bench(own_home: Path) -> Workbench:
    return Workbench(Settings(home=own_home))


def ended(
    bench: Workbench, kind: str, state: str, result: Any = None, error: str = "", **arguments: Any
) -> int:
    job_id = bench.jobs.store.add(kind, arguments)
    bench.jobs.store.claim(job_id)
    bench.jobs.store.finish(job_id, state, result, error)
    return job_id


def view(bench: Workbench, name: str = "", **place: str) -> str:
    """All HTML of a view."""
    return html_of(_Screen(bench, WebPage()).show(({"view": name} if name else {}) | place))


def act(bench: Workbench, name: str, value: str = "", view: str = "", **fields: str) -> str:
    """All HTML after a press."""
    asked = Asked(**({"view": view} if view else {}))
    return html_of(_Screen(bench, WebPage()).act(Action(name, value, fields), asked))


def html_of(shown: dict[Any, Any]) -> str:
    return "".join(part for part in shown.values() if isinstance(part, str))


def test_where_nothing_was_done_it_says_what_will_be_here_and_what_to_do(bench: Workbench) -> None:
    said = view(bench)
    assert "Nothing has been done yet" in said
    assert 'href="/library"' in said
    assert "No model was asked so far" in view(bench, "models")


def test_work_that_ended_says_what_came_of_it_and_what_went_wrong(bench: Workbench) -> None:
    result = {"added": 5421, "duplicates": 12, "skipped": {"corrupt": 3}, "unchanged": 0, "seconds": 9.0}
    ended(bench, "add pictures", "done", result, paths=["/pictures"])
    failed = ended(bench, "annotate", "failed", error="<b>429</b>: wait a minute.", concept="Ripe & red")
    said = view(bench)
    assert "5,421 pictures added, 12 duplicates, 3 files skipped" in said
    assert "Having the machine label · Ripe &amp; red" in said
    assert "&lt;b&gt;429&lt;/b&gt;: wait a minute." in said
    assert f'data-action="retry" data-value="{failed}"' in said


def test_a_kind_of_work_that_nobody_named_is_still_shown(bench: Workbench) -> None:
    ended(bench, "something new", "done", {"whatever": [1, 2]})
    said = view(bench)
    assert "Something new" in said
    assert "whatever: 2 entries" in said


def test_work_is_stopped_and_begun_again(bench: Workbench) -> None:
    job_id = bench.jobs.submit(Mine(bench.context.store.create("c").id, 10))
    assert f'id="job-{job_id}"' in view(bench)
    assert "What is done stays" in act(bench, "cancel", str(job_id))
    assert bench.installation.job(job_id).state == "cancelled"
    act(bench, "retry", str(job_id))
    assert bench.installation.job(job_id).state == "queued"
    assert "can&#39;t be tried again" in act(bench, "retry", str(job_id))


def test_long_histories_come_in_pages(bench: Workbench) -> None:
    for index in range(30):
        ended(bench, "mine", "done", {"added": index, "candidates": index}, concept=f"c{index}")
    first, second = view(bench), view(bench, **{"from": "25"})
    assert "· c29" in first
    assert "· c0<" not in first
    assert "from=25" in first
    assert "· c0<" in second
    assert "Older" not in second
    assert "· c29" in view(bench, **{"from": "x"})


def test_cost_is_told_first_in_a_sentence_and_says_what_is_not_known(bench: Workbench) -> None:
    for cost, outcome in ((0.5, "answered"), (None, "answered"), (None, "failed")):
        bench.context.ledger.record(Call("expand", "<m>", "http://e", "h", 10, outcome, 100, 20, cost, "why"))
    said = view(bench, "models")
    assert "3 questions, 2 answered, for $0.5000, besides 1 without a price." in said
    assert "&lt;m&gt;" in said
    assert [dollars(x) for x in (0, 0.00001, 0.02, 1234.5)] == [
        "$0.00",
        "under $0.0001",
        "$0.0200",
        "$1,234.50",
    ]


def test_the_data_page_offers_a_backup_and_says_how_to_restore_it(bench: Workbench, own_home: Path) -> None:
    said = view(bench, "data")
    assert str(own_home) in said
    assert 'href="/api/v1/backup"' in said
    assert "library reembed" in said
    assert "Log out" not in said
