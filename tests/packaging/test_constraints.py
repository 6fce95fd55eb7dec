"""A fresh machine gets the versions that were tested."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.constraints import RANGES, pinned, requirements

ROOT = Path(__file__).parents[2]


def test_every_requirement_has_a_tested_version_that_it_allows() -> None:
    versions = pinned()
    wrong = {
        str(asked): versions.get(canonicalize_name(asked.name))
        for asked in requirements()
        if asked.name not in RANGES and not allows(asked, versions.get(canonicalize_name(asked.name)))
    }
    assert wrong == {}, "run `make upgrade`"


def allows(asked: Requirement, version: str | None) -> bool:
    return version is not None and asked.specifier.contains(version)


def test_builds_of_pytorch_are_left_to_the_machine() -> None:
    assert not RANGES & pinned().keys()
    assert {asked.name for asked in requirements()} >= RANGES


def test_whatever_installs_the_requirements_keeps_to_the_tested_versions() -> None:
    for file in ("Makefile", "Dockerfile"):
        for line in re.findall(r".*pip install.*-r requirements.*", (ROOT / file).read_text()):
            assert "-c constraints.txt" in line or "--upgrade" in line, f"{file}: {line}"
