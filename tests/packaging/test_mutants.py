"""Mutants are drawn and judged as `tools/mutants.csv` says."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from tools.mutants import ROOT, Copy, Mutant, changes, draw, outcome

SOURCE = b'''
def larger(one: int, other: int) -> int:
    """The larger of two."""
    if one > other:
        return one
    return other


def unused(flag: bool) -> bool:
    return not flag
'''
TEST = """
from made_up import larger

def test_the_larger_is_returned():
    assert larger(2, 1) == 2
    assert larger(1, 2) == 2
"""


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.splitlines()


@pytest.fixture(scope="module")
def drawn() -> list[Mutant]:
    return draw(ROOT, tracked())


def test_the_same_200_are_drawn_again_and_no_two_of_one_line(drawn: list[Mutant]) -> None:
    assert draw(ROOT, tracked()) == drawn
    assert len({(one.path, one.line) for one in drawn}) == 200


def test_each_changes_one_place_and_is_still_python(drawn: list[Mutant]) -> None:
    for one in drawn:
        source = (ROOT / one.path).read_bytes()
        changed = one.applied(source)
        ast.parse(changed)
        assert changed != source
        assert changed.startswith(source[: one.start])
        assert changed.endswith(source[one.end :])


def test_neither_what_people_read_nor_types_are_changed() -> None:
    source = b'''
def told(n: int = 3) -> str:
    """All 4 of them."""
    assert n > 0
    return f"{n + 1} of 2"
'''
    assert list(changes(source)) == []


def test_an_area_without_a_file_is_said() -> None:
    with pytest.raises(SystemExit, match="say in AREAS"):
        draw(ROOT, ["storage/one.py"], {"storage": (1, "storage/gone.py")})


@pytest.mark.parametrize(
    ("text", "tests", "expected"),
    [
        (b">", ["test_made_up.py"], ("killed", "test_made_up.py::test_the_larger_is_returned")),
        (b"not ", ["test_made_up.py"], ("survived", "")),
        (b"not ", [], ("survived", "no test runs this line")),
    ],
)
def test_a_mutant_dies_by_the_test_that_notices_it(
    tmp_path: Path, text: bytes, tests: list[str], expected: tuple[str, str]
) -> None:
    (tmp_path / "made_up.py").write_bytes(SOURCE)
    (tmp_path / "test_made_up.py").write_text(TEST)
    at = SOURCE.index(b" > ") + 1 if text == b">" else SOURCE.index(text)
    start, end, new = (at, at + 1, "<=") if text == b">" else (at, at + len(text), "")
    mutant = Mutant("made up", "made_up.py", 1, start, end, new)
    copy = Copy(tmp_path, ["made_up.py", "test_made_up.py"], tmp_path / "copy" / "tree")
    assert outcome(copy, mutant, tests) == expected
    assert (copy.folder / "made_up.py").read_bytes() == SOURCE
