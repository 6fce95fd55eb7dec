"""A screen that waits asks for its job, and for nothing else, every second."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from drawing import draw_folder
from sqlalchemy import event
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


@contextmanager
def statements(bench: Workbench) -> Iterator[list[str]]:
    """What the database is asked meanwhile, beginnings and ends of transactions apart."""
    asked: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany):  # type: ignore[no-untyped-def]
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            asked.append(statement)

    engine = bench.context.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def begin(bench: Workbench, kind: str, **arguments: object) -> int:
    """A job of the concept that is under way, without anybody working on it."""
    concept = bench.context.concept(NAME)
    job = bench.jobs.store.add(kind, {"concept": NAME, **arguments}, concept.id)
    bench.jobs.store.claim(job)
    return job


def test_quality_costs_one_query_a_tick_while_a_curve_is_drawn_and_redraws_nothing(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "learning curve")
    memory = screens.memory("quality", concept=NAME)
    with statements(bench) as asked:
        changed = screens.tick("quality", memory, concept=NAME)
    assert len(asked) == 1
    assert changed == {}
    bench.jobs.store.finish(job, "done", {"points": [{"labels": 5, "value": 0.5, "low": 0.4, "high": 0.6}]})
    changed = screens.tick("quality", memory, concept=NAME)
    assert set(changed) == {"quality-side", "json", "timer"}
    assert "From 0.50 after 5 answers" in changed["quality-side"]
    again = screens.tick("quality", changed["json"], concept=NAME)
    assert set(again) == {"timer"}


def test_a_look_with_something_to_show_leaves_it_to_the_next_one_to_stop_the_timer(
    bench: Workbench, screens: Screens
) -> None:
    """Its answer may come behind that to a press, whichever began first."""
    job = begin(bench, "learning curve")
    memory = screens.memory("quality", concept=NAME)
    for waiting in bench.installation.newest_jobs(("look over",), NAME):
        bench.jobs.store.finish(waiting.id, "cancelled")
    bench.jobs.store.finish(job, "done", {"points": [{"labels": 5, "value": 0.5, "low": 0.4, "high": 0.6}]})
    changed = screens.tick("quality", memory, concept=NAME)
    assert changed["timer"]["active"]
    again = screens.tick("quality", changed["json"], concept=NAME)
    assert not again["timer"]["active"]


@pytest.mark.parametrize(
    ("page", "kind"), [("use", "score files"), ("quality", "train"), ("", "add pictures")]
)
def test_a_look_stops_no_timer_for_work_that_began_meanwhile(
    bench: Workbench, screens: Screens, page: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = screens.memory(page, concept=NAME) if page == "quality" else None
    newest, begun = bench.installation.newest_jobs, list[int]()

    def as_of_before(*asked: object) -> list[JobView]:
        found = newest(*asked)  # type: ignore[arg-type]
        if not begun:
            begun.append(begin(bench, kind))
        return found

    monkeypatch.setattr(bench.installation, "newest_jobs", as_of_before)
    changed = screens.tick(page, memory, concept=NAME)
    assert begun
    assert changed["timer"]["active"]
    bench.jobs.store.finish(begun[0], "cancelled")


def test_looking_again_at_changed_pictures_costs_one_query_a_tick_and_ends_in_what_it_showed(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "robustness", version=1)
    memory = screens.memory("quality", concept=NAME)
    with statements(bench) as asked:
        changed = screens.tick("quality", memory, concept=NAME)
    assert len(asked) == 1
    assert set(changed) == {"quality-steady", "timer"}
    assert f'id="job-{job}"' in changed["quality-steady"]
    share = {"name": "flipped", "n": 9, "value": 0.0, "low": 0.0, "high": 0.3}
    done = {"version": 1, "threshold": 0.5, "n": 9, "left_out": 0, "sentence": "None of 9 decisions changes."}
    done["changes"] = [{"name": "blurred", "flipped": share, "moved": share}]
    bench.jobs.store.finish(job, "done", done)
    changed = screens.tick("quality", memory, concept=NAME)
    assert set(changed) == {"quality-steady", "json", "timer"}
    assert "None of 9 decisions changes." in changed["quality-steady"]
    assert "None of 9 decisions changes." in screens.load("quality", concept=NAME)["quality-steady"]
    assert set(screens.tick("quality", changed["json"], concept=NAME)) == {"timer"}


def test_a_new_version_is_shown_when_its_job_ends_and_only_then(bench: Workbench, screens: Screens) -> None:
    job = begin(bench, "train", target="f1")
    memory = screens.memory("quality", concept=NAME)
    with statements(bench) as asked:
        changed = screens.tick("quality", memory, concept=NAME)
    assert len(asked) == 1
    assert set(changed) == {"quality-progress", "timer"}
    bench.jobs.store.finish(job, "done", {"version": 1})
    changed = screens.tick("quality", memory, concept=NAME)
    assert {"quality-main", "quality-plots", "quality-mistakes", "quality-head"} <= set(changed)
    assert "quality-said" not in changed
    assert set(screens.tick("quality", changed["json"], concept=NAME)) == {"timer"}


@pytest.mark.parametrize(
    ("page", "kind", "area"),
    [
        ("define", "mine", "define-progress"),
        ("use", "score files", "use-progress"),
        ("", "add pictures", "start-progress"),
    ],
)
def test_waiting_costs_one_query_a_tick_and_redraws_the_progress(
    bench: Workbench, screens: Screens, page: str, kind: str, area: str
) -> None:
    job = begin(bench, kind)
    with statements(bench) as asked:
        changed = screens.tick(page, concept=NAME)
    assert len(asked) == 1
    assert set(changed) == {area, "timer"}
    assert f'id="job-{job}"' in changed[area]
    bench.jobs.store.finish(job, "cancelled")


def test_the_library_in_its_new_order_is_shown_once_it_is_and_not_first_when_it_was_measured(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "train", target="f1")
    memory = screens.memory("quality", concept=NAME)
    bench.jobs.store.beat(job, 1, 3, "looking at the whole library")
    assert set(screens.tick("quality", memory, concept=NAME)) == {"quality-progress", "timer"}
    bench.jobs.store.beat(job, RANKED, 3, "measuring")
    shown = screens.tick("quality", memory, concept=NAME)
    page = bench.concept(NAME).scores.page("top", limit=12)
    assert page is not None
    order = [shown["quality-ranked"].find(f"/media/thumbnail/{picture.id}") for picture in page.pictures]
    assert order == sorted(order)
    assert order[0] > 0
    assert set(screens.tick("quality", shown["json"], concept=NAME)) == {"quality-progress", "timer"}
    bench.jobs.store.finish(job, "done", {"version": 1, "new": True, "measured": True})
    done = screens.tick("quality", shown["json"], concept=NAME)
    assert "quality-ranked" not in done
    assert "quality-main" in done


def test_what_came_of_finding_pictures_is_told_once_and_a_late_tick_changes_nothing(
    bench: Workbench, screens: Screens
) -> None:
    job = begin(bench, "mine")
    bench.jobs.store.finish(job, "done", {"added": 3, "candidates": 7, "per_query": {}})
    shown = screens.tick("define", concept=NAME)
    assert "Found 3 new pictures" in shown["define-head"]
    assert shown["json"] == screens.memory("define", concept=NAME) == {"told": job}
    late = screens.tick("define", shown["json"], concept=NAME)
    assert late.keys() == {"timer"}


def test_a_library_too_large_to_wait_for_is_looked_at_when_use_opens_as_after_a_restart(
    bench: Workbench, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks() -> list[JobView]:
        return bench.installation.newest_jobs(("score library",), NAME)

    monkeypatch.setattr("concepts.workbench.context.SCORED_AT_ONCE", 10)
    bench.context.scores.__init__()  # type: ignore[misc]
    for _ in range(2):
        shown = screens.load("use", concept=NAME)
        assert "Looking at it now" in shown["use-library"]
    (job,) = looks()
    assert f'id="job-{job.id}"' in shown["use-progress"]
    bench.jobs.resume(job.id)
    assert "/media/thumbnail/" in screens.tick("use", concept=NAME)["use-library"]

    bench.context.scores.__init__()  # type: ignore[misc]
    screens.load("use", concept=NAME)
    (again,) = looks()
    bench.jobs.store.finish(again.id, "cancelled")
    assert "Look at the whole library" in screens.load("use", concept=NAME)["use-library"]
    assert [look.id for look in looks()] == [again.id] != [job.id]
