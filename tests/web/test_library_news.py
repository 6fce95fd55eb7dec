"""The end of an adding is told to whoever began it, with the pictures, until they turn to something else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench

NEWS = "Last added: 3 new pictures."


@pytest.fixture
def bench(own_home: Path) -> Iterator[Workbench]:
    bench = Workbench(Settings(home=own_home))
    yield bench
    bench.close()


def added(bench: Workbench, folder: Path) -> Screens:
    """By a press on the screen, and done."""
    screens = Screens(bench)
    screens.press("library-main", "add", paths=str(draw_folder(folder, 3)))
    bench.jobs.resume(bench.installation.newest_jobs(("add pictures",))[0].id)
    return screens


def test_it_is_told_with_the_pictures_and_nowhere_else(bench: Workbench, tmp_path: Path) -> None:
    screens = added(bench, tmp_path / "pictures")
    for query in ({}, {"concept": "Ellipse"}):
        assert NEWS in screens.load("library", **query)["library-progress"]
    for query in ({"view": "collections"}, {"view": "health"}, {"view": "encoder"}, {"q": "a disc"}):
        assert NEWS not in screens.load("library", **query)["library-progress"]


@pytest.mark.parametrize("press", [("told", ""), ("show", "view=health"), ("search", "")])
def test_it_is_gone_once_it_was_closed_or_something_else_was_done(
    bench: Workbench, tmp_path: Path, press: tuple[str, str]
) -> None:
    screens = added(bench, tmp_path / "pictures")
    assert NEWS not in screens.press("library-main", *press)["library-progress"]
    assert NEWS not in screens.load("library")["library-progress"]


def test_what_was_added_by_no_press_is_no_news(bench: Workbench, tmp_path: Path) -> None:
    bench.pictures.add_pictures([draw_folder(tmp_path / "pictures", 3)])
    assert NEWS not in Screens(bench).load("library")["library-progress"]
