"""Honest figures: every number with its count and a 95 % interval, or a sentence saying what is missing.

Intervals are percentiles of a cluster bootstrap (Davison & Hinkley 1997): near-duplicate groups, not
pictures, are drawn with replacement, so twenty near-copies count as one piece of evidence. Base rates vary
between draws as they would between evaluation sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.report import Curves, Metric, ReliabilityBin
from concepts.learning.splits import Rows

DRAWS = 1000
CELLS = 4_000_000  # draws × pictures held at once: 32 MB a matrix
FEWEST = 5  # of each class, below which a figure says more about luck than about the head
FEWEST_FOR_CALIBRATION = 30
CALIBRATION = ("brier",)
BINS = 10


@dataclass(frozen=True)
class Figures:
    """What one evaluation set says of one scorer at one threshold."""

    n: int
    positives: int
    metrics: dict[str, Metric]
    confusion: dict[str, int]
    curves: Curves | None

    @property
    def negatives(self) -> int:
        return self.n - self.positives


@dataclass(frozen=True)
class Cut:
    """What calling every picture from `threshold` on a yes would give; None where there are too few."""

    threshold: float
    flagged: int
    right: int
    precision: Metric
    recall: Metric


Compute = Callable[["_Ranked", Floats], Floats]  # weights of rows (draws, n) → values (draws,)


class _Ranked:
    """Pictures sorted by falling probability, with the ends of runs of equal probability."""

    def __init__(self, probability: Floats, truth: Bools, threshold: float) -> None:
        self.order = np.argsort(-probability, kind="stable")
        self.p = probability[self.order]
        self.truth = truth[self.order]
        self.ends = np.flatnonzero(np.append(np.diff(self.p) != 0, True))
        self.predicted = self.p >= threshold

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weighted true and false positives (draws, runs) when everything down to a run is called yes."""
        return (
            np.cumsum(weights * self.truth, axis=1)[:, self.ends],
            np.cumsum(weights * ~self.truth, axis=1)[:, self.ends],
        )


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0))


def _average_precision(ranked: _Ranked, weights: Floats) -> Floats:
    hits, misses = ranked.counts(weights)
    gained = np.diff(hits, axis=1, prepend=0)
    # A run that no drawn picture fell into has precision 0/0, and gains nothing.
    precision = np.nan_to_num(_ratio(hits, hits + misses))
    return _ratio((gained * precision).sum(1), hits[:, -1])


def _roc_auc(ranked: _Ranked, weights: Floats) -> Floats:
    hits, misses = ranked.counts(weights)
    gained = np.diff(misses, axis=1, prepend=0)
    area = (gained * (hits - np.diff(hits, axis=1, prepend=0) / 2)).sum(1)
    return _ratio(area, hits[:, -1] * misses[:, -1])


def _precision(ranked: _Ranked, weights: Floats) -> Floats:
    return _ratio(weights @ (ranked.predicted & ranked.truth), weights @ ranked.predicted)


def _recall(ranked: _Ranked, weights: Floats) -> Floats:
    return _ratio(weights @ (ranked.predicted & ranked.truth), weights @ ranked.truth)


def _f1(ranked: _Ranked, weights: Floats) -> Floats:
    hits = weights @ (ranked.predicted & ranked.truth)
    return _ratio(2 * hits, weights @ ranked.predicted + weights @ ranked.truth)


def _recall_at_precision(floor: float) -> Compute:
    def compute(ranked: _Ranked, weights: Floats) -> Floats:
        hits, misses = ranked.counts(weights)
        reached = np.where(np.nan_to_num(_ratio(hits, hits + misses)) >= floor, hits, 0.0)
        return _ratio(reached.max(1), hits[:, -1])

    return compute


def _brier(ranked: _Ranked, weights: Floats) -> Floats:
    return _ratio(weights @ (ranked.p - ranked.truth) ** 2, weights.sum(1))


def _base_rate(ranked: _Ranked, weights: Floats) -> Floats:
    return _ratio(weights @ ranked.truth, weights.sum(1))


METRICS: dict[str, Compute] = {
    "average_precision": _average_precision,
    "roc_auc": _roc_auc,
    "f1": _f1,
    "precision": _precision,
    "recall": _recall,
    "recall_at_precision_0.8": _recall_at_precision(0.8),
    "recall_at_precision_0.9": _recall_at_precision(0.9),
    "brier": _brier,
    "base_rate": _base_rate,
}
PROPORTIONS = ("precision", "recall", "base_rate")


def evaluate(
    probability: Floats,
    truth: Bools,
    threshold: float,
    group: Rows,
    seed: int,
    weights: Floats | None = None,
) -> Figures:
    """Everything known about a head on one evaluation set of n pictures, all arrays (n,).

    Scores that are not all in 0..1 (text similarity, a rating) are a ranking: they get the figures that
    only need an order, and no curves.
    `weights` are inverse sampling probabilities where the set was drawn in strata; the interval still
    redraws groups as if from one stratum, which is wider than the truth, never narrower.
    """
    n, positives = len(truth), int(truth.sum())
    weights = np.ones(n) if weights is None else weights
    values = _values(probability, truth, threshold, group, weights, seed, list(METRICS)) if n else {}
    metrics = {}
    for name in METRICS:
        missing, count = _missing(name, truth, probability >= threshold)
        if name in CALIBRATION and not _in_unit_interval(probability):
            missing = "These scores are not probabilities."
        if missing:
            metrics[name] = _unknown(name, count, missing)
        else:
            metrics[name] = _metric(name, *values[name], count)
    predicted = probability >= threshold
    confusion = {
        "true_positive": int((predicted & truth).sum()),
        "false_positive": int((predicted & ~truth).sum()),
        "false_negative": int((~predicted & truth).sum()),
        "true_negative": int((~predicted & ~truth).sum()),
    }
    plottable = 0 < positives < n and _in_unit_interval(probability)
    drawn = curves(probability, truth, weights) if plottable else None
    return Figures(n, positives, metrics, confusion, drawn)


def cuts(probability: Floats, truth: Bools, group: Rows, seed: int) -> list[Cut]:
    """Precision and recall at every threshold the pictures can tell apart, highest first: what `evaluate`
    says at that threshold, for all of them from one set of redraws. probability, truth, group (n,), n ≥ 1.
    """
    ranked = _Ranked(np.asarray(probability, dtype=np.float64), truth, 0.5)
    shares: tuple[list[Floats], list[Floats]] = ([], [])
    for drawn in _draws(group, seed):
        hits, misses = ranked.counts(drawn[:, ranked.order])
        shares[0].append(_ratio(hits, hits + misses))
        shares[1].append(_ratio(hits, np.broadcast_to(hits[:, -1:], hits.shape)))
    precision, recall = (np.concatenate(blocks) for blocks in shares)
    found, alarms = ranked.counts(np.ones((1, len(truth))))
    table = []
    for run, end in enumerate(ranked.ends):
        right, flagged = int(found[0, run]), int(found[0, run] + alarms[0, run])
        threshold = float(ranked.p[end])
        at = [
            _unknown(name, n, missing) if missing else _metric(name, right / n, draws[:, run], n)
            for name, draws in (("precision", precision), ("recall", recall))
            for missing, n in [_missing(name, truth, probability >= threshold)]
        ]
        table.append(Cut(threshold, flagged, right, at[0], at[1]))
    return table


def compare(
    probability: Floats,
    other: Floats,
    truth: Bools,
    group: Rows,
    seed: int,
    metric: str = "average_precision",
    thresholds: tuple[float, float] = (0.5, 0.5),
) -> Metric:
    """How much better the first head is, with the interval of the paired difference."""
    missing, count = _missing(metric, truth, probability >= thresholds[0])
    if missing:
        return _unknown(metric, count, missing)
    ones = np.ones(len(truth))
    mine, my_draws = _values(probability, truth, thresholds[0], group, ones, seed, [metric])[metric]
    theirs, their_draws = _values(other, truth, thresholds[1], group, ones, seed, [metric])[metric]
    if np.isnan(mine - theirs):
        return _unknown(metric, count, "One of the two calls nothing a yes, so there is nothing to compare.")
    low, high = np.nanpercentile(my_draws - their_draws, [2.5, 97.5])
    return Metric(name=metric, value=mine - theirs, low=float(low), high=float(high), n=count)


def curves(probability: Floats, truth: Bools, weights: Floats | None = None) -> Curves:
    """Points for the precision-recall curve, the reliability plot and the histogram of scores."""
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(truth, probability, sample_weight=weights)
    share, mean = calibration_curve(truth, probability, n_bins=BINS, strategy="quantile")
    inner = np.quantile(probability, np.linspace(0, 1, BINS + 1))[1:-1]
    held = np.bincount(np.searchsorted(inner, probability), minlength=BINS)
    edges = np.linspace(0, 1, 21)
    return Curves(
        precision=tuple(precision[::-1].tolist()),
        recall=tuple(recall[::-1].tolist()),
        reliability=tuple(
            _reliability_bin(float(p), float(s), int(c))
            for p, s, c in zip(mean, share, held[held > 0], strict=True)
        ),
        histogram_edges=tuple(edges.tolist()),
        histogram_yes=tuple(np.histogram(probability[truth], edges)[0].tolist()),
        histogram_no=tuple(np.histogram(probability[~truth], edges)[0].tolist()),
    )


def _reliability_bin(predicted: float, observed: float, n: int) -> ReliabilityBin:
    low, high = wilson(observed, n)
    return ReliabilityBin(predicted=predicted, observed=observed, low=low, high=high, n=n)


def _in_unit_interval(scores: Floats) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())


def _draws(group: Rows, seed: int) -> Iterator[Floats]:
    """Blocks (draws, n) of how often each picture was drawn, whole groups at a time."""
    _, member = np.unique(group, return_inverse=True)
    groups = int(member.max()) + 1
    rng = np.random.default_rng(seed)
    block = max(1, CELLS // max(len(group), 1))
    for start in range(0, DRAWS, block):
        drawn = rng.multinomial(groups, np.full(groups, 1 / groups), size=min(block, DRAWS - start))
        yield drawn[:, member].astype(np.float64)


def _values(
    probability: Floats,
    truth: Bools,
    threshold: float,
    group: Rows,
    weights: Floats,
    seed: int,
    names: list[str],
) -> dict[str, tuple[float, Floats]]:
    """The value of each metric, and its values (DRAWS,) on redrawn pictures."""
    ranked = _Ranked(np.asarray(probability, dtype=np.float64), truth, threshold)
    sorted_weights = weights[ranked.order]
    blocks: dict[str, list[Floats]] = {name: [] for name in names}
    for drawn in _draws(group, seed):
        reweighted = drawn[:, ranked.order] * sorted_weights
        for name in names:
            blocks[name].append(METRICS[name](ranked, reweighted))
    return {
        name: (float(METRICS[name](ranked, sorted_weights[None])[0]), np.concatenate(blocks[name]))
        for name in names
    }


def _metric(name: str, value: float, draws: Floats, count: int) -> Metric:
    low, high = (float(bound) for bound in np.nanpercentile(draws, [2.5, 97.5]))
    if name in PROPORTIONS:
        # Ten right of ten: every redraw says 1.0 to 1.0. Wilson's interval knows that ten are few.
        wilson_low, wilson_high = wilson(value, count)
        low, high = min(low, wilson_low), max(high, wilson_high)
    note = (
        "" if low < high else "Every redraw gave the same value: the interval is too narrow to be believed."
    )
    return Metric(name=name, value=value, low=min(low, value), high=max(high, value), n=count, note=note)


def _unknown(name: str, count: int, missing: str) -> Metric:
    return Metric(name=name, value=None, n=count, note=missing)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a proportion of n independent pictures (Wilson 1927)."""
    z2 = 1.96**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = 1.96 * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return float(max(centre - half, 0)), float(min(centre + half, 1))


def _missing(name: str, truth: Bools, predicted: Bools) -> tuple[str, int]:
    """(what is missing in words, or "", the count the metric rests on)."""
    n, yes, called = len(truth), int(truth.sum()), int(predicted.sum())
    if name in CALIBRATION:
        return _short(FEWEST_FOR_CALIBRATION - n, "checked pictures", n), n
    if name == "base_rate":
        return _short(FEWEST - n, "checked pictures", n), n
    if name == "precision":
        return _short(FEWEST - called, "checked pictures that the head calls yes", called), called
    count = yes if name == "recall" else n
    if yes < FEWEST:
        return _short(FEWEST - yes, "checked pictures that count", yes), count
    if name not in ("recall", "f1") and n - yes < FEWEST:
        return _short(FEWEST - n + yes, "checked pictures that don't count", n - yes), count
    return "", count


def _short(more: int, what: str, have: int) -> str:
    return "" if more <= 0 else f"Too few to say: {more} more {what} needed (there are {have})."
