"""What was not tested on this machine, and why: one line each at the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

import pytest

_left_out: Counter[tuple[str, str]] = Counter()
_deselected: Counter[tuple[str, str]] = Counter()  # of these every worker tells the same


def not_run(what: str, why: str) -> NoReturn:
    """Skips the test; `what` it is about and `why` it can't run here make a line of the summary."""
    _left_out[what, why] += 1
    pytest.skip(f"{what}: {why}")


def deselected(what: str, why: str, tests: int) -> None:
    """Makes a line of the summary for tests that were not chosen."""
    _deselected[what, why] = tests


def told() -> list[tuple[bool, str, str, int]]:
    """What a worker of a parallel run tells the one that writes the summary."""
    skipped = [(False, *key, count) for key, count in _left_out.items()]
    return skipped + [(True, *key, count) for key, count in _deselected.items()]


def hear(rows: Iterable[tuple[bool, str, str, int]]) -> None:
    """What another worker told."""
    for same, what, why, count in rows:
        if same:
            _deselected[what, why] = count
        else:
            _left_out[what, why] += count


def lines() -> list[str]:
    return [
        f"Not run: {what} ({count} test{'s' if count > 1 else ''}). {why}"
        for (what, why), count in (_deselected + _left_out).items()
    ]
