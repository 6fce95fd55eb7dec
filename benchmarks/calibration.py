"""How often intervals of calibration hold the truth, over redrawn evaluation sets of a made-up library.

    python -m benchmarks.calibration --sets 300

Of the mean probability minus the share that counts: by betting (what the product shows), from the exact
interval of the share, normal and bootstrap. Of the error over ten bins: as it was, and its square debiased
(Kumar, Liang & Ma 2019), both bootstrap. Each cell is how often the 95 % interval held the truth, and how
wide it was on average.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import binomtest

from concepts.learning.base import Bools, Floats
from concepts.learning.intervals import mean_interval

LIBRARY = 200_000
DRAWS = 300
BINS = 10
APART = 2.5  # of the scores of what counts and what doesn't, in standard deviations
KINDS = ("calibrated", "too high", "for half", "too sure", "too unsure", "useless", "sure and wrong")

Interval = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=300)
    sets = parser.parse_args().sets
    print(f"{'n':>4} {'share':>5} {'probabilities':<15}", *(f"{name:>12}" for name in TRIED))
    worst = dict.fromkeys(TRIED, 1.0)
    for n in (60, 200):
        for share in (0.05, 0.2, 0.5):
            for kind in KINDS:
                found = covered(n, share, kind, sets)
                worst = {name: min(worst[name], found[name][0]) for name in TRIED}
                cells = (f"{held:7.2f} {width:.2f}" for held, width in found.values())
                print(f"{n:>4} {share:>5} {kind:<15}", *(f"{cell:>12}" for cell in cells), flush=True)
    print(f"{'worst':<26}", *(f"{held:12.2f}" for held in worst.values()))


def library(share: float, kind: str, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Probabilities of a head and the truth, of pictures of which a share counts."""
    truth = rng.random(LIBRARY) < share
    ratio = APART * rng.normal(np.where(truth, APART, 0)) - APART**2 / 2
    logit = ratio + np.log(share / (1 - share))
    probability = {
        "calibrated": logit,
        "too high": logit + 1.5,
        "for half": ratio,  # as if half of the pictures counted: what questions chosen by the head teach
        "too sure": 2.5 * logit,
        "too unsure": 0.4 * logit,
    }
    if kind in probability:
        return 1 / (1 + np.exp(-probability[kind])), truth
    if kind == "useless":
        return rng.random(LIBRARY), truth
    return np.where(rng.random(LIBRARY) < 0.3, 0.99, 0.01), truth


def covered(n: int, share: float, kind: str, sets: int) -> dict[str, tuple[float, float]]:
    """By interval: how often it held the truth, and its mean width."""
    rng = np.random.default_rng(0)
    probability, truth = library(share, kind, rng)
    gap = float((probability - truth).mean())
    ones = np.ones((1, LIBRARY))
    binned = {
        name: float(_binned(probability, truth, ones, debiased)[0]) for name, debiased in BINNED.items()
    }
    held, width = dict.fromkeys(TRIED, 0), dict.fromkeys(TRIED, 0.0)
    for seed in range(sets):
        rows = rng.integers(0, LIBRARY, n)
        for name, (low, high) in intervals(probability[rows], truth[rows], seed).items():
            held[name] += low <= binned.get(name, gap) <= high
            width[name] += high - low
    return {name: (held[name] / sets, width[name] / sets) for name in TRIED}


def intervals(probability: Floats, truth: Bools, seed: int) -> dict[str, Interval]:
    n, gap = len(truth), probability - truth
    share = binomtest(int(truth.sum()), n).proportion_ci(0.95, "exact")
    half = 1.96 * float(gap.std(ddof=1)) / n**0.5
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS).astype(float)
    return {
        "betting": mean_interval(gap, -1, 1, seed),
        "exact share": (float(probability.mean() - share.high), float(probability.mean() - share.low)),
        "normal": (float(gap.mean()) - half, float(gap.mean()) + half),
        "bootstrap": _percentiles(drawn @ gap / n),
        **{
            name: _percentiles(_binned(probability, truth, drawn, debiased))
            for name, debiased in BINNED.items()
        },
    }


def _binned(probability: Floats, truth: Bools, weights: Floats, debiased: bool) -> Floats:
    """(draws,) errors over bins of equal count, of pictures that come weights (draws, n) times."""
    order = np.argsort(probability)
    starts = np.linspace(0, len(order), BINS + 1).astype(int)[:-1]
    weights = weights[:, order]

    def mean(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(weights * values[order], starts, axis=1) / np.maximum(count, 1))

    count = np.add.reduceat(weights, starts, axis=1)
    observed = mean(truth.astype(float))
    gap = mean(probability) - observed
    error = gap**2 - observed * (1 - observed) / np.maximum(count - 1, 1) if debiased else np.abs(gap)
    return np.asarray((count * error).sum(axis=1) / weights.sum(axis=1))


def _percentiles(draws: Floats) -> Interval:
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


BINNED = {"bins": False, "debiased": True}
TRIED = ("betting", "exact share", "normal", "bootstrap", *BINNED)

if __name__ == "__main__":
    main()
