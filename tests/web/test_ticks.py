"""A screen that waits asks for its job, and for nothing else, every second."""

from __future__ import annotations

from typing import Any

import pytest
from answering import answer
from statements import statements
from web_screens import Screens

from concepts.workbench import Workbench

NAME = "Round thing"


@pytest.fixture(scope="module")
def bench(library: Workbench) -> Workbench:
    """A concept with a measured version."""
    concept = library.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    waiting = concept.labels.next_pictures(60, purpose="evaluation") + concept.labels.next_pictures(10)
    answer(library, NAME, [picture.id for picture in waiting])
    concept.versions.train().wait()
    concept.versions.measure()
    return library


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


def asked_once(bench: Workbench, screens: Screens, page: str, memory: Any = None) -> dict[str, Any]:
    """What a tick changes that puts one question to the database."""
    with statements(bench.context.database) as sent:
        changed = screens.tick(page, memory, concept=NAME)
    control = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
    assert len([one for one in sent if not one.startswith(control)]) == 1
    return changed


def begin(bench: Workbench, kind: str, **arguments: object) -> int:
    """A job of the concept that is under way, without anybody working on it."""
    job = bench.jobs.store.add(kind, arguments, bench.context.concept(NAME).id)
    bench.jobs.store.claim(job)
    return job


def test_a_training_costs_one_query_a_tick_and_redraws_what_came_of_it_once(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "train", target="f1")
    memory = screens.memory("check", concept=NAME)
    changed = asked_once(bench, screens, "check", memory)
    assert set(changed) == {"check-progress", "timer"}
    assert f'id="job-{job}"' in changed["check-progress"]
    bench.jobs.store.finish(job, "done", {"version": 1})
    changed = screens.tick("check", memory, concept=NAME)
    assert {"check-main", "check-figures", "check-pictures", "check-head"} <= set(changed)
    assert set(screens.tick("check", changed["memory"], concept=NAME)) == {"timer"}


@pytest.mark.parametrize(
    ("page", "kind", "area"),
    [
        ("describe", "mine", "describe-progress"),
        ("results", "score files", "results-progress"),
        ("", "add pictures", "home-progress"),
    ],
)
def test_waiting_costs_one_query_a_tick_and_redraws_the_progress(
    bench: Workbench, screens: Screens, page: str, kind: str, area: str
) -> None:
    job = begin(bench, kind)
    changed = asked_once(bench, screens, page)
    assert set(changed) == {area, "timer"}
    assert f'id="job-{job}"' in changed[area]
    bench.jobs.store.finish(job, "cancelled")
