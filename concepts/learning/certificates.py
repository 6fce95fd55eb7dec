"""Lines beyond which pictures are right, with a guarantee: Learn-then-Test (Angelopoulos et al. 2021).

Above one pictures are surely yes, below the other surely no: the same test, of the probability of no, 1 - p.
Pictures above a floor are drawn, all as likely as each other, and answered by somebody who doesn't know what
the head says. From the surest on, each threshold is tested by the exact binomial tail, until one fails: the
tests share one error without being corrected, because they are taken in a fixed order. That holds exactly
where a head is right less often the lower the line is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.target import Side

DELTA = 0.05  # a version's certificates together are wrong at most this often
ERROR = DELTA / 2  # of each: a version has one of either side
SPARE_ERRORS = 1  # that the answers drawn allow for
ROOM = 0.5  # of the errors that are allowed a head may expect above the floor: the rest is left to chance


@dataclass(frozen=True)
class Certified:
    """Of pictures with a probability ≥ threshold at least as many are right as was asked; n answers say so,
    of which `errors` were not right."""

    threshold: float
    n: int
    errors: int


@dataclass(frozen=True)
class NotCertified:
    """What speaks against the strictest threshold that could be tested: n answers above it, of which `errors`
    were not right; `more` right ones would have been needed."""

    n: int
    errors: int
    more: int


@overload
def of_side(probability: float, side: Side) -> float: ...
@overload
def of_side(probability: Floats, side: Side) -> Floats: ...
def of_side(probability: float | Floats, side: Side) -> float | Floats:
    """The probability of that answer from that of a yes, and back."""
    return probability if side == "yes" else 1 - probability


def needed(at_least: float, delta: float, errors: int = 0) -> int:
    """Answers it takes, `errors` of them not right, to say that at least `at_least` (0..1) of all are right
    and be wrong with probability `delta` at most."""
    n = errors + 1
    while _tail(errors, n, at_least) > delta:
        n += 1
    return n


def floor_of(probability: Floats, at_least: float, size: int) -> float:
    """The lowest of these probabilities (n,) above which a head expects that enough are right, with room for
    chance; at least `size` pictures lie above it, where there are that many. Looks at no answer."""
    falling = np.sort(probability)[::-1]
    expected = np.cumsum(falling, dtype=np.float64) / np.arange(1, len(falling) + 1)
    enough = int((expected >= 1 - ROOM * (1 - at_least)).sum())  # they are the first: a mean that only falls
    return float(falling[min(max(enough, size), len(falling)) - 1])


def certify(
    probability: Floats, right: Bools, at_least: float, delta: float, floor: float
) -> Certified | NotCertified:
    """The laxest threshold that can be certified.

    probability and right (n,) of all pictures that were drawn above `floor`, answered without exception.
    What nobody could decide is not right, whichever side is asked about.
    """
    order = np.argsort(-probability, kind="stable")
    p, errors = probability[order], np.cumsum(~right[order])
    found: Certified | None = None
    least = needed(at_least, delta)
    for n in range(least, len(p) + 1):
        if n < len(p) and p[n] == p[n - 1]:  # pictures of equal probability can't be told apart
            continue
        wrong = int(errors[n - 1])
        if _tail(wrong, n, at_least) > delta:
            return found or NotCertified(n, wrong, needed(at_least, delta, wrong) - n)
        if n < len(p):  # half-way to the next, and above it however near the two are
            middle = (float(p[n]) + float(p[n - 1])) / 2
            found = Certified(middle if middle > p[n] else float(p[n - 1]), n, wrong)
        else:
            found = Certified(floor, n, wrong)
    if found:
        return found
    wrong = int(errors[-1]) if len(errors) else 0
    return NotCertified(len(p), wrong, needed(at_least, delta, wrong) - len(p))


def _tail(errors: int, n: int, at_least: float) -> float:
    """The chance of so few errors among n where only just fewer than `at_least` are right."""
    from scipy.special import bdtr

    return float(bdtr(errors, n, 1 - at_least))
