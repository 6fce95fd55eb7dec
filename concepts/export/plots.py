"""The three pictures of the model card. Colours differ in lightness too and are never the only sign."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import Any

from concepts.export.facts import BundleFacts
from concepts.learning.report import Curves

COUNTS = "#0f766e"  # teal: pictures that count
DOES_NOT = "#b4431f"  # vermilion: pictures that don't
INK = "#1f2937"
QUIET = "#6b7280"

PLOT_FILES = ("precision_recall.png", "reliability.png", "scores.png")


def plot_bytes(facts: BundleFacts, curves: Curves) -> dict[str, bytes]:
    """File name → PNG, for each plot there is something to show in."""
    draw: tuple[tuple[bool, Callable[[BundleFacts, Curves], Any]], ...] = (
        (bool(curves.precision), _precision_recall),
        (bool(curves.reliability), _reliability),
        (sum(curves.histogram_yes) + sum(curves.histogram_no) > 0, _scores),
    )
    return {
        name: _png(figure(facts, curves))
        for name, (has_points, figure) in zip(PLOT_FILES, draw, strict=True)
        if has_points
    }


def _precision_recall(facts: BundleFacts, curves: Curves) -> Any:
    figure, axes = _canvas("Of what it flags, how much is right?")
    axes.step(curves.recall, curves.precision, where="pre", color=COUNTS, linewidth=2.2)
    yes = sum(count.yes for count in facts.evaluation_labels)
    total = yes + sum(count.no for count in facts.evaluation_labels)
    if total:
        words = f"flagging everything: {yes / total:.0%} right"
        axes.axhline(yes / total, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), label=words)
    precision, recall = facts.metric("precision"), facts.metric("recall")
    if precision and recall:
        words = f"at the threshold, {facts.head.threshold:.2f}"
        axes.plot(recall.value, precision.value, "o", color=INK, ms=8, zorder=3, clip_on=False, label=words)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", frameon=False, fontsize=10, labelcolor=INK)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_xlabel("Recall: share of the pictures that count which it finds")
    axes.set_ylabel("Precision: share of the flagged that is right")
    return figure


def _reliability(facts: BundleFacts, curves: Curves) -> Any:
    figure, axes = _canvas("When it says 70%, do 70% count?")
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.text(
        0.06,
        0.085,
        "probabilities exactly right",
        color=QUIET,
        fontsize=9.5,
        rotation=45,
        rotation_mode="anchor",
        transform_rotates_text=True,
    )
    for point in curves.reliability:
        low = point.observed if point.low is None else point.low
        high = point.observed if point.high is None else point.high
        axes.plot([point.predicted] * 2, [low, high], color=COUNTS, linewidth=1.6, alpha=0.55)
        axes.plot(point.predicted, point.observed, "o", color=COUNTS, markersize=7.5, clip_on=False, zorder=3)
        axes.annotate(
            str(point.n),
            (point.predicted, point.observed),
            xytext=(7, 3),
            textcoords="offset points",
            fontsize=9,
            color=INK,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.set_xlabel("Probability it gives (number beside a dot: pictures)")
    axes.set_ylabel("Share of those pictures that counts")
    return figure


def _scores(facts: BundleFacts, curves: Curves) -> Any:
    """Two rows with their own scale: pictures that count are usually few."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=150, layout="constrained")
    title = "How does it score what counts and what doesn't?"
    figure.suptitle(title, fontsize=13, color=INK, x=0.08, ha="left")
    above, below = figure.subplots(2, 1, sharex=True)
    edges = curves.histogram_edges
    widths = [right - left for left, right in itertools.pairwise(edges)]
    rows = (
        (above, curves.histogram_yes, COUNTS, "counts"),
        (below, curves.histogram_no, DOES_NOT, "doesn't count"),
    )
    for axes, heights, colour, words in rows:
        _plain(axes)
        axes.bar(edges[:-1], heights, width=widths, align="edge", color=colour, edgecolor="white")
        axes.axvline(facts.head.threshold, color=INK, linewidth=1.4, linestyle=(0, (4, 3)))
        axes.set_title(f"{words}: {sum(heights):,}", loc="left", fontsize=10.5, color=colour, weight="bold")
        axes.set_ylabel("Pictures", color=INK)
        axes.set_ylim(0, max(*heights, 1) * 1.1)
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=5)
    threshold = f"dashed line: yes from {facts.head.threshold:.2f} on"
    above.set_title(threshold, loc="right", fontsize=10, color=INK)
    below.set_xlim(0, 1)
    below.set_xlabel("Probability it gives", color=INK)
    return figure


def _canvas(title: str) -> tuple[Any, Any]:
    """A figure of its own, not pyplot's: no global state, so any thread may draw."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=150, layout="constrained")
    axes = figure.subplots()
    _plain(axes)
    axes.set_title(title, loc="left", fontsize=13, color=INK, pad=12)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=INK, labelsize=9.5)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white", metadata={"Software": None})
    return buffer.getvalue()
