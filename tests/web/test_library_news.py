"""What Library says while pictures are on their way, and of the end of an adding to whoever began it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.jobs import how_far
from web.screens.library_pictures import PAGE

NEWS = "Import done: 3 new pictures."
SEEDS = count()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    home = tmp_path_factory.mktemp("home")
    bench = Workbench(Settings(home=home, encoder=f"local-dir:{tiny_open_clip}"))
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With three pictures that no other test has."""
    return draw_folder(tmp_path / "pictures", 3, first_seed=3 * next(SEEDS))


@pytest.fixture
def added(bench: Workbench, screens: Screens, folder: Path) -> Screens:
    """By a press on the screen, and done."""
    screens.press("library-main", "add", paths=str(folder))
    bench.jobs.resume(bench.installation.newest_jobs(("add pictures",))[0].id)
    return screens


def test_it_is_told_with_the_pictures_and_nowhere_else(added: Screens) -> None:
    for query in ({}, {"concept": "Ellipse"}):
        assert NEWS in added.load("library", **query)["library-progress"]
    for query in ({"view": "collections"}, {"view": "health"}, {"q": "a disc"}):
        assert NEWS not in added.load("library", **query)["library-progress"]


@pytest.mark.parametrize("press", [("told", ""), ("show", "view=health"), ("search", "")])
def test_it_is_gone_once_it_was_closed_or_something_else_was_done(
    added: Screens, press: tuple[str, str]
) -> None:
    assert NEWS not in added.press("library-main", *press)["library-progress"]
    assert NEWS not in added.load("library")["library-progress"]


def test_what_was_added_by_no_press_is_no_news(bench: Workbench, screens: Screens, folder: Path) -> None:
    bench.library.add([folder]).wait()
    assert NEWS not in screens.load("library")["library-progress"]


def test_it_is_told_once_what_began_by_itself_behind_it_has_ended(added: Screens, bench: Workbench) -> None:
    """In a small library that is before the next look at the adding."""
    bench.jobs.resume(bench.upkeep.check(only="neighbours").id)
    for query in ({}, {"q": "a disc"}):
        assert NEWS in added.tick("library", **query)["library-progress"]
    assert NEWS not in added.load("library", q="a disc")["library-progress"]


def test_it_is_told_while_what_begins_by_itself_behind_it_goes_on(added: Screens, bench: Workbench) -> None:
    bench.upkeep.check(only="neighbours")
    assert NEWS in added.load("library")["library-progress"]
    assert NEWS in added.tick("library")["library-progress"]
    assert NEWS not in added.press("library-main", "told")["library-progress"]
    assert NEWS not in added.load("library")["library-progress"]


def test_the_first_pictures_are_shown_once_they_are_in_whatever_goes_on_behind_them(
    own_home: Path, folder: Path, tiny_open_clip: Path
) -> None:
    bench = Workbench(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    screens = Screens(bench)
    before = screens.memory("library")
    screens.press("library-main", "add", paths=str(folder))
    bench.jobs.resume(bench.installation.newest_jobs(("add pictures",))[0].id)
    bench.upkeep.check(only="neighbours")
    shown = screens.tick("library", before)
    assert "data-answering" in shown["library-main"]
    assert "Filter" in shown["library-tools"]
    assert "library-main" not in screens.tick("library", shown["memory"])
    bench.close()


def test_later_pictures_move_nothing_and_folders_count_them(
    bench: Workbench, screens: Screens, folder: Path
) -> None:
    bench.library.add([draw_folder(folder.parent / "many", PAGE, first_seed=1000)]).wait()
    memory = screens.memory("library")
    bench.library.add([folder]).wait()
    changed = screens.tick("library", memory)
    assert "library-main" not in changed
    assert f">{len(list(folder.iterdir()))}<" in changed["library-side"]
    assert f"{bench.library.count()} pictures" in changed["library-head"]
    assert "library-side" not in screens.tick("library", changed["memory"])


def test_the_title_counts_pictures_only_where_all_of_them_are_shown(
    bench: Workbench, screens: Screens
) -> None:
    chip = f'<span class="chip ">{bench.library.count()} pictures</span>'
    heads = [screens.load("library"), screens.load("library", sort="name")]
    parts = [screens.load("library", **{name: value}) for name, value in (("view", "trash"), ("q", "a line"))]
    assert [chip in shown["library-head"] for shown in (*heads, *parts)] == [True, True, False, False]


def test_after_an_import_it_says_what_to_do_next(
    bench: Workbench, screens: Screens, folder: Path, request: pytest.FixtureRequest
) -> None:
    """Without a concept to describe one, with one to find candidates for it."""
    news = request.getfixturevalue("added").load("library")["library-progress"]
    assert "Describe a concept" in news
    bench.concepts.begin("Disc", "A disc.")
    assert "Find candidates for “Disc”" in screens.load("library")["library-progress"]
    bench.concepts.begin("Square", "A square.")
    assert "Choose a concept" in screens.load("library")["library-progress"]
    there = screens.load("library", concept="Square")["library-progress"]
    assert "Find candidates for “Square”" in there
    for name in ("Disc", "Square"):
        bench.trash.put(concept=name, author="me")


def test_while_the_first_are_on_their_way_nobody_is_told_to_get_some(own_home: Path, tmp_path: Path) -> None:
    bench = Workbench(Settings(home=own_home))
    screens = Screens(bench)
    assert "Try 962 sample pictures" in screens.load("library")["library-main"]
    folder = draw_folder(tmp_path / "pictures", 3)
    shown = screens.press("library-main", "add", paths=str(folder))  # no job runs here: it stays queued
    for html in (shown["library-main"], screens.load("library")["library-main"]):
        assert "Importing…" in html
        assert "sample pictures" not in html
    bench.close()


def test_while_pictures_come_in_it_is_files_that_are_counted(bench: Workbench) -> None:
    job_id = bench.jobs.store.add("add pictures", {"paths": []})
    bench.jobs.store.claim(job_id)
    bench.jobs.store.beat(job_id, 352, 764, "")
    assert how_far(bench.installation.job(job_id)).startswith("352 of 764 files read")
    bench.jobs.store.finish(job_id, "cancelled", None, "")
