"""Collections at the command line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAME = "Round thing"


def test_a_concept_looks_in_a_collection_of_a_folder(
    pictures: Path, discern: Callable[..., Any], tmp_path: Path
) -> None:
    made = discern("collection", "new", "Drawn", "--folder", pictures)
    assert made["pictures"] == 60
    some = [part for path in sorted(pictures.iterdir())[:20] for part in ("--take", path)]
    taken = discern("collection", "change", "drawn", *some)["changes"][0]
    assert taken["remaining"] == 40
    looked = discern("concept", "look-in", NAME, "Drawn")
    assert (looked["names"], looked["pictures"], looked["library"]) == (["Drawn"], 40, 60)
    assert discern("concept", "look-in", NAME) == looked
    out = tmp_path / "next.csv"
    discern("concept", "next", NAME, "--n", 10, "--out", out)
    inside = {picture["id"] for picture in discern("library", "search", "--in", "Drawn", "--top", 60)}
    with out.open() as file:
        assert {row["id"] for row in csv.DictReader(file)} <= inside
    assert len(discern("library", "search", "ellipse", "--in", "Drawn", "--top", 60)) == 40
    discern("collection", "change", "Drawn", "--undo", taken["number"])
    discern("trash", "put", "--collection", "Drawn")
    assert discern("collection", "list") == []
    assert discern("trash", "restore", "--collection", made["id"])["names"] == ["Drawn"]
    assert discern("concept", "look-in", NAME, "--everything")["pictures"] == 60


def test_what_is_made_of_which_pictures_is_said_in_words(
    pictures: Path, ended: Callable[..., Any], discern: Callable[..., Any]
) -> None:
    discern("collection", "new", "Blue", "--search", "a blue ellipse", "--n", 5)
    shown = ended("collection", "show", "Blue")
    assert "“Blue” (1): 5 pictures, the search “a blue ellipse”." in shown.out
    wrong = ended("collection", "new", "Both", "--search", "x", "--folder", pictures)
    assert wrong.code == 1
    missing = ended("collection", "show", "Nothing")
    assert "discern collection list" in missing.err
