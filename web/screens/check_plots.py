"""The figures of Check: what each threshold would bring, and whether probabilities are right."""

from __future__ import annotations

from concepts.bundle import figures
from concepts.bundle.figures import PlotFigure
from concepts.classifier.quality import QualityView
from web.render import render


def drawn(view: QualityView) -> dict[str, PlotFigure]:
    """Scores, precision and recall with the threshold's place, and reliability, by their names."""
    if view.curves is None:
        return {}
    curves, at = view.curves, view.at
    place = figures.place(at.recall, at.precision) if at else None
    base = view.version.report.metric("base_rate") if view.version.report else None
    found = (
        figures.scores(curves, view.version.threshold),
        figures.precision_recall(curves, base.value if base else None, place),
        figures.reliability(curves),
    )
    return {figure.name: figure for figure in found}


def table(view: QualityView, name: str) -> str:
    """The numbers of one of them, or of the slices, in a dialog; empty without such a figure."""
    report = view.version.report
    if name == "slices":
        return render("check/slices.html", slices=report.slices if report else ())
    figure = drawn(view).get(name)
    return render("check/table.html", figure=figure) if figure else ""
