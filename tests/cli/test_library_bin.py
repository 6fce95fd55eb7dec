"""The library at the command line: a part of it in an order, and the bin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Ended


def test_a_folder_is_listed_by_name_and_what_was_removed_is_not_in_it(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended]
) -> None:
    listed = discern("library", "pictures", "--folder", pictures, "--sort", "name", "--n", 2)["pictures"]
    assert [Path(p["path"]).name for p in listed] == ["ellipse-0000.png", "ellipse-0003.png"]
    assert discern("library", "folders")[0]["files"] == 60
    assert discern("library", "remove", listed[0]["path"])["pictures"] == [listed[0]["id"]]
    assert discern("library", "pictures", "--sort", "name", "--n", 1)["pictures"] == listed[1:]
    assert [p["id"] for p in discern("library", "bin")["pictures"]] == [listed[0]["id"]]
    assert discern("library", "restore", listed[0]["id"])["pictures"] == [listed[0]["id"]]
    discern("library", "remove", listed[0]["path"], listed[1]["path"])
    assert "2 pictures are gone" in ended("library", "empty-bin", "--yes").out
    assert discern("library", "info")["pictures"] == 58


def test_which_pictures_look_alike_is_found_and_what_it_takes_on_disk_said(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended]
) -> None:
    assert "0 of 60 pictures have been compared" in ended("library", "neighbours").out
    assert "100.0% of the nearest pictures" in ended("library", "neighbours", "--find").out
    told = discern("library", "neighbours", "--anew")
    assert (told["pictures"], told["recall"]) == (60, 1)
    assert "which pictures look alike" in ended("library", "disk", "--tidy").out
