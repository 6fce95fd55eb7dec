"""Figures of a sample with known probabilities: what the answers of each stratum say of all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from concepts.learning.base import Bools, Floats, Rows
from concepts.learning.intervals import agresti_coull, clopper_pearson, counted, ratio, total
from concepts.learning.waves import LOOKS

ERROR = 0.05
ERROR_A_LOOK = ERROR / len(LOOKS)  # whoever looks at each and stops at one is wrong once in twenty at most
FEWEST = 10  # yeses, noes and flagged, below which strata are added up as worst cases


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


class StratifiedCounts(NamedTuple):
    """What calling every picture from a threshold on a yes gives in the library. None: can't be said."""

    base_rate: Estimate | None
    precision: Estimate | None
    recall: Estimate | None
    yes: Estimate | None  # pictures that count, in numbers; None where the frame isn't known


class _Cells(NamedTuple):
    """The strata cut by what is flagged: arrays (c,) of the flagged and then of the other side."""

    right: Floats
    drawn: Floats
    population: Floats
    share: Floats

    @property
    def value(self) -> Floats:
        """Pictures that count in each cell; nothing is known of one nobody drew from, and it is put at what
        the others of its side say."""
        pooled = self.right.sum() / max(self.drawn.sum(), 1)
        rate = np.where(self.drawn > 0, self.right / np.maximum(self.drawn, 1), pooled)
        return np.asarray(self.share * self.population * rate)

    def limits(self, error: float) -> tuple[Floats, Floats]:
        low, high = counted(self.right, self.drawn, np.maximum(self.population, self.drawn), error)
        most = np.minimum(high, self.population)
        return self.share * np.minimum(low, most), self.share * most


def estimate(strata: Sequence[Stratum], threshold: float, error: float = ERROR_A_LOOK) -> StratifiedCounts:
    """Precision, recall and base rate at a threshold, of all pictures the strata stand for.

    A set without strata needs no adding up: exact intervals of its own counts (Clopper & Pearson 1934). Else
    the counts of the strata are added: as worst cases, with the error split between them, below ten yeses,
    ten noes or ten flagged; square-and-add above.
    """
    answered = _answers(strata)
    if not answered:
        return StratifiedCounts(None, None, None, None)
    if len(strata) == 1:
        return _alone(strata[0], threshold, error)
    flagged, others = (_cells(strata, threshold, side) for side in (True, False))
    yes = _answers(strata, lambda stratum: stratum.truth)
    worst = min(_at_random(flagged, others)) < FEWEST
    add = _worst if worst else _together
    found, found_low, found_high = add(flagged, error)
    size = float((flagged.share * flagged.population).sum())
    everything = size + float((others.share * others.population).sum())
    precision = None
    if size and flagged.drawn.sum():
        seen = _answers(strata, lambda stratum: stratum.probability >= threshold)
        precision = Estimate(found / size, found_low / size, min(found_high / size, 1.0), seen)
    both = _Cells(*map(np.concatenate, zip(flagged, others, strict=True)))
    count, count_low, count_high = add(both, error)
    return StratifiedCounts(
        base_rate=Estimate(count / everything, count_low / everything, count_high / everything, answered),
        precision=precision,
        recall=_recall(flagged, others, error, worst, yes),
        yes=Estimate(count, count_low, count_high, answered),
    )


def estimate_either(
    views: Sequence[Sequence[Stratum]], threshold: float, error: float = ERROR_A_LOOK
) -> StratifiedCounts:
    """`estimate` where the same pictures may be judged in two ways: values as the first has them, intervals
    that hold for all. What was learned from is counted as the head itself judges it in one, and by heads that
    had not seen it in the other: the first is true of this library, the second of one like it."""
    found = [estimate(strata, threshold, error) for strata in views]
    return StratifiedCounts(*map(_either, zip(*found, strict=True)))


def _either(found: Sequence[Estimate | None]) -> Estimate | None:
    there = [one for one in found if one is not None]
    if len(there) < len(found):
        return None
    return replace(there[0], low=min(one.low for one in there), high=max(one.high for one in there))


def _recall(flagged: _Cells, others: _Cells, error: float, worst: bool, yes: int) -> Estimate | None:
    """Of the pictures that count, those that are flagged: 1 / (1 + missed / found)."""
    found, missed = float(flagged.value.sum()), float(others.value.sum())
    if not found + missed:
        return None
    if worst:
        _, found_low, found_high = _worst(flagged, error / 2)
        _, missed_low, missed_high = _worst(others, error / 2)
        low = found_low / (found_low + missed_high) if found_low + missed_high else 0.0
        high = found_high / (found_high + missed_low) if found_high + missed_low else 1.0
    elif not found:
        low, high = 0.0, 1.0
    else:
        _, found_low, found_high = _together(flagged, error)
        _, missed_low, missed_high = _together(others, error)
        least, most = ratio(missed, missed_low, missed_high, found, found_low, found_high)
        low, high = 1 / (1 + most), 1 / (1 + least)
    value = found / (found + missed)
    return Estimate(value, min(low, value), max(high, value), yes)


def _answers(strata: Sequence[Stratum], of: Callable[[Stratum], Bools] | None = None) -> int:
    """How many pictures have an answer, or those of them that `of` chooses. What was known before several
    waves is in the strata of each, and is one answer."""
    chosen = [np.ones(len(stratum.truth), dtype=bool) if of is None else of(stratum) for stratum in strata]
    rows = [stratum.rows for stratum in strata]
    known = [one[some] for one, some in zip(rows, chosen, strict=True) if one is not None]
    unnamed = sum(int(some.sum()) for one, some in zip(rows, chosen, strict=True) if one is None)
    return unnamed + (len(np.unique(np.concatenate(known))) if known else 0)


def _alone(whole: Stratum, threshold: float, error: float) -> StratifiedCounts:
    said, truth = whole.probability >= threshold, whole.truth
    right, n = int((said & truth).sum()), len(truth)
    base = _share(int(truth.sum()), n, error)
    size = np.inf if whole.frame is None else max(len(whole.frame), n)
    low, high = counted(int(truth.sum()), n, size, error)
    pictures = None
    if whole.frame is not None:
        pictures = Estimate(float(truth.mean() * size), float(low[0]), float(high[0]), n)
    return StratifiedCounts(
        base, _share(right, int(said.sum()), error), _share(right, int(truth.sum()), error), pictures
    )


def _share(right: int, n: int, error: float) -> Estimate | None:
    if not n:
        return None
    low, high = clopper_pearson(right, n, error)
    return Estimate(right / n, float(low), float(high), n)


def _cells(strata: Sequence[Stratum], threshold: float, side: bool) -> _Cells:
    rows = []
    for stratum in strata:
        said = (stratum.probability >= threshold) == side
        if stratum.frame is None:
            population = float(said.sum())
        else:
            above = len(stratum.frame) - int(np.searchsorted(stratum.frame, threshold))
            population = float(above if side else len(stratum.frame) - above)
        rows.append((float((said & stratum.truth).sum()), float(said.sum()), population, stratum.share))
    return _Cells(*np.array(rows).T)


def _at_random(flagged: _Cells, others: _Cells) -> tuple[float, float, float]:
    """How many yeses, noes and flagged were drawn: what is known through and through is no sample."""
    sides = [(cells, cells.drawn < cells.population) for cells in (flagged, others)]
    drawn = [float(cells.drawn[some].sum()) for cells, some in sides]
    yes = sum(float(cells.right[some].sum()) for cells, some in sides)
    return yes, sum(drawn) - yes, drawn[0]


def _worst(cells: _Cells, error: float) -> tuple[float, float, float]:
    """(value, low, high) with the error split between the cells that have pictures."""
    parts = max(int((cells.population > 0).sum()), 1)
    low, high = cells.limits(error / parts)
    return float(cells.value.sum()), float(low.sum()), float(high.sum())


def _together(cells: _Cells, error: float) -> tuple[float, float, float]:
    """(value, low, high) by square-and-add. What nobody drew from is no chance that evens out: it is added as
    the worst case."""
    low, high = cells.limits(error)
    drawn, value = cells.drawn > 0, cells.value
    # A limit that ends at none or at all of a cell says less of the spread of its errors than square-and-add
    # has to know: where both kinds were seen, it is at least Agresti and Coull's (1998).
    spread = np.where(
        (cells.right > 0) & (cells.right < cells.drawn) & (cells.drawn < cells.population),
        cells.share * cells.population * agresti_coull(cells.right, cells.drawn, error),
        0.0,
    )
    near_low, near_high = np.minimum(low, value - spread)[drawn], np.maximum(high, value + spread)[drawn]
    sum_low, sum_high = total(value[drawn], near_low, near_high)
    sum_low, sum_high = sum_low + float(low[~drawn].sum()), sum_high + float(high[~drawn].sum())
    return float(value.sum()), max(sum_low, float(low.sum())), min(sum_high, float(high.sum()))


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
