"""Figures as PNG, for the bundle. Colours differ in lightness too and are never the only sign."""

from __future__ import annotations

import io
from typing import Any

from concepts.bundle import figures
from concepts.bundle.facts import ConceptFacts
from concepts.bundle.figures import Band, Bar, Dot, PlotFigure, PlotLine
from concepts.learning.report import Curves

COUNTS = "#0f766e"  # teal: pictures that count
DOES_NOT = "#b4431f"  # vermilion: pictures that don't
INK = "#1f2937"
QUIET = "#6b7280"
COLOURS = {"yes": COUNTS, "no": DOES_NOT, "guide": QUIET, "range": COUNTS, "threshold": INK, "axis": QUIET}
LINES: dict[str, dict[str, Any]] = {
    "axis": {"linewidth": 1.0},
    "guide": {"linewidth": 1.2, "linestyle": (0, (4, 3))},
    "threshold": {"linewidth": 1.4, "linestyle": (0, (4, 3))},
    "range": {"linewidth": 1.6, "alpha": 0.55},
}

PLOT_FILES = ("precision_recall.png", "reliability.png", "scores.png")


def figures_of(facts: ConceptFacts, curves: Curves) -> dict[str, PlotFigure]:
    """File name → figure, for each there is something to show in."""
    yes = sum(count.yes for count in facts.evaluation_labels)
    total = yes + sum(count.no for count in facts.evaluation_labels)
    precision, recall = _value(facts, "precision"), _value(facts, "recall")
    at = None if precision is None or recall is None else (recall, precision)
    drawn = (
        figures.precision_recall(curves, yes / total if total else None, at),
        figures.reliability(curves),
        figures.scores(curves, facts.head.threshold),
    )
    return {name: figure for name, figure in zip(PLOT_FILES, drawn, strict=True) if figure.rows}


def png(figure: PlotFigure) -> bytes:
    """A canvas of its own, not pyplot's: no global state, so any thread may draw."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(6.4, 4.8), dpi=150, layout="constrained")
    axes = canvas.subplots()
    draw(axes, figure)
    canvas.supxlabel(figure.caption, fontsize=9.5, color=QUIET, wrap=True)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png", facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


def draw(axes: Any, figure: PlotFigure) -> None:
    """Onto axes of matplotlib."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=INK, labelsize=9.5)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_title(figure.title, loc="left", fontsize=13, color=INK, pad=12)
    for axis, about in ((axes.xaxis, figure.x), (axes.yaxis, figure.y)):
        axis.set_ticks([place for place, _ in about.ticks], [words for _, words in about.ticks])
        axis.set_label_text(about.label, color=INK)
    for mark in figure.marks:
        _mark(axes, mark)


def _value(facts: ConceptFacts, name: str) -> float | None:
    found = facts.metric(name)
    return found.value if found else None


def _mark(axes: Any, mark: figures.Mark) -> None:
    colour = COLOURS[mark.role]
    if isinstance(mark, PlotLine):
        style = {"linewidth": 2.2} | LINES.get(mark.role, {})
        axes.plot(*zip(*mark.points, strict=True), color=colour, clip_on=False, **style)
    elif isinstance(mark, Band):
        axes.fill(*zip(*mark.points, strict=True), color=colour, alpha=0.15, linewidth=0)
    elif isinstance(mark, Bar):
        width, height = mark.right - mark.left, mark.top - mark.bottom
        axes.bar(mark.left, height, width=width, bottom=mark.bottom, align="edge", color=colour)
    elif isinstance(mark, Dot) and mark.place:
        axes.plot(*mark.place, "o", color=colour, markersize=7.5, clip_on=False, zorder=3)
        beside = {"xytext": (7, 3), "textcoords": "offset points", "fontsize": 9, "color": INK}
        axes.annotate(mark.words, mark.place, **beside)
