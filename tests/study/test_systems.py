"""The page of methods says of each system where it lives, and is as its parts are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from study.all_methods import KEPT, LISTS, LISTS_IN, methods
from study.systems import PAGE, SYSTEMS, page, systems

ROOT = Path(__file__).parents[2]
# What the app did before, and what others are measured against: of no paper's.
OWN = {
    *("steady", "random", "border_of_the_head", "blend_of_the_head", "random_wall"),
    *("annotator85", "three_annotators"),
}

EVERY = [one for part in systems() for one in part["system"]]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one["name"])
def test_a_system_lives_in_files_that_are_there_or_says_why_not(one):
    named = re.findall(r"(?<!:)\b(?:docs|concepts|study|storage)/[\w/-]+\.\w+", one.get("found", ""))
    assert all((ROOT / file).is_file() for file in (*one.get("lives", []), *named))
    assert one.get("found") or one.get("methods")
    assert one.get("lives") or one["found"].startswith(("Measured once", "Not built", "No place", "Weights"))


def test_every_way_of_the_laboratory_belongs_to_a_system():
    assert {name for one in EVERY for name in one.get("methods", [])} == methods().keys() - OWN


def test_no_system_stands_twice():
    assert len({one["name"] for one in EVERY}) == len(EVERY)


def test_the_page_is_what_its_parts_say():
    assert PAGE.read_text(encoding="utf-8") == page(), f"after a change of {SYSTEMS} or {KEPT}"


def test_every_list_is_there():
    assert all((LISTS_IN / one.concepts).is_file() for one in LISTS)
