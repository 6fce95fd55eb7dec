"""Whether figures of a new version may lean on what earlier concepts of the library were measured at.

    python -m study.borrowed_strength [--concepts 300]

Simulated concepts: a head's logits of a library's pictures, and their truth. Of each, test pictures are drawn
in the app's strata. What counts in a part of the library (stratum × flagged or not) gets a Beta prior by
what earlier concepts had there (hierarchical Bayes, after multi-task prediction-powered inference), and
precision and recall the middle 95 of 100 draws of its posterior. Beside it the app's own intervals, which
know nothing of other concepts. A share of the concepts has a second look that the head doesn't know.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats, sigmoid
from concepts.learning.stratified import CountedFigure, StratifiedCounts, Stratum
from concepts.learning.waves import draw, strata

PICTURES, ANSWERS, EARLIER, ERROR = 5000, 60, 10, 0.05
UNKNOWN, OF_IT = 0.2, 0.5  # share of concepts with a look that the head takes for a no, and how much it is
RATES = (0.01, 0.2)
DRAWS = 1000
PARTS = 6  # three strata, flagged or not
FIGURES: tuple[CountedFigure, ...] = ("precision", "recall")
WORST = 0.2  # share of the concepts, the hardest, that are looked at apart


@dataclass(frozen=True)
class Measured:
    """A concept as the app measures it: the strata, counts (6,) of each part (pictures, drawn, of those yes),
    and the truth of both figures (2,)."""

    strata: list[Stratum]
    pictures: Floats
    drawn: Floats
    yes: Floats
    truth: tuple[float, float]


def measured(seed: int) -> Measured:
    rng = np.random.default_rng(seed)
    truth = rng.random(PICTURES) < np.exp(rng.uniform(*np.log(RATES)))
    unknown = bool(rng.random() < UNKNOWN)
    seen = truth & ~(unknown & (rng.random(PICTURES) < OF_IT))
    logits = rng.normal(rng.normal(6, 1) * seen - 4, rng.uniform(0.8, 1.6))
    flagged = logits >= 0
    stratum = strata(logits, 0.0, ANSWERS).of(logits)
    rows = draw(stratum, ANSWERS, rng)
    part = 2 * stratum + flagged
    p = sigmoid(logits)
    found = [
        Stratum(p[own], truth[own], np.sort(p[stratum == one]), rows=own)
        for one in np.unique(stratum)
        for own in [rows[stratum[rows] == one]]
    ]
    pictures, drawn, yes = (
        np.bincount(of, minlength=PARTS).astype(float) for of in (part, part[rows], part[rows[truth[rows]]])
    )
    figures = (float(truth[flagged].mean()) if flagged.any() else np.nan, float(flagged[truth].mean()))
    return Measured(found, pictures, drawn, yes, figures)


def prior(earlier: list[Measured], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Beta parameters (draws, 6) each, drawn by how likely they make what earlier concepts had in each part.
    Before that the mean is as Jeffreys has it, and any strength from 1 to 1,000 as likely as any other."""
    from scipy.special import betaln

    means, strengths = sigmoid(np.linspace(-9, 9, 61)), np.logspace(0, 3, 13)
    mean, strength = (grid.ravel() for grid in np.meshgrid(means, strengths))
    a, b = mean * strength, (1 - mean) * strength
    before = 0.5 * np.log(mean * (1 - mean))  # its density of logits
    chosen = np.empty((DRAWS, PARTS), np.int64)
    for part in range(PARTS):
        n, yes = (np.array([getattr(one, name)[part] for one in earlier]) for name in ("drawn", "yes"))
        likely = (betaln(yes[:, None] + a, (n - yes)[:, None] + b) - betaln(a, b)).sum(axis=0) + before
        chance = np.exp(likely - likely.max())
        chosen[:, part] = rng.choice(len(a), DRAWS, p=chance / chance.sum())
    return a[chosen], b[chosen]


def borrowed(one: Measured, earlier: list[Measured], rng: np.random.Generator) -> list[tuple[float, float]]:
    """(low, high) of precision and of recall."""
    a, b = prior([*earlier, one], rng)
    rate = rng.beta(a + one.yes, b + one.drawn - one.yes)
    count = one.yes + rng.binomial((one.pictures - one.drawn).astype(np.int64), rate)
    flagged: Bools = np.arange(PARTS) % 2 == 1
    right = count[:, flagged].sum(axis=1)
    ends = [100 * ERROR / 2, 100 - 100 * ERROR / 2]
    shares = (right / max(one.pictures[flagged].sum(), 1), right / np.maximum(count.sum(axis=1), 1))
    return [tuple(np.percentile(share, ends)) for share in shares]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--concepts", type=int, default=300)
    asked = parser.parse_args()
    every = [measured(seed) for seed in range(asked.concepts)]
    held: dict[tuple[str, str], list[tuple[bool, float, float]]] = {}
    for seed, one in enumerate(every):
        rng = np.random.default_rng([seed, 1])
        others = [every[i] for i in rng.permutation(len(every))[: EARLIER + 1] if i != seed][:EARLIER]
        counts = StratifiedCounts([one.strata], 0.5, ERROR)
        for name, (low, high), truth in zip(FIGURES, borrowed(one, others, rng), one.truth, strict=True):
            own = counts.figure(name)
            if own is None or np.isnan(truth):
                continue
            for way, ends in (("app", (own.low, own.high)), ("borrowed", (low, high))):
                row = (ends[0] - 1e-9 <= truth <= ends[1] + 1e-9, ends[1] - ends[0], truth)
                held.setdefault((name, way), []).append(row)
    for (figure, way), rows in held.items():
        right, width, truths = map(np.array, zip(*rows, strict=True))
        worst = truths <= np.quantile(truths, WORST)
        print(
            f"{figure:<10}{way:<9} holds {right.mean():.3f}, where it is lowest {right[worst].mean():.3f}; "
            f"median width {np.median(width):.3f}"
        )


if __name__ == "__main__":
    main()
