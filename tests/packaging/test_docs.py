"""What is written about the product is true of the code that lies beside it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from docs.build import SCHEMA, build, commands

ROOT = Path(__file__).parents[2]
# But for the changelog, which is of commands and files that were. `make lint` looks after links and words.
WRITTEN = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/how-to/*.md", "docs/study/README.md")
PAGES = [page for pattern in WRITTEN for page in sorted(ROOT.glob(pattern))]
MADE = {"docs/cli.md", "docs/rest-calls.md"}  # by `make docs`, and not committed
known_commands = cache(commands)
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_references_are_made_from_the_code_and_the_committed_schema_is_the_newest(tmp_path: Path) -> None:
    build(tmp_path)
    cli, rest = (tmp_path / name for name in ("cli.md", "rest-calls.md"))
    headings = re.findall(r"^## (.+)$", cli.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings == list(commands())
    assert "### `POST /concepts`" in rest.read_text(encoding="utf-8")
    schema = (tmp_path / SCHEMA).read_text(encoding="utf-8")
    assert (ROOT / "docs" / SCHEMA).read_text(encoding="utf-8") == schema, "run `make docs`"


@pages
def test_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    written = re.findall(r"(?<![\w./])(?<!from )discern ((?:[a-z][a-z-]* ?)+)", text)
    known = known_commands()
    for words in written:
        assert any(f"{words.strip()} ".startswith(f"{name} ") for name in known), words
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE):
        assert target in targets
    for module in re.findall(r"python -m (benchmarks\.\w+|docs\.\w+)", text):
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists()


@pages
def test_options_that_are_named_are_those_of_their_command(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"(?<![\w./])discern ([a-z][^`\n|]*)", text):
        words = [word for word in line.split() if not word.startswith("-")]
        names = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        found = next((command for name in names if (command := known_commands().get(name))), None)
        takes = (
            {option for one in found.params for option in one.opts + one.secondary_opts} if found else set()
        )
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line.partition("#")[0])) <= takes | {"--help"}, line


@pages
def test_files_and_functions_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    folders = "benchmarks|concepts|discern|docs|storage|study|tests|tools|web"
    files = rf"(?:app\.py|setup\.py|(?:{folders})/[\w/]*(?:\.\w+)?)"
    for path, name in re.findall(rf"`({files})(?::([\w.]+))?`", text):
        file = ROOT / path
        assert file.exists() or path in MADE, path
        if name:
            assert name in defined(file), f"{path} defines no {name}"


@cache
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
