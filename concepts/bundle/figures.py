"""What is drawn of a version: data → one figure, whose words, series and scales every way of drawing it uses.

A screen prints a figure as SVG (`drawing`), the bundle as a file (`svg_file`), the card and screen readers by
its words. All places are shares of the plot: (0, 0) is left below, (1, 1) right above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from concepts.bundle.facts import ConceptFacts
from concepts.learning.report import Curves, Metric, ReliabilityBin

Point = tuple[float, float]

TABLE_ROWS = 12
APART = 0.1  # of the width, between two words that shall not run into each other
RADIUS = {"threshold": 6.0, "yes": 4.5}  # of dots in SVG

PLOT_FILES = ("precision_recall.svg", "reliability.svg", "scores.svg")
# Of a file, which has no page's style. Teal is for pictures that count, vermilion for those that don't; they
# differ in lightness too and are never the only sign.
STYLE = """
text { font: 12px sans-serif; fill: #1f2937; } .grid { stroke: #e5e7eb; }
.mark-line { fill: none; stroke: #0f766e; stroke-width: 2.5; stroke-linejoin: round; }
.mark-line.guide, .mark-line.axis { stroke: #6b7280; stroke-width: 1.2; }
.mark-line.threshold { stroke: #1f2937; stroke-width: 1.5; }
.mark-line.guide, .mark-line.threshold { stroke-dasharray: 5 4; } .mark-line.range { opacity: .55; }
.mark-bar.yes { fill: #0f766e; } .mark-bar.no { fill: #b4431f; }
.mark-dot { fill: #0f766e; } .mark-dot.threshold { fill: #1f2937; }
"""

# What a mark means, whatever its colour: counts, doesn't, what to compare with, how sure, the threshold.
Role = Literal["yes", "no", "guide", "range", "threshold", "axis"]


@dataclass(frozen=True)
class PlotLine:
    points: tuple[Point, ...]
    role: Role


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


Mark = PlotLine | Dot | Bar


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
        title="Precision and recall",
        said=said,
        caption=caption,
        x=Axis("found, of 100 that count (recall)", PERCENT),
        y=Axis("right, of 100 flagged (precision)", PERCENT),
        marks=(*marks, PlotLine(tuple(steps), "yes"), Dot(at, "threshold")),
        columns=("found of 100", "right of 100"),
        rows=tuple((f"{100 * found:.0f}", f"{100 * right:.0f}") for found, right in _thinned(points)),
    )


def place(recall: Metric | None, precision: Metric | None) -> Point | None:
    """Where a threshold stands; None where that is not known, or so roughly that a dot would say too much."""
    if recall is None or precision is None or recall.is_wide or precision.is_wide:
        return None
    if recall.value is None or precision.value is None:
        return None
    return recall.value, precision.value


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
        title="Calibration",
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
            (_percent(b.predicted), f"{_percent(b.observed)} ({100 * low:.0f}–{100 * high:.0f})", f"{b.n:,}")
            for b in curves.reliability
            for low, high in [_span(b)]
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
        title="Scores of the test pictures",
        said=f"How sure the version is of {sum(yes):,} test pictures that count and {sum(no):,} that "
        "don’t, from 0 to 1.",
        caption=f"Upwards {sum(yes):,} that count, downwards {sum(no):,} that don’t; heights are square "
        f"roots. It flags from {threshold:.2f} on.",
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


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


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


@dataclass(frozen=True)
class PlotArea:
    """Where the plot is inside of the drawing, in units of its view box."""

    width: float
    height: float
    left: float = 0
    right: float = 0
    top: float = 0
    bottom: float = 0

    def x(self, share: float) -> float:
        return self.left + share * (self.width - self.left - self.right)

    def y(self, share: float) -> float:
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def path(self, points: Sequence[Point]) -> str:
        return "M" + "L".join(f"{self.x(x):.1f} {self.y(y):.1f}" for x, y in points) if points else ""


PAGE = PlotArea(420, 240, left=44, right=12, top=12, bottom=36)
BARE = PlotArea(1000, 200)


def drawing(figure: PlotFigure) -> str:
    """The figure with its axes. `data-plot` tells scripts where the plot lies: left, top, width, height."""
    return tostring(_with_axes(figure), encoding="unicode")


def svg_file(figure: PlotFigure) -> bytes:
    """The same as a file that looks right by itself."""
    svg = _with_axes(figure)
    svg.attrib |= {"xmlns": "http://www.w3.org/2000/svg", "width": "840", "height": "480"}
    style = Element("style")
    style.text = STYLE
    svg[:0] = [style, Element("rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})]
    content: bytes = tostring(svg, encoding="utf-8", xml_declaration=True)
    return content


def _with_axes(figure: PlotFigure) -> Element:
    frame = PAGE
    svg = _svg(figure, frame)
    plot = (frame.left, frame.top, frame.x(1) - frame.left, frame.y(0) - frame.top)
    svg.set("data-plot", " ".join(f"{value:g}" for value in plot))
    for place, words in figure.y.ticks:
        SubElement(svg, "path", {"d": frame.path([(0, place), (1, place)]), "class": "grid"})
        _text(svg, frame.left - 6, frame.y(place) + 4, words, "end")
    for place, words in figure.x.ticks:
        _text(svg, frame.x(place), frame.y(0) + 15, words, "middle")
    _text(svg, frame.x(1), frame.height - 4, figure.x.label, "end")
    label = _text(svg, 10, frame.y(0), figure.y.label, "start")
    label.set("transform", f"rotate(-90 10 {frame.y(0):g})")
    _marks(svg, figure.marks, frame)
    return svg


def bare_drawing(figure: PlotFigure) -> str:
    """The marks alone, stretched over whatever they lie in: for a page that has its own axes around them."""
    svg = _svg(figure, BARE)
    svg.set("preserveAspectRatio", "none")
    _marks(svg, [mark for mark in figure.marks if mark.role != "threshold"], BARE)
    return tostring(svg, encoding="unicode")


def _svg(figure: PlotFigure, frame: PlotArea) -> Element:
    box = f"0 0 {frame.width:g} {frame.height:g}"
    about = {"viewBox": box, "role": "img", "aria-label": figure.said, "data-figure": figure.name}
    return Element("svg", about)


def _marks(svg: Element, marks: Sequence[Mark], frame: PlotArea) -> None:
    for mark in marks:
        if isinstance(mark, PlotLine):
            about = {"d": frame.path(mark.points), "class": f"mark-line {mark.role}"}
            SubElement(svg, "path", about | {"vector-effect": "non-scaling-stroke"})
        elif isinstance(mark, Bar):
            left, top = frame.x(mark.left), frame.y(mark.top)
            size = {"width": frame.x(mark.right) - left, "height": frame.y(mark.bottom) - top}
            place = {name: f"{value:.1f}" for name, value in {"x": left, "y": top, **size}.items()}
            SubElement(svg, "rect", place | {"class": f"mark-bar {mark.role}"})
        else:
            x, y = mark.place or (0.0, 0.0)
            radius = RADIUS.get(mark.role, 4.0)
            about = {"cx": f"{frame.x(x):.1f}", "cy": f"{frame.y(y):.1f}", "r": f"{radius:g}"}
            circle = SubElement(svg, "circle", about | {"class": f"mark-dot {mark.role}"})
            if mark.place is None:
                circle.set("visibility", "hidden")
            if mark.words:
                # Beside the dot, and inside of the plot at its ends.
                end, high = x > 0.85, y > 0.9
                beside = frame.x(x) + (-8 if end else 8), frame.y(y) + (15 if high else -6)
                _text(svg, *beside, mark.words, "end" if end else "start")


def _text(svg: Element, x: float, y: float, words: str, anchor: str) -> Element:
    text = SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor})
    text.text = words
    return text


def figures_of(facts: ConceptFacts, curves: Curves) -> dict[str, PlotFigure]:
    """File name → figure, for each there is something to show in."""
    recall, precision, base = (facts.metric(name) for name in ("recall", "precision", "base_rate"))
    drawn = (
        precision_recall(curves, base.value if base else None, place(recall, precision)),
        reliability(curves),
        scores(curves, facts.head.threshold),
    )
    return {name: figure for name, figure in zip(PLOT_FILES, drawn, strict=True) if figure.rows}
