"""The trash at the command line, and the library in an order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Ended


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
