"""A screen that waits asks for its job, and for nothing else, every second."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from statements import statements
from web_screens import Screens

from concepts.installation.activity import JobView
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.versions import RANKED

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


CURVE = {"points": [{"labels": 5, "value": 0.5, "low": 0.4, "high": 0.6}]}
ALL = {"check-main", "check-figures", "check-pictures", "check-head"}


@pytest.mark.parametrize(
    ("kind", "arguments", "meanwhile", "result", "redrawn", "said"),
    [
        ("learning curve", {}, set(), CURVE, {"check-curve"}, "after so many labels: 5 labels 0.50"),
        ("train", {"target": "f1"}, {"check-progress"}, {"version": 1}, ALL, ""),
    ],
    ids=["learning curve", "train"],
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


def test_a_look_with_something_to_show_leaves_it_to_the_next_one_to_stop_the_timer(
    bench: Workbench, screens: Screens
) -> None:
    """Its answer may come behind that to a press, whichever began first."""
    job = begin(bench, "learning curve")
    memory = screens.memory("check", concept=NAME)
    for waiting in bench.installation.newest_jobs(("look over",), NAME):
        bench.jobs.store.finish(waiting.id, "cancelled")
    bench.jobs.store.finish(job, "done", CURVE)
    changed = screens.tick("check", memory, concept=NAME)
    assert changed["timer"]
    again = screens.tick("check", changed["memory"], concept=NAME)
    assert not again["timer"]


@pytest.mark.parametrize(
    ("page", "kind"), [("results", "score files"), ("check", "train"), ("", "add pictures")]
)
def test_a_look_stops_no_timer_for_work_that_began_meanwhile(
    bench: Workbench, screens: Screens, page: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = screens.memory(page, concept=NAME) if page == "check" else None
    newest, begun = bench.installation.newest_jobs, list[int]()

    def as_of_before(*asked: object) -> list[JobView]:
        found = newest(*asked)  # type: ignore[arg-type]
        if not begun:
            begun.append(begin(bench, kind))
        return found

    monkeypatch.setattr(bench.installation, "newest_jobs", as_of_before)
    changed = screens.tick(page, memory, concept=NAME)
    assert begun
    assert changed["timer"]
    bench.jobs.store.finish(begun[0], "cancelled")


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


def test_a_training_is_said_to_be_done_once_the_library_is_in_its_new_order_before_it_is_measured(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "train", target="f1")
    memory = screens.memory("check", concept=NAME)
    bench.jobs.store.beat(job, 1, 3, "looking at the whole library")
    assert set(screens.tick("check", memory, concept=NAME)) == {"check-progress", "timer"}
    bench.jobs.store.beat(job, RANKED, 3, "measuring")
    shown = screens.tick("check", memory, concept=NAME)
    assert "Version 1 is trained." in shown["check-trained"]
    assert 'href="/results?concept=Round+thing"' in shown["check-head"]
    assert "<a" not in shown["check-trained"]
    assert set(screens.tick("check", shown["memory"], concept=NAME)) == {"check-progress", "timer"}
    bench.jobs.store.finish(job, "done", {"version": 1, "new": True, "measured": True})
    done = screens.tick("check", shown["memory"], concept=NAME)
    assert "check-trained" not in done
    assert "check-main" in done


def test_a_training_that_found_nothing_new_says_so(bench: Workbench, screens: Screens) -> None:
    job = begin(bench, "train", target="f1")
    memory = screens.memory("check", concept=NAME)
    bench.jobs.store.finish(job, "done", {"version": 1, "new": False, "measured": True})
    shown = screens.tick("check", memory, concept=NAME)
    assert "Nothing changed since version 1." in shown["check-trained"]


def test_results_show_the_new_order_of_the_library_before_the_version_is_tested(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "train", target="f1")
    memory = screens.memory("results", concept=NAME)
    assert set(asked_once(bench, screens, "results", memory)) == {"results-progress", "timer"}
    bench.jobs.store.beat(job, RANKED, 3, "measuring")
    shown = screens.tick("results", memory, concept=NAME)
    assert "flagged" in shown["results-library"]
    for after in (shown["memory"], screens.memory("results", concept=NAME)):
        assert set(asked_once(bench, screens, "results", after)) == {"results-progress", "timer"}
    bench.jobs.store.finish(job, "done", {"version": 1, "new": True, "measured": True})
    done = screens.tick("results", shown["memory"], concept=NAME)
    assert "results-head" in done
    assert "results-library" not in done  # it is shown, and may be labelled at this moment


def test_what_came_of_finding_pictures_is_told_once_and_a_late_tick_changes_nothing(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "mine")
    bench.jobs.store.finish(job, "done", {"added": 3, "candidates": 7, "per_query": {}})
    shown = screens.tick("describe", concept=NAME)
    assert "3 new candidates, 7 in all." in shown["describe-head"]
    assert shown["memory"] == screens.memory("describe", concept=NAME) == {"told": job}
    late = screens.tick("describe", shown["memory"], concept=NAME)
    assert late.keys() == {"timer"}


def test_a_library_too_large_to_wait_for_is_scored_when_results_open_as_after_a_restart(
    bench: Workbench, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks() -> list[JobView]:
        return bench.installation.newest_jobs(("score library",), NAME)

    monkeypatch.setattr("concepts.workbench.context.SCORED_AT_ONCE", 10)
    bench.context.scores.__init__()  # type: ignore[misc]
    for _ in range(2):
        shown = screens.load("results", concept=NAME)
        assert "Scoring the library" in shown["results-library"]
    (job,) = looks()
    assert f'id="job-{job.id}"' in shown["results-progress"]
    bench.jobs.resume(job.id)
    assert "/media/thumbnail/" in screens.tick("results", concept=NAME)["results-library"]

    bench.context.scores.__init__()  # type: ignore[misc]
    screens.load("results", concept=NAME)
    (again,) = looks()
    bench.jobs.store.finish(again.id, "cancelled")
    assert "Score the library" in screens.load("results", concept=NAME)["results-library"]
    assert [look.id for look in looks()] == [again.id] != [job.id]
