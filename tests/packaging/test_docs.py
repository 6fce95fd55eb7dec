"""What is written about the product is true of the code that lies beside it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs.build import CALLS, FILE, SCHEMA, bundle_schema, cli_reference, commands
from docs.rest_calls import rest_calls

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_command_line_reference_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == cli_reference(), "run `make docs`"


def test_rests_calls_and_the_schema_of_bundles_are_up_to_date() -> None:
    assert CALLS.read_text(encoding="utf-8") == rest_calls(), "run `make docs`"
    assert SCHEMA.read_text(encoding="utf-8") == bundle_schema(), "run `make docs`"


@pages
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pages
def test_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    written = re.findall(r"(?<![\w./])(?<!from )discern ((?:[a-z][a-z-]* ?)+)", text)
    known = commands()
    for words in written:
        assert any(f"{words.strip()} ".startswith(f"{name} ") for name in known), words
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for target in re.findall(r"(?:^|`)make ([a-z]+)", text, flags=re.MULTILINE):
        assert target in targets
    for module in re.findall(r"python -m (benchmarks\.\w+|docs\.\w+)", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists()


@pages
def test_files_and_functions_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    folders = (
        r"(?:app\.py|setup\.py|(?:concepts|discern|storage|web|benchmarks|docs|tests|tools)/[\w/]*(?:\.\w+)?)"
    )
    for path, name in re.findall(rf"`({folders})(?::([\w.]+))?`", text):
        file = ROOT / path
        assert file.exists(), path
        if name:
            assert name in defined(file), f"{path} defines no {name}"


def defined(file: Path) -> set[str]:
    """Functions, classes, methods and constants, as `function`, `Class` and `Class.method`."""
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{child.name}" for child in node.body if isinstance(child, ast.FunctionDef)
            }
    return names
