"""The README's picture, from an exported classifier: python -m docs.picture dist/demo

Left what it reaches beside simpler ways, right how it scores the pictures it was measured on.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from concepts.bundle.facts import BundleFacts, ConceptFacts
from concepts.bundle.figures import COUNTS, DOES_NOT, INK, QUIET
from concepts.learning.report import Curves, Metric

FILE = Path(__file__).with_name("images") / "demo.png"


def picture(facts: ConceptFacts, curves: Curves) -> Any:
    figure = Figure(figsize=(10, 3.4), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    people = [count for count in facts.training_labels if count.author_kind != "annotator"]
    answers = sum(count.yes + count.no for count in people)
    figure.suptitle(
        f"“{facts.concept}”, learned from a sentence and {answers} simulated answers",
        x=0.01,
        ha="left",
        fontsize=13,
        color=INK,
    )
    _ways(left, facts)
    _scores(right, facts, curves)
    return figure


def _ways(axes: Any, facts: ConceptFacts) -> None:
    ways = [("this classifier", facts.metrics), *((b.name, b.metrics) for b in facts.baselines)]
    for row, (name, metrics) in enumerate(reversed(ways)):
        metric = _average_precision(metrics)
        colour = COUNTS if name == "this classifier" else QUIET
        axes.plot(
            [metric.low, metric.high],
            [row, row],
            color=colour,
            linewidth=6,
            alpha=0.25,
            solid_capstyle="butt",
        )
        axes.plot(metric.value, row, "o", color=colour, markersize=9)
        axes.annotate(
            f"{metric.value:.2f}",
            (metric.value, row),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=9.5,
            color=INK,
        )
    axes.set_yticks(range(len(ways)), [name for name, _ in reversed(ways)])
    axes.set(xlim=(0, 1), ylim=(-0.5, len(ways) - 0.3))
    n = _average_precision(facts.metrics).n
    axes.set_xlabel(f"Average precision on {n} pictures it never saw (bar: 95 %)", color=INK, fontsize=9.5)
    _plain(axes)


def _scores(axes: Any, facts: ConceptFacts, curves: Curves) -> None:
    """What doesn't count hangs below the line: it is many more pictures, on a scale of its own."""
    edges = curves.histogram_edges
    widths = [end - start for start, end in itertools.pairwise(edges)]
    for counts, colour, sign, words, y in (
        (curves.histogram_yes, COUNTS, 1, "count", 1.1),
        (curves.histogram_no, DOES_NOT, -1, "don't count", -1.1),
    ):
        heights = [sign * count / max(*counts, 1) for count in counts]
        axes.bar(edges[:-1], heights, width=widths, align="edge", color=colour, edgecolor="white")
        label = f"{sum(counts)} pictures that {words} (tallest bar: {max(counts)})"
        axes.text(0.99, y, label, ha="right", va="center", color=colour, weight="bold", fontsize=9.5)
    axes.plot([facts.head.threshold] * 2, [-1, 1], color=INK, linewidth=1.4, linestyle=(0, (4, 3)))
    axes.text(facts.head.threshold + 0.012, -0.72, "yes from here on", color=INK, fontsize=9)
    axes.set(xlim=(0, 1), ylim=(-1.25, 1.2), yticks=[])
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.set_xlabel("Probability it gives", color=INK, fontsize=9.5)
    _plain(axes)


def _average_precision(metrics: tuple[Metric, ...]) -> Metric:
    return next(metric for metric in metrics if metric.name == "average_precision")


def _plain(axes: Any) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
    axes.tick_params(colors=INK, labelsize=9.5, left=False)


def main() -> None:
    folder = Path(sys.argv[1])
    facts = BundleFacts.model_validate_json((folder / "head.json").read_bytes()).concepts[0]
    curves = Curves.model_validate_json((folder / "curves.json").read_bytes())
    FILE.parent.mkdir(exist_ok=True)
    picture(facts, curves).savefig(FILE, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    main()
