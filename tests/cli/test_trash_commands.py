"""The trash at the command line, and the library in an order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Ended


def test_a_folder_is_listed_by_name_and_what_was_removed_is_not_in_it(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended]
) -> None:
    listed = discern("library", "search", "--folder", pictures, "--sort", "name", "--top", 2)
    assert [Path(p["path"]).name for p in listed] == ["ellipse-0000.png", "ellipse-0003.png"]
    assert discern("library", "info")["folders"][0]["files"] == 60
    one, other = listed
    assert discern("trash", "put", "--picture", one["path"])["ids"] == [one["id"]]
    assert discern("library", "search", "--sort", "name", "--top", 1) == [other]
    assert [item["id"] for item in discern("trash", "list", "--kind", "picture")] == [one["id"]]
    assert discern("trash", "restore", "--picture", one["id"])["ids"] == [one["id"]]
    discern("trash", "put", "--picture", one["path"], "--picture", other["path"])
    assert "2 pictures are erased" in ended("trash", "empty", "--yes").out
    assert discern("library", "info")["pictures"] == 58


def test_a_concept_in_the_trash_comes_back_as_its_error_says(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended]
) -> None:
    (concept,) = discern("concept", "list")
    put = discern("trash", "put", "--concept", concept["name"])
    assert discern("concept", "list") == []
    (item,) = discern("trash", "list")
    assert ([item["id"]], [item["name"]]) == (put["ids"], put["names"])
    refused = ended("concept", "mine", concept["name"])
    assert refused.code == 1
    assert f"discern trash restore --concept “{concept['name']}”" in refused.err
    assert discern("trash", "restore", "--concept", item["id"]) == put
    assert discern("concept", "list") == [concept]
    for wrong in ((), ("--concept", "A", "--rule", "B")):
        assert "Give one of pictures" in ended("trash", "put", *wrong).err


def test_which_pictures_look_alike_is_found_and_what_it_takes_on_disk_said(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended]
) -> None:
    assert "0 of 60 pictures" in ended("library", "info").out
    assert "recall" in ended("library", "check", "--only", "neighbours").out
    assert "100.0% of the nearest pictures" in ended("library", "info").out
    told = discern("library", "check", "--only", "neighbours", "--anew")
    assert (told["pictures"], told["recall"]) == (60, 1)
    assert "before" in ended("library", "check", "--only", "tidy").out
    assert "which pictures look alike" in ended("library", "info").out
