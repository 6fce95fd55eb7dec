"""Honest figures of grades and of classes: every one with its count and a 95 % interval, or what is missing.

Intervals are those of redrawn groups of look-alikes (see `concepts.learning.evaluation`), widened by what so
few pictures can say at best: Wilson's for shares, and Fisher's z for quadratic weighted kappa, which is an
intraclass correlation (Fleiss & Cohen, 1973).
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

Compute = Callable[[Floats], Floats]  # weights of rows (draws, n) → values (draws,)


def rounded(expected: Floats, grades: int) -> Rows:
    """(n,) the nearest grade, 1 to `grades`."""
    return np.clip(np.floor(expected + 0.5), 1, grades).astype(np.int64)


def quadratic_kappa(weights: Floats, said: Rows, other: Rows, options: int) -> Floats:
    """(draws,) Cohen's kappa with squared distances as weights (Cohen, 1968) of said and other (n,), from 0;
    nan where all is one grade."""
    distance = np.subtract.outer(np.arange(options), np.arange(options)) ** 2 / (options - 1) ** 2
    rows, columns = np.eye(options)[said], np.eye(options)[other]
    observed = weights @ distance[said, other]
    expected = np.einsum("di,ij,dj->d", weights @ rows, distance, weights @ columns)
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected > 0, 1 - observed * total / expected, np.nan))


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
    kappa = find.kappa(lambda w: quadratic_kappa(w, said - 1, guess - 1, grades))
    sentences = [
        f"Of 100 test pictures, {_of_hundred(exact)} get your grade, and {_of_hundred(near)} that or one "
        "beside it.",
        kappa.note,
    ]
    if kappa.value is not None and kappa.low is not None and kappa.high is not None:
        sentences[1] = (
            f"Agreement beyond chance, near misses counted as such: {kappa.value:.2f} ({kappa.low:.2f} to "
            f"{kappa.high:.2f}) of 1."
        )
    return GradeFigures(
        n=n,
        unsaid=unsaid,
        exact=exact,
        within_one=near,
        kappa=kappa,
        table=_table(said - 1, guess - 1, grades),
        sentences=(f"{n} test pictures. {few}",) if few else tuple(sentences),
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

    def kappa(self, compute: Compute) -> Metric:
        from scipy.stats import norm

        n = len(self.weights)
        if self.few:
            return Metric.unknown("kappa", n, self.few)
        value, low, high = self._redrawn(compute)
        if np.isnan(value):
            return Metric.unknown("kappa", n, "It says the same of every picture.")
        # The interval of a correlation, never without width: one of nearly 1 is taken for the highest that so
        # few pictures can tell from 1.
        independent = self._independent()
        most = max(1 - 2 / independent, 0.0)
        z = np.arctanh(np.clip(value, -most, most))
        half = norm.ppf(1 - ERROR / 2) * np.sqrt(1 / max(independent - 3, 1))
        own = float(np.tanh(z - half)), float(np.tanh(z + half))
        return Metric.within("kappa", value, min(low, own[0]), max(high, own[1]), n)

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
