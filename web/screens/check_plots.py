"""The curves of Check: what each threshold would bring, and whether probabilities are right."""

from __future__ import annotations

from concepts.bundle import figures
from concepts.classifier.quality import QualityView
from concepts.learning.evaluation import about_probabilities
from concepts.learning.report import Guarantee
from web.render import render


def plots(view: QualityView) -> str:
    """Precision and recall with the threshold's place, and reliability; nothing without figures."""
    if view.curves is None:
        return ""
    curves, at = view.curves, view.at
    certified = Guarantee.of(view.version.details)  # where there is a bound and no other precision
    place = (at.right / view.positives, at.right / at.flagged) if at and not certified else None
    base = view.version.report.metric("base_rate") if view.version.report else None
    everything = base.value if base and base.value is not None else view.positives / view.n
    drawn = (figures.precision_recall(curves, everything, place), figures.reliability(curves))
    report = view.version.report
    average = about_probabilities(report.metrics) if report else []
    return render("check/plots.html", figures=zip(drawn, ([], average), strict=True))
