"""Figures of a sample with known probabilities: what the answers of each stratum say of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from concepts.learning.base import Bools, Floats, Rows
from concepts.learning.cells import CountedCells, share_limits, total_limits
from concepts.learning.intervals import clopper_pearson, counted
from concepts.learning.report import Metric


@dataclass(frozen=True)
class Stratum:
    """Pictures any of which was as likely to be drawn as any other.

    probability and truth (n,) of those drawn and answered; frame (m,) probabilities of all of them, rising,
    None where the pictures can't be counted (a set from outside); share: how much of the whole this stratum's
    wave speaks for, where several waves speak of the same pictures; rows (n,): which pictures those are.
    """

    probability: Floats
    truth: Bools
    frame: Floats | None = None
    share: float = 1.0
    rows: Rows | None = None


def weights(strata: Sequence[Stratum], count: int) -> Floats:
    """(count,) how many pictures each of those that `rows` speak of stands for."""
    found = np.zeros(count)
    for stratum in strata:
        if stratum.rows is not None and stratum.frame is not None and len(stratum.rows):
            found[stratum.rows] += stratum.share * len(stratum.frame) / len(stratum.rows)
    return found


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; `n` is how many answers it rests on."""

    value: float
    low: float
    high: float
    n: int

    def over(self, size: float) -> Estimate:
        """As a share of so many."""
        return replace(self, value=self.value / size, low=self.low / size, high=min(self.high / size, 1.0))

    def metric(self, name: str) -> Metric:
        return Metric(name=name, value=self.value, low=self.low, high=self.high, n=self.n)


CountedFigure = Literal["base_rate", "precision", "recall", "yes"]  # the last: pictures that count


@dataclass(frozen=True)
class StratifiedCounts:
    """What calling every picture from a threshold on a yes gives, of all pictures that strata stand for: each
    figure is counted when it is asked for, and None where it can't be said.

    Where the same pictures may be judged in two `views`, values are as the first has them and intervals hold
    for all. What was learned from is counted as the head itself judges it in one, and by heads that had not
    seen it in the other: the first is true of this library, the second of one like it. One stratum has exact
    intervals of its own counts (Clopper & Pearson 1934), several those of `concepts.learning.cells`.
    """

    views: Sequence[Sequence[Stratum]]
    threshold: float
    error: float  # how often an interval may miss

    def figure(self, name: CountedFigure) -> Estimate | None:
        of = FIGURES[name]
        there = [
            found
            for strata in self.views
            if _answers(strata) and (found := of(strata, self.threshold, self.error))
        ]
        if len(there) < len(self.views):
            return None
        return replace(there[0], low=min(one.low for one in there), high=max(one.high for one in there))


def _precision(strata: Sequence[Stratum], threshold: float, error: float) -> Estimate | None:
    seen = _answers(strata, lambda stratum: stratum.probability >= threshold)
    flagged = _cells(strata, threshold, True)
    if len(strata) == 1:
        return _share(flagged.right.sum(), seen, error)
    if not flagged.drawn.sum():
        return None
    return _within(float(flagged.value.sum()), total_limits(flagged, error), seen).over(flagged.size)


def _recall(strata: Sequence[Stratum], threshold: float, error: float) -> Estimate | None:
    yes = _answers(strata, lambda stratum: stratum.truth)
    flagged, others = (_cells(strata, threshold, side) for side in (True, False))
    if len(strata) == 1:
        return _share(flagged.right.sum(), yes, error)
    found, missed = float(flagged.value.sum()), float(others.value.sum())
    if not found + missed:
        return None
    return _within(found / (found + missed), share_limits(flagged, others, error), yes)


def _base_rate(strata: Sequence[Stratum], threshold: float, error: float) -> Estimate | None:
    if len(strata) == 1:
        return _share(strata[0].truth.sum(), len(strata[0].truth), error)
    yes = _yes(strata, threshold, error)
    return yes and yes.over(_cells(strata, -np.inf, True).size)


def _yes(strata: Sequence[Stratum], threshold: float, error: float) -> Estimate | None:
    """None where the frame isn't known."""
    cells, answered = _cells(strata, -np.inf, True), _answers(strata)
    if len(strata) > 1:
        return _within(float(cells.value.sum()), total_limits(cells, error), answered)
    if strata[0].frame is None:
        return None
    low, high = counted(cells.right, cells.drawn, cells.population, error)
    return _within(float(cells.value.sum()), (float(low[0]), float(high[0])), answered)


FIGURES = {"base_rate": _base_rate, "precision": _precision, "recall": _recall, "yes": _yes}


def _within(value: float, limits: tuple[float, float], n: int) -> Estimate:
    return Estimate(value, min(limits[0], value), max(limits[1], value), n)


def _answers(strata: Sequence[Stratum], of: Callable[[Stratum], Bools] | None = None) -> int:
    """How many pictures have an answer, or those of them that `of` chooses. What was known before several
    waves is in the strata of each, and is one answer."""
    chosen = [np.ones(len(stratum.truth), dtype=bool) if of is None else of(stratum) for stratum in strata]
    rows = [stratum.rows for stratum in strata]
    known = [one[some] for one, some in zip(rows, chosen, strict=True) if one is not None]
    unnamed = sum(int(some.sum()) for one, some in zip(rows, chosen, strict=True) if one is None)
    return unnamed + (len(np.unique(np.concatenate(known))) if known else 0)


def _share(right: float, n: int, error: float) -> Estimate | None:
    if not n:
        return None
    low, high = clopper_pearson(right, n, error)
    return Estimate(right / n, float(low), float(high), n)


def _cells(strata: Sequence[Stratum], threshold: float, side: bool) -> CountedCells:
    """Those that have pictures."""
    rows = []
    for stratum in strata:
        said = (stratum.probability >= threshold) == side
        if stratum.frame is None:
            population = int(said.sum())
        else:
            above = len(stratum.frame) - int(np.searchsorted(stratum.frame, threshold))
            population = max(above if side else len(stratum.frame) - above, int(said.sum()))
        if population:
            rows.append((float((said & stratum.truth).sum()), float(said.sum()), population, stratum.share))
    return CountedCells(*np.array(rows, dtype=np.float64).reshape(-1, 4).T)


@dataclass(frozen=True)
class Draws:
    """What w waves drew from n groups of look-alikes, one picture of each.

    stratum (w, n): of each picture in each wave's own cut, -1 where the wave didn't draw from it; known
    (w, n): it was answered before the wave, which therefore left it out; newest (n,): its stratum in the
    newest cut, by which waves are put together; drawn (n,): the wave that drew it, where it has an answer
    that decides, else -1.
    """

    stratum: Rows
    known: Bools
    newest: Rows
    drawn: Rows

    def with_known(self, learned: Bools) -> Draws:
        """The same, with these pictures (n,) counted as they are in every wave: also what was answered after
        a wave had drawn, which its sample can't speak for once a head has learned from it."""
        known = self.known | (learned & self.there)
        return replace(self, stratum=np.where(learned, -1, self.stratum), known=known)

    @property
    def there(self) -> Bools:
        """(w, n) which pictures there were at each wave, to be drawn or known."""
        return (self.stratum >= 0) | self.known


def together(draws: Draws, probability: Floats, truth: Bools) -> list[Stratum]:
    """The strata of all waves as one sample of all pictures there were when each was drawn.

    probability, truth (n,); truth counts where a picture was drawn or is known. In each part of the newest
    cut a wave speaks for a share of the pictures that is fixed by how many it drew there, never by what the
    answers were. What was known before a wave is added to it as it is. Pictures that came later are spoken
    for by later waves alone.
    """
    waves = len(draws.stratum)
    found: list[Stratum] = []
    for rows in _parts_of(draws):
        drawn = draws.drawn[rows]
        counts = np.bincount(drawn[drawn >= 0], minlength=waves)
        shares = counts / counts.sum() if counts.sum() else (np.arange(waves) == waves - 1).astype(float)
        for wave in np.flatnonzero(shares):
            share, own = float(shares[wave]), draws.stratum[wave, rows]
            for stratum in np.flatnonzero(np.bincount(own[own >= 0])):
                frame = rows[own == stratum]
                sample = frame[draws.drawn[frame] == wave]
                found.append(_stratum(probability, truth, sample, frame, share))
            known = rows[draws.known[wave, rows]]
            if len(known):
                found.append(_stratum(probability, truth, known, known, share))
    return found


def _parts_of(draws: Draws) -> Iterator[Rows]:
    """Pictures, as ascending rows, that stand in the same stratum of the newest cut and were there from the
    same wave on. By counting: to sort a million pictures takes longer than all else here."""
    waves = len(draws.stratum)
    cohort = np.full(len(draws.newest), waves)  # the first wave at which each was there; none
    for wave in reversed(range(waves)):
        cohort[(draws.stratum[wave] >= 0) | draws.known[wave]] = wave
    part = draws.newest * (waves + 1) + cohort
    for one in np.flatnonzero(np.bincount(part)):
        if one % (waves + 1) < waves:
            yield np.flatnonzero(part == one)


def _stratum(probability: Floats, truth: Bools, sample: Rows, frame: Rows, share: float) -> Stratum:
    return Stratum(probability[sample], truth[sample], np.sort(probability[frame]), share, sample)
