"""A figure as SVG for a page, which colours its marks: classes say what each is and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from concepts.bundle.figures import Band, Bar, Dot, Mark, PlotFigure, PlotLine, Point

RADIUS = {"threshold": 6.0, "yes": 4.5}


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
    return tostring(svg, encoding="unicode")


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
        elif isinstance(mark, Band):
            SubElement(svg, "path", {"d": frame.path(mark.points) + "Z", "class": f"mark-band {mark.role}"})
        elif isinstance(mark, Bar):
            _bar(svg, mark, frame)
        else:
            _dot(svg, mark, frame)


def _bar(svg: Element, bar: Bar, frame: PlotArea) -> None:
    left, top = frame.x(bar.left), frame.y(bar.top)
    size = {"width": f"{frame.x(bar.right) - left:.1f}", "height": f"{frame.y(bar.bottom) - top:.1f}"}
    SubElement(svg, "rect", {"x": f"{left:.1f}", "y": f"{top:.1f}", **size, "class": f"mark-bar {bar.role}"})


def _dot(svg: Element, dot: Dot, frame: PlotArea) -> None:
    x, y = dot.place or (0.0, 0.0)
    radius = RADIUS.get(dot.role, 4.0)
    about = {"cx": f"{frame.x(x):.1f}", "cy": f"{frame.y(y):.1f}", "r": f"{radius:g}"}
    circle = SubElement(svg, "circle", about | {"class": f"mark-dot {dot.role}"})
    if dot.place is None:
        circle.set("visibility", "hidden")
    if dot.words:
        # Beside the dot, and inside of the plot at its ends.
        end, high = x > 0.85, y > 0.9
        place = frame.x(x) + (-8 if end else 8), frame.y(y) + (15 if high else -6)
        _text(svg, *place, dot.words, "end" if end else "start")


def _text(svg: Element, x: float, y: float, words: str, anchor: str) -> Element:
    text = SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor})
    text.text = words
    return text
