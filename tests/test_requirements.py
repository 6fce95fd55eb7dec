"""Whatever the code imports is asked for by name, not taken from what some other package happens to bring."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from glob import glob
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from source_code import parsed

ROOT = Path(__file__).parents[1]
PRODUCT = ("app.py", "concepts", "discern", "storage", "study", "web")
AROUND_IT = ("benchmarks", "blackbox", "docs", "setup.py", "space", "tests", "tools")
OURS = {place.removesuffix(".py") for place in (*PRODUCT, *AROUND_IT)}
OPTIONAL = tuple(f"requirements{which}.txt" for which in ("", "-mcp", "-oauth", "-ray", "-video"))
IN_A_BUNDLE = {"scorer"}  # an exported file that tests import from where it was written


all_distributions = cache(packages_distributions)  # it reads what every package has installed


def files(places: tuple[str, ...]) -> list[Path]:
    found = [ROOT / place for place in places]
    return [file for place in found for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))]


def imported(places: tuple[str, ...]) -> set[str]:
    """Top-level names of imports that are neither the standard library's nor this repository's."""
    names = set()
    for file in files(places):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    helpers = {file.stem for file in files(("blackbox", "tests"))}
    return names - sys.stdlib_module_names - OURS - helpers - IN_A_BUNDLE


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(*names: str) -> set[str]:
    lines = [line.strip() for name in names for line in (ROOT / name).read_text().splitlines()]
    asked_for = [line for line in lines if line and not line.startswith(("#", "-"))]
    return {normalised(re.split(r"[<>=~!\[; ]", line)[0]) for line in asked_for}


BUILT_ON = {"gradio", "lancedb", "open-clip-torch", "openai", "sqlalchemy", "torch"}


def test_requirements_name_what_the_product_is_built_on_and_hold_those_of_all_encoders() -> None:
    """A hosted Space is given `requirements.txt` alone, so that file can't name the others by `-r`."""
    assert required("requirements.txt") >= BUILT_ON
    assert not required("requirements-slim.txt") & {"torch", "open-clip-torch"}
    everything, slim, encoders = (
        {line for line in (ROOT / f"requirements{which}.txt").read_text().splitlines() if line[0] != "#"}
        for which in ("", "-slim", "-openclip")
    )
    assert everything >= slim | encoders


@pytest.mark.parametrize(
    ("places", "requirements"), [(PRODUCT, OPTIONAL), (AROUND_IT, (*OPTIONAL, "requirements-dev.txt"))]
)
def test_every_import_is_in_the_requirements(places: tuple[str, ...], requirements: tuple[str, ...]) -> None:
    distributions = all_distributions()
    asked_for = required(*requirements)
    missing = {
        name
        for name in imported(places)
        if not asked_for & {normalised(distribution) for distribution in distributions.get(name, [])}
    }
    assert not missing, f"add the packages of {sorted(missing)} to {requirements[-1]}"


def test_every_file_beside_the_code_is_named_for_wheels() -> None:
    """Setuptools leaves out what `package-data` has no pattern for."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for package, patterns in named.items():
        root = ROOT / package
        there = {file for file in root.rglob("*") if file.is_file() and not file.suffix.startswith(".py")}
        # As setuptools finds them: with Path.glob, ** is folders alone.
        taken = {root / name for one in patterns for name in glob(one, root_dir=root, recursive=True)}  # noqa: PTH207
        assert there <= taken, f"no pattern for {sorted(there - taken)[:5]}"
