"""What the laboratory adds is found where Discern is installed, and on the page of methods, which says where
each system lives."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from concepts.collaborator import ANNOTATORS
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS
from concepts.registry import Registry
from study.all_methods import KEPT, LISTS, LISTS_IN, methods
from study.study import code_files
from study.systems import PAGE, SYSTEMS, page, systems

ROOT = Path(__file__).parents[2]
POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
IN_USE = (HEADS, SCORERS, ACQUISITIONS, ANNOTATORS)
REGISTRIES: dict[str, Registry] = {registry.group: registry for registry in IN_USE}  # type: ignore[type-arg]


@pytest.mark.parametrize("group", POINTS)
def test_all_that_pyproject_registers_is_there(group: str) -> None:
    missing = set(POINTS[group]) - set(REGISTRIES[group])
    assert not missing, "Install this checkout again, as `make` does: pip install --no-deps -e ."


@pytest.mark.parametrize("folder", ["heads", "scorers", "acquisitions"])
def test_no_file_of_the_laboratory_is_left_unregistered(folder: str) -> None:
    places = {place.partition(":")[0] for place in POINTS[f"discern.{folder}"].values()}
    files = {f"study.{folder}.{file.stem}" for file in (ROOT / "study" / folder).glob("*.py")}
    shared = {"scorers": {"zero_shot"}, "acquisitions": {"candidates"}}.get(folder, set())
    assert files - places == {f"study.{folder}.{name}" for name in {"__init__", *shared}}


def test_results_are_kept_under_a_digest_of_the_study_and_of_what_learns() -> None:
    places = {file.relative_to(ROOT).parts[:2] for file in code_files()}
    assert {("study", "replay.py"), ("study", "heads"), ("concepts", "learning")} <= places


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


def test_every_way_of_the_laboratory_belongs_to_a_system_and_none_stands_twice():
    assert {name for one in EVERY for name in one.get("methods", [])} == methods().keys() - OWN
    assert len({one["name"] for one in EVERY}) == len(EVERY)


def test_the_page_is_what_its_parts_say_and_every_list_is_there():
    assert PAGE.read_text(encoding="utf-8") == page(), f"after a change of {SYSTEMS} or {KEPT}"
    assert all((LISTS_IN / one.concepts).is_file() for one in LISTS)
