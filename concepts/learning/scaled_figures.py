"""Honest figures of grades and of classes: every one with its count and a 95 % interval, or what is missing.

Intervals are those of redrawn groups of look-alikes (see `concepts.learning.evaluation`), widened by what so
few pictures can say at best: Wilson's for shares, Fisher's z for correlations. Quadratic weighted kappa is an
intraclass correlation (Fleiss & Cohen, 1973), so the latter is its too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Floats, Rows
from concepts.learning.evaluation import ERROR, PERCENTILES, redraws
from concepts.learning.intervals import effective, wilson
from concepts.learning.report import ClassFigures, GradeFigures, Metric, OneClass

FEWEST = 15  # answers that measure, below which agreement says more about luck
RHO_SPREAD = 1.06  # of Fisher's z of a rank correlation (Fieller, Hartley & Pearson, 1957)

Compute = Callable[[Floats], Floats]  # weights of rows (draws, n) → values (draws,)


def rounded(expected: Floats, grades: int) -> Rows:
    """(n,) the nearest grade, 1 to `grades`."""
    return np.clip(np.floor(expected + 0.5), 1, grades).astype(np.int64)


def quadratic_kappa(weights: Floats, said: Rows, other: Rows, options: int) -> Floats:
    """(draws,) Cohen's kappa with squared distances as weights (Cohen, 1968) of said and other (n,), from 0;
    nan where all is one grade."""
    distance = np.subtract.outer(np.arange(options), np.arange(options)) ** 2 / (options - 1) ** 2
    return _kappa(weights, said, other, distance)


def cohen_kappa(weights: Floats, said: Rows, other: Rows, options: int) -> Floats:
    """(draws,) Cohen's kappa: every difference counts alike."""
    return _kappa(weights, said, other, 1 - np.eye(options))


def _kappa(weights: Floats, said: Rows, other: Rows, distance: Floats) -> Floats:
    options = len(distance)
    rows, columns = np.eye(options)[said], np.eye(options)[other]
    observed = weights @ distance[said, other]
    expected = np.einsum("di,ij,dj->d", weights @ rows, distance, weights @ columns)
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed * total / expected, np.nan))


def rank_correlation(weights: Floats, one: Floats, other: Floats) -> Floats:
    """(draws,) Spearman's, of weighted rows: the middle rank for ties; nan where one of them is constant."""
    a, b = _ranks(weights, one), _ranks(weights, other)
    total = weights.sum(axis=1, keepdims=True)
    a = a - (weights * a).sum(axis=1, keepdims=True) / total
    b = b - (weights * b).sum(axis=1, keepdims=True) / total
    spread = (weights * a * a).sum(axis=1) * (weights * b * b).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(spread > 0, (weights * a * b).sum(axis=1) / np.sqrt(spread), np.nan))


def _ranks(weights: Floats, values: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=-np.inf) != 0)
    of_run = np.add.reduceat(weights[:, order], starts, axis=1)
    middle = np.cumsum(of_run, axis=1) - of_run / 2
    ranks = np.empty_like(weights)
    ranks[:, order] = np.repeat(middle, np.diff(np.append(starts, len(values))), axis=1)
    return ranks


def grade_figures(
    expected: Floats, said: Rows, grades: int, group: Rows, weights: Floats, seed: int, unsaid: int = 0
) -> GradeFigures:
    """What is known of expected grades (n,), 1 to `grades`, on pictures of which people said a grade (n,).
    weights (n,): how many pictures each stands for. `unsaid`: answers that measure and name no grade."""
    guess, n = rounded(expected, grades), len(said)
    off = np.abs(guess - said)
    few = _too_few(n, len(np.unique(said)), "grade")
    find = _Finder(group, weights, seed, few)
    exact = find.share("exact", off == 0)
    near = find.share("within_one", off <= 1)
    kappa = find.correlation("kappa", lambda w: quadratic_kappa(w, said - 1, guess - 1, grades))
    rho = find.correlation(
        "spearman", lambda w: rank_correlation(w, expected, said.astype(float)), RHO_SPREAD
    )
    table = _table(said - 1, guess - 1, grades)
    sentences = _of_grades(n, exact, near, kappa, rho, few)
    return GradeFigures(
        n=n,
        unsaid=unsaid,
        exact=exact,
        within_one=near,
        kappa=kappa,
        spearman=rho,
        table=table,
        sentences=sentences,
    )


def class_figures(
    guess: Rows, said: Rows, names: Sequence[str], group: Rows, weights: Floats, seed: int, unsaid: int = 0
) -> ClassFigures:
    """What is known of the likeliest options (n,) on pictures of which people said one (n,), both places in
    `names`, of which the first is none of them."""
    n, options = len(said), len(names)
    few = _too_few(n, len(np.unique(said)), "class")
    find = _Finder(group, weights, seed, few)
    accuracy = find.share("accuracy", guess == said)
    kappa = find.correlation("kappa", lambda w: cohen_kappa(w, said, guess, options))
    classes = tuple(
        OneClass(
            name=names[k],
            said=int((said == k).sum()),
            guessed=int((guess == k).sum()),
            precision=_share_among(find, "precision", guess == said, guess == k, "that it calls this"),
            recall=_share_among(find, "recall", guess == said, said == k, "that are this"),
        )
        for k in range(options)
    )
    sentences = (
        f"{n} test pictures. {few}"
        if few
        else f"Of 100 test pictures, {_of_hundred(accuracy)} get the class you gave them.",
    )
    return ClassFigures(
        n=n,
        unsaid=unsaid,
        accuracy=accuracy,
        kappa=kappa,
        classes=classes,
        table=_table(said, guess, options),
        sentences=sentences,
    )


@dataclass(eq=False)
class _Finder:
    """Figures of one set: group (n,) of look-alikes, weights (n,)."""

    group: Rows
    weights: Floats
    seed: int
    few: str

    def share(self, name: str, right: np.ndarray) -> Metric:
        """Of pictures, right (n,)."""
        if self.few:
            return Metric.unknown(name, len(right), self.few)
        value, low, high = self._redrawn(lambda w: w @ right / np.maximum(w.sum(axis=1), 1e-300))
        own = wilson(value, self._independent(), ERROR)
        return Metric.within(name, value, min(low, own[0]), max(high, own[1]), len(right))

    def correlation(self, name: str, compute: Compute, spread: float = 1.0) -> Metric:
        n = len(self.weights)
        if self.few:
            return Metric.unknown(name, n, self.few)
        value, low, high = self._redrawn(compute)
        if np.isnan(value):
            return Metric.unknown(name, n, "It says the same of every picture.")
        own = _fisher(value, self._independent(), spread)
        return Metric.within(name, value, min(low, own[0]), max(high, own[1]), n)

    def _independent(self) -> float:
        """How many pictures of equal weight, none like another, would say as much."""
        member = np.unique(self.group, return_inverse=True)[1]
        whole = np.zeros(len(member))
        np.add.at(whole, member, self.weights)
        return effective(whole)

    def _redrawn(self, compute: Compute) -> tuple[float, float, float]:
        drawn = [compute(w * self.weights) for w in redraws(self.group, self.seed)]
        value = float(compute(self.weights[None])[0])
        every = np.concatenate(drawn)
        if np.isnan(every).all():
            return value, value, value
        low, high = np.nanpercentile(every, PERCENTILES)
        return value, float(low), float(high)


def _share_among(find: _Finder, name: str, right: np.ndarray, among: np.ndarray, what: str) -> Metric:
    """Of the pictures among which it is counted, which may be few: then the interval says so."""
    n = int(among.sum())
    if not n:
        return Metric.unknown(name, 0, f"No checked pictures {what}.")
    weights = find.weights[among]
    value = float(weights @ right[among] / weights.sum())
    low, high = wilson(value, effective(weights), ERROR)
    return Metric.within(name, value, low, high, n)


def _fisher(value: float, n: float, spread: float) -> tuple[float, float]:
    """The interval of a correlation of n independent pictures, never without width: one of nearly 1 is taken
    for the highest that so few can tell from 1."""
    from scipy.stats import norm

    most = max(1 - 2 / n, 0.0)
    z = np.arctanh(np.clip(value, -most, most))
    half = norm.ppf(1 - ERROR / 2) * np.sqrt(spread / max(n - 3, 1))
    return float(np.tanh(z - half)), float(np.tanh(z + half))


def _table(said: Rows, guess: Rows, options: int) -> tuple[tuple[int, ...], ...]:
    """(options, options) how often each was said (rows) and guessed (columns)."""
    counts = np.bincount(said * options + guess, minlength=options**2).reshape(options, options)
    return tuple(tuple(int(c) for c in row) for row in counts)


def _too_few(n: int, distinct: int, what: str) -> str:
    if n < FEWEST:
        one = FEWEST - n == 1
        answers = "test label that names" if one else "test labels that name"
        more = f"{FEWEST - n} more {answers} a {what} needed"
        return f"Too few to say: {more} (there are {n})."
    return "" if distinct > 1 else f"Too few to say: so far every test label names one {what}."


def _of_hundred(metric: Metric) -> str:
    value, low, high = (100 * (x or 0.0) for x in (metric.value, metric.low, metric.high))
    return f"about {value:.0f} ({low:.0f} to {high:.0f})"


def _of_grades(n: int, exact: Metric, near: Metric, kappa: Metric, rho: Metric, few: str) -> tuple[str, ...]:
    if few:
        return (f"{n} test pictures. {few}",)
    said = [
        f"Of 100 test pictures, {_of_hundred(exact)} get your grade, and {_of_hundred(near)} that or one "
        "beside it."
    ]
    if kappa.value is None or kappa.low is None or kappa.high is None:
        return (*said, kappa.note)
    said.append(
        f"Agreement beyond chance, near misses counted as such: {kappa.value:.2f} ({kappa.low:.2f} to "
        f"{kappa.high:.2f}) of 1."
    )
    return tuple(said)
