"""A screen that waits asks for its job, and for nothing else, every second."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from statements import statements
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Round thing"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Workbench:
    """A concept with a measured version."""
    root = tmp_path_factory.mktemp("ticks")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 60)], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    waiting = bench.concept(NAME).labels.next_pictures(60, purpose="evaluation")
    for picture in [*waiting, *bench.concept(NAME).labels.next_pictures(10)]:
        value = "yes" if "ellipse" in picture.path else "no"
        bench.concept(NAME).labels.give(picture.id, value, author="me", key=uuid.uuid4().hex)
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).versions.measure()
    return bench


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
    concept = bench.context.concept(NAME)
    job = bench.jobs.store.add(kind, arguments, concept.id)
    bench.jobs.store.claim(job)
    return job


ALL = {"check-main", "check-figures", "check-pictures", "check-head"}


@pytest.mark.parametrize(
    ("kind", "arguments", "meanwhile", "result", "redrawn", "said"),
    [
        ("train", {"target": "f1"}, {"check-progress"}, {"version": 1}, ALL, ""),
    ],
    ids=["train"],
)
def test_quality_costs_one_query_a_tick_and_redraws_what_came_of_it_once(
    bench: Workbench,
    screens: Screens,
    kind: str,
    arguments: dict[str, Any],
    meanwhile: set[str],
    result: dict[str, Any],
    redrawn: set[str],
    said: str,
) -> None:
    job = begin(bench, kind, **arguments)
    memory = screens.memory("check", concept=NAME)
    changed = asked_once(bench, screens, "check", memory)
    assert set(changed) == (meanwhile | {"timer"} if meanwhile else set())
    assert all(f'id="job-{job}"' in changed[area] for area in meanwhile)
    bench.jobs.store.finish(job, "done", result)
    changed = screens.tick("check", memory, concept=NAME)
    assert redrawn <= set(changed)
    assert "check-said" not in changed
    assert redrawn == ALL or set(changed) == redrawn | {"memory", "timer"}
    for shown in (changed, screens.load("check", concept=NAME)):
        assert said in "".join(str(shown[area]) for area in redrawn)
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
