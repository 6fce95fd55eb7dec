"""What a run of the tests leaves out is said at its end, and a busy machine fails none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parents[1]


def test_hypothesis_sets_no_test_a_deadline() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_end_of_a_run_says_what_was_left_out_and_why(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{TESTS.parent}:{TESTS}")
    pytester.makeini("[pytest]\nmarkers = slow")
    pytester.makeconftest((TESTS / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        """
        import pytest
        from not_run import not_run

        @pytest.mark.slow
        def test_that_takes_long(): ...

        @pytest.mark.parametrize("number", [1, 2])
        def test_with_a_server(number): not_run("the server", "It is not installed.")

        def test_that_runs(): ...
        """
    )
    said = pytester.runpytest_subprocess("-m", "not slow", *workers)
    said.assert_outcomes(passed=1, skipped=2, deselected=0 if workers else 1)
    said.stdout.fnmatch_lines(
        [
            "Not run: the slow ones (1 test). make test-all*",
            "Not run: the server (2 tests). It is not installed.",
        ]
    )
