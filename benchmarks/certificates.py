"""How often a certified line is not what it says, and how often there is one: simulated with known truth.

    python -m benchmarks.certificates [--runs 5000] [--side no]

A library of 5,000 pictures; the truth is drawn from the head's own probabilities, bent so that it is too sure
of itself, honest, or too modest. Each run draws, answers and certifies once: a line above which pictures are
right or, of what the head doesn't call a yes, one below which they don't count.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from concepts.learning.base import Floats
from concepts.learning.certificates import SPARE_ERRORS, Certified, certify, floor_of, needed, of_side
from concepts.learning.target import Side

PICTURES = 5_000
THRESHOLD = 0.5
BASE_RATES: dict[Side, tuple[float, ...]] = {"yes": (0.05, 0.3), "no": (0.05, 0.3, 0.7)}
BENT = {"too sure": 0.6, "honest": 1.0, "too modest": 1.7}  # what its logits are multiplied by


def library(rng: np.random.Generator, base_rate: float, bent: float) -> tuple[Floats, Floats]:
    """(n,) what a head says of each picture, and the chance that it counts."""
    yes = rng.random(PICTURES) < base_rate
    logits = rng.normal(np.where(yes, 2.5, -3.5), 2.0)
    return 1 / (1 + np.exp(-logits)), 1 / (1 + np.exp(-bent * logits))


def run(
    rng: np.random.Generator,
    base_rate: float,
    bent: float,
    at_least: float,
    delta: float,
    side: Side = "yes",
) -> float | None:
    """What share is right beyond the certified line; None without a line."""
    says, chance = library(rng, base_rate, bent)
    right = (rng.random(PICTURES) < chance) == (side == "yes")
    says, lowest = of_side(says, side), 0.0 if side == "yes" else 1 - THRESHOLD
    size = needed(at_least, delta, SPARE_ERRORS)
    floor = max(floor_of(says, at_least, size), lowest)
    drawn = rng.permutation(np.flatnonzero(says >= floor))[:size]
    found = certify(says[drawn], right[drawn], at_least, delta, floor)
    if not isinstance(found, Certified):
        return None
    return float(right[says >= found.threshold].mean())


def outcomes(
    runs: int, seed: int, delta: float, side: Side
) -> Iterator[tuple[str, float, float, float, float]]:
    """(head, base rate, at least, share of runs with a line, share of runs with a wrong one)."""
    rng = np.random.default_rng(seed)
    for name, bent in BENT.items():
        for base_rate in BASE_RATES[side]:
            for at_least in (0.8, 0.9, 0.95):
                found = [run(rng, base_rate, bent, at_least, delta, side) for _ in range(runs)]
                wrong = sum(share is not None and share < at_least for share in found)
                lines = sum(share is not None for share in found)
                yield name, base_rate, at_least, lines / runs, wrong / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5_000)
    parser.add_argument("--side", choices=BASE_RATES, default="yes")
    asked = parser.parse_args()
    runs = asked.runs
    for delta in (0.05, 0.025):
        print(f"error {delta}: share of {runs:,} runs with a line, and with a line that is wrong")
        for name, base_rate, at_least, lines, wrong in outcomes(runs, 0, delta, asked.side):
            print(f"  {name:10} base rate {base_rate:.2f}  at least {at_least:.2f}  {lines:.3f}  {wrong:.4f}")


if __name__ == "__main__":
    main()
