"""Grades and classes of a version, as a bundle has them."""

from __future__ import annotations

from typing import Any

from concepts.bundle.facts import BundleHeadFacts, ConceptFacts, Grades
from concepts.bundle.heads import BundleHead
from concepts.learning.base import LinearHead
from concepts.learning.report import ClassFigures, GradeFigures, LabelCount, Metric
from concepts.learning.scale import Scale
from concepts.learning.scaled import GRADED, cuts_of

SOFTMAX = "softmax"
NAMES = {
    "exact": "the very grade",
    "within_one": "within one grade",
    "kappa": "quadratic weighted kappa",
    "spearman": "Spearman's rank correlation",
}


def bundle_head(head: LinearHead) -> BundleHead:
    """With its cuts, where it is graded."""
    return BundleHead(head, cuts_of(head.details))


def grades_of(details: dict[str, Any]) -> Grades | None:
    """Of a version's details; None where it says only yes or no."""
    found = details.get(GRADED)
    return Grades(n=len(found["cuts"]) + 1, counts_from=found["counts_from"]) if found else None


def metrics_of(figures: GradeFigures | None) -> tuple[Metric, ...]:
    """As the card lists them, by their names in words."""
    if figures is None:
        return ()
    named = ((words, getattr(figures, name)) for name, words in NAMES.items())
    return tuple(metric.model_copy(update={"name": words}) for words, metric in named)


def of_each_class(
    head: LinearHead, facts: ConceptFacts, scale: Scale, figures: ClassFigures | None
) -> list[tuple[BundleHead, ConceptFacts]]:
    """A head and its description for each class; the rule of the bundle makes them exclusive. `facts` are
    those of the whole concept."""
    assert head.classes is not None
    found = []
    for place, name in enumerate(scale.words):
        line = LinearHead(
            SOFTMAX, head.classes[place, :-1].copy(), float(head.classes[place, -1]), 0.5, head.details
        )
        about = facts.model_copy(
            update={
                "concept": name,
                "head": BundleHeadFacts.of(
                    line, number=facts.head.number, target="the likeliest class", calibration=_CALIBRATED
                ),
                "metrics": _of_one(figures, name),
                "baselines": (),
                "training_labels": _counts(facts.training_labels, head.details["said"], name),
                "evaluation_labels": _counts(facts.evaluation_labels, _said(figures), name),
                "notes": (f"A class of “{facts.concept}”, of which at most one is right.", *facts.notes),
            }
        )
        found.append((BundleHead(line), about))
    return found


def _said(figures: ClassFigures | None) -> dict[str, int]:
    return {one.name: one.said for one in figures.classes} if figures else {}


def _counts(of_all: tuple[LabelCount, ...], said: dict[str, int], name: str) -> tuple[LabelCount, ...]:
    """Of the labels that name a class: this one, and another or none."""
    if not said:
        return ()
    simulated = any(count.author_kind == "simulated" for count in of_all)
    yes, n = said.get(name, 0), sum(said.values())
    return (LabelCount(author_kind="simulated" if simulated else "person", yes=yes, no=n - yes),)


_CALIBRATED = "a slope and an offset for each class on held-out scores, folded into weights and biases"


def _of_one(figures: ClassFigures | None, name: str) -> tuple[Metric, ...]:
    found = next((one for one in figures.classes if one.name == name), None) if figures else None
    if figures is None or found is None:
        return ()
    return (
        found.precision,
        found.recall,
        figures.accuracy.model_copy(update={"name": "right class, of all"}),
        figures.kappa.model_copy(update={"name": "Cohen's kappa, of all"}),
    )
