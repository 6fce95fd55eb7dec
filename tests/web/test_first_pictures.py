"""What Library says before there are pictures, and while the first are on their way."""

from __future__ import annotations

from pathlib import Path

from drawing import draw_folder
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench


def test_while_the_first_are_on_their_way_nobody_is_told_to_get_some(own_home: Path, tmp_path: Path) -> None:
    bench = Workbench(Settings(home=own_home))
    screens = Screens(bench)
    assert "Get the sample pictures" in screens.load("library")["library-main"]
    folder = draw_folder(tmp_path / "pictures", 3)
    shown = screens.press("library-main", "add", paths=str(folder))  # no job runs here: it stays queued
    for html in (shown["library-main"], screens.load("library")["library-main"]):
        assert "Your pictures are on their way" in html
        assert "Get the sample pictures" not in html
    bench.close()
