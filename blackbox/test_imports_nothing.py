"""These tests outlive a rebuilding of the product only while they import nothing of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PRODUCT = {"app", "concepts", "storage", "study", "web", "discern"}
OTHER_TESTS = {"tests", "conftest"} | {file.stem for file in (HERE.parent / "tests").glob("*.py")}


@pytest.mark.parametrize("file", sorted(HERE.glob("*.py")), ids=lambda file: file.name)
def test_a_file_imports_neither_the_product_nor_its_tests(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import in line {node.lineno}"
            imported.add((node.module or "").partition(".")[0])
    assert imported & (PRODUCT | OTHER_TESTS) == set()
