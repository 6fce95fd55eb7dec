"""Mutants are drawn and judged as `tools/mutants.csv` says."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from tools.mutants import ROOT, Copy, Mutant, changes, draw, judged, outcome, share, take_over
from tools.mutants import Tests as QuickTests

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

def test_it_fails_anyway():
    assert larger(2, 1) == 3
"""
SHOWS = "test_made_up.py::test_the_larger_is_returned"
FAILS = "test_made_up.py::test_it_fails_anyway"


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


def test_a_sign_before_a_bracket_goes_without_the_bracket() -> None:
    source = b"def ranked(one, other):\n    return order(-(one), key=not (other))\n"
    changed = [source[:at] + new.encode() + source[end:] for _, at, end, new in changes(source)]
    assert [source.replace(sign, b"") in changed for sign in (b"-", b"not ")] == [True, True]


def test_an_area_without_a_file_is_said() -> None:
    with pytest.raises(SystemExit, match="say in AREAS"):
        draw(ROOT, ["storage/one.py"], {"storage": (1, "storage/gone.py")})


def mutant(text: bytes) -> Mutant:
    at = SOURCE.index(text + b" other:") if text == b">" else SOURCE.index(text)
    return Mutant("made up", "made_up.py", 1, at, at + len(text), "<=" if text == b">" else "")


def copied(root: Path) -> Copy:
    (root / "made_up.py").write_bytes(SOURCE)
    (root / "test_made_up.py").write_text(TEST)
    return Copy(root, ["made_up.py", "test_made_up.py"], root / "copy", root / "cache")


@pytest.mark.parametrize(
    ("text", "tests", "expected"),
    [
        (b">", [SHOWS], ("killed", SHOWS)),
        (b"not ", [SHOWS], ("survived", "")),
        (b"not ", [], ("survived", "no test runs this line")),
    ],
)
def test_a_mutant_dies_by_the_test_that_notices_it(
    tmp_path: Path, text: bytes, tests: list[str], expected: tuple[str, str]
) -> None:
    copy = copied(tmp_path)
    assert outcome(copy, mutant(text), tests) == expected
    assert (copy.folder / "made_up.py").read_bytes() == SOURCE


def test_a_test_that_is_not_there_kills_nothing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"Also without made_up\.py:.* pytest ends with 4"):
        outcome(copied(tmp_path), mutant(b">"), ["test_made_up.py::test_gone"])


def test_a_test_that_fails_without_a_mutant_kills_none(tmp_path: Path) -> None:
    one = mutant(b">")
    tests = QuickTests({SHOWS: 1.0, FAILS: 0.1}, {"made_up.py": {1: [SHOWS, FAILS]}})
    assert outcome(copied(tmp_path), one, tests.of(one)) == ("killed", FAILS)
    known = judged([one], tests, [copied(tmp_path)], tmp_path / "journal")
    assert known == {one.key: ["killed", SHOWS]}


def test_no_run_spoils_the_cache_of_another(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    copy.cache.mkdir()
    (copy.cache / "vectors").write_text("right")
    (copy.folder / "test_cache.py").write_text(
        "def test_spoils(pytestconfig):\n"
        "    file = pytestconfig.cache._cachedir / 'vectors'\n"
        "    assert file.read_text() == 'right'\n"
        "    file.write_text('spoilt')\n"
    )
    assert [copy.pytest("-p", "no:xdist", "test_cache.py")[0] for _ in range(2)] == [0, 0]
    assert (copy.cache / "vectors").read_text() == "right"


def test_the_share_that_died_is_of_an_area_or_of_all(tmp_path: Path) -> None:
    file = tmp_path / "mutants.csv"
    file.write_text("area,outcome\na,killed\na,survived\nb,timed out\nb,killed\n")
    assert (share(file), share(file, "a"), share(file, "b")) == (0.75, 0.5, 1.0)


def test_results_with_fewer_dead_take_no_place(tmp_path: Path) -> None:
    results, new = tmp_path / "mutants.csv", tmp_path / "new.csv"
    results.write_text(better := "area,outcome\na,killed\nb,killed\n")
    new.write_text("area,outcome\na,killed\nb,survived\n")
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"new\.csv"):
            take_over(new, results)
        assert results.read_text() == better
    results.unlink()
    take_over(new, results)
    assert results.read_text() == new.read_text()
