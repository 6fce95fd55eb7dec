"""What was not tested on this machine, and why: one line each at the end of the run."""

from __future__ import annotations

from collections import Counter
from typing import NoReturn

import pytest

_left_out: Counter[tuple[str, str]] = Counter()


def not_run(what: str, why: str) -> NoReturn:
    """Skips the test; `what` it is about and `why` it can't run here make a line of the summary."""
    left_out(what, why)
    pytest.skip(f"{what}: {why}")


def left_out(what: str, why: str, tests: int = 1) -> None:
    """Makes a line of the summary for tests that something else skips or deselects."""
    _left_out[what, why] += tests


def lines() -> list[str]:
    return [
        f"Not run: {what} ({count} test{'s' if count > 1 else ''}). {why}"
        for (what, why), count in _left_out.items()
    ]
