"""What the laboratory adds is found where Discern is installed, in a checkout as in a wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS
from concepts.registry import Registry
from study.study import code_files

ROOT = Path(__file__).parents[2]
POINTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
REGISTRIES: dict[str, Registry] = {registry.group: registry for registry in (HEADS, SCORERS, ACQUISITIONS)}  # type: ignore[type-arg]


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
