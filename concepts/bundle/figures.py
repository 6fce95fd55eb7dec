"""What is drawn of a version: data → one figure, whose words, series and scales every way of drawing it uses.

A screen prints a figure as SVG (`concepts.bundle.svg`), the bundle as PNG (`concepts.bundle.plots`), the card
and screen readers by its words. All places are shares of the plot: (0, 0) is left below, (1, 1) right above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal

from concepts.learning.report import Curves, ReliabilityBin

TABLE_ROWS = 12
APART = 0.1  # of the width, between two words that shall not run into each other

Point = tuple[float, float]
# What a mark means, whatever its colour: counts, doesn't, what to compare with, how sure, the threshold.
Role = Literal["yes", "no", "guide", "range", "threshold", "axis"]


@dataclass(frozen=True)
class PlotLine:
    points: tuple[Point, ...]
    role: Role


@dataclass(frozen=True)
class Band:
    """An area between two lines, given by its outline."""

    points: tuple[Point, ...]
    role: Role = "range"


@dataclass(frozen=True)
class Dot:
    """`place` is none where there is nothing to mark yet; a page may move it. `words` stand beside it."""

    place: Point | None
    role: Role
    words: str = ""


@dataclass(frozen=True)
class Bar:
    left: float
    right: float
    bottom: float
    top: float
    role: Role


Mark = PlotLine | Band | Dot | Bar


@dataclass(frozen=True)
class Axis:
    """`ticks` are places from 0 to 1 and what is written there."""

    label: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class PlotFigure:
    """`said` tells in words what is drawn, `rows` in numbers; `caption` explains what else is to see."""

    name: str
    title: str
    said: str
    caption: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


PERCENT = ((0.0, "0"), (0.5, "50"), (1.0, "100"))
SHARE = ((0.0, "0"), (0.5, "0.5"), (1.0, "1"))


def precision_recall(curves: Curves, everything: float | None = None, at: Point | None = None) -> PlotFigure:
    """`everything` is the share that is right where all pictures are flagged, `at` the (recall, precision) of
    the threshold in use."""
    points = list(zip(curves.recall, curves.precision, strict=True))
    steps = points[:1]
    for before, after in pairwise(points):
        steps += [(after[0], before[1]), after]  # what is right of the flagged changes at each picture
    said = (
        "Curve of how many of 100 flagged pictures are right, against how many of 100 that count are found."
    )
    caption = "Up and to the right is better."
    marks: list[Mark] = []
    if everything is not None:
        caption += f" Dashed: flagging everything, {_percent(everything)} right."
        marks.append(PlotLine(((0.0, everything), (1.0, everything)), "guide"))
    if at:
        said += f" At the threshold: {100 * at[1]:.0f} right, {100 * at[0]:.0f} found."
        caption += " The dot is the threshold."
    return PlotFigure(
        name="precision-recall",
        title="Right against found, at every threshold",
        said=said,
        caption=caption,
        x=Axis("found, of 100 that count (recall)", PERCENT),
        y=Axis("right, of 100 flagged (precision)", PERCENT),
        marks=(*marks, PlotLine(tuple(steps), "yes"), Dot(at, "threshold")),
        columns=("found of 100", "right of 100"),
        rows=tuple((f"{100 * found:.0f}", f"{100 * right:.0f}") for found, right in _thinned(points)),
    )


def reliability(curves: Curves) -> PlotFigure:
    """How sure the version was against how often it was right."""
    marks: list[Mark] = [PlotLine(((0.0, 0.0), (1.0, 1.0)), "guide")]
    numbered = -1.0  # the last dot with its number, so that numbers don't run into each other
    for found in curves.reliability:
        low, high = _span(found)
        marks.append(PlotLine(((found.predicted, low), (found.predicted, high)), "range"))
        apart = found.predicted - numbered > APART
        numbered = found.predicted if apart else numbered
        marks.append(Dot((found.predicted, found.observed), "yes", f"{found.n:,}" if apart else ""))
    return PlotFigure(
        name="reliability",
        title="When it says 70 %, do 70 % count?",
        said="How often pictures count, by how sure the version is: "
        + ", ".join(
            f"{_percent(b.predicted)} sure, {_percent(b.observed)} count" for b in curves.reliability
        ),
        caption="On the dashed line, “80 % sure” is right 80 times of 100. Lines are 95 % ranges, numbers "
        "pictures.",
        x=Axis("how sure it is, %", PERCENT),
        y=Axis("how many count, %", PERCENT),
        marks=tuple(marks),
        columns=("how sure", "really count", "pictures"),
        rows=tuple(
            (_percent(b.predicted), f"{_percent(b.observed)} ({_range(*_span(b))})", f"{b.n:,}")
            for b in curves.reliability
        ),
    )


def scores(curves: Curves, threshold: float) -> PlotFigure:
    """Bars of how sure the version is: upwards of pictures that count, downwards of the others.

    Heights are square roots, or a hundred easy pictures would hide the few that matter.
    """
    yes, no, edges = curves.histogram_yes, curves.histogram_no, curves.histogram_edges
    most = max([*yes, *no, 1])
    marks: list[Mark] = []
    for (left, right), up, down in zip(pairwise(edges), yes, no, strict=True):
        between = (left + 0.08 * (right - left), right - 0.08 * (right - left))
        if up:
            marks.append(Bar(*between, 0.5, _height(up, most), "yes"))
        if down:
            marks.append(Bar(*between, 1 - _height(down, most), 0.5, "no"))
    marks.append(PlotLine(((0.0, 0.5), (1.0, 0.5)), "axis"))
    marks.append(PlotLine(((threshold, 0.0), (threshold, 1.0)), "threshold"))
    ticks = [(_height(n, most), f"{n:,}") for n in (max(most // 4, 1), most)]
    return PlotFigure(
        name="scores",
        title="How sure it is of what counts and what doesn’t",
        said=f"How sure the version is of {sum(yes):,} checked pictures that count and {sum(no):,} that "
        "don’t, from 0 to 1.",
        caption=f"Upwards {sum(yes):,} that count, downwards {sum(no):,} that don’t; heights are square "
        f"roots. It says yes from {threshold:.2f} on.",
        x=Axis("how sure it is, %", PERCENT),
        y=Axis("pictures", (*((1 - place, n) for place, n in ticks), (0.5, "0"), *ticks)),
        marks=tuple(marks),
        columns=("how sure", "count", "don’t"),
        rows=tuple(
            (f"{left:.2f}–{right:.2f}", f"{up:,}", f"{down:,}")
            for (left, right), up, down in zip(pairwise(edges), yes, no, strict=True)
            if up or down
        ),
    )


def learning_curve(points: Sequence[tuple[int, float, float, float]]) -> PlotFigure:
    """(answers, average precision, low, high), at least one, rising. Answers are placed by square roots."""
    last = max(points[-1][0], 1)
    placed = [(sqrt(n / last), value, low, high) for n, value, low, high in points]
    line = tuple((x, value) for x, value, _, _ in placed)
    band = [(x, low) for x, _, low, _ in placed] + [(x, high) for x, _, _, high in reversed(placed)]
    return PlotFigure(
        name="learning-curve",
        title="What each answer helped",
        said="Average precision after so many answers: "
        + ", ".join(f"{n:,} answers {value:.2f}" for n, value, _, _ in points),
        caption="From the first answers of people alone; shaded: 95 % ranges.",
        x=Axis("answers", _apart([(sqrt(n / last), f"{n:,}") for n, *_ in points])),
        y=Axis("average precision", SHARE),
        marks=(Band(tuple(band)), PlotLine(line, "yes"), *(Dot(place, "yes") for place in line)),
        columns=("answers", "average precision", "95 %"),
        rows=tuple((f"{n:,}", f"{value:.2f}", f"{low:.2f}–{high:.2f}") for n, value, low, high in points),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _range(low: float, high: float) -> str:
    return f"{100 * low:.0f}–{100 * high:.0f}"


def _span(found: ReliabilityBin) -> tuple[float, float]:
    return (
        found.observed if found.low is None else found.low,
        found.observed if found.high is None else found.high,
    )


def _height(number: int, most: int) -> float:
    """Where a bar of so many pictures ends, from the middle upwards."""
    return 0.5 + 0.48 * sqrt(number / most)


def _thinned(points: Sequence[Point]) -> list[Point]:
    step = max(1, -(-len(points) // TABLE_ROWS))
    return [*points[::step], *([points[-1]] if points and (len(points) - 1) % step else [])]


def _apart(ticks: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Of ticks from left to right those whose words don't run into each other, the last one among them."""
    kept: list[tuple[float, str]] = []
    for tick in reversed(ticks):
        if not kept or kept[-1][0] - tick[0] > APART:
            kept.append(tick)
    return tuple(reversed(kept))
