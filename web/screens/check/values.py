"""What Check shows, as values of its views: from a version's quality to words and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from concepts.bundle import figures
from concepts.bundle.figures import PlotFigure
from concepts.errors import WrongUsageError
from concepts.labelling.review import ReviewRow
from concepts.learning.certificates import ERROR, needed
from concepts.learning.report import (
    WIDE,
    ClassFigures,
    CutFigures,
    GradeFigures,
    Guarantee,
    Metric,
    of_hundred,
)
from concepts.learning.target import Side, Target
from concepts.results.certificates import CertificateView
from concepts.results.concept_views import ConceptView
from concepts.results.next_step import NextStep, after_training
from concepts.results.quality import HeadView, QualityView
from concepts.results.rarity import FIND_MORE, is_rare
from concepts.results.verdict import Verdict
from concepts.results.versions import VersionComparison, origin
from web.parts import place
from web.words import ago, count, percent

WAYS = {"the machine alone": "suggestions alone", "the answers of people alone": "people’s labels alone"}
WHO = {"person": "labels", "simulated": "simulated labels", "annotator": "suggestions"}
PARTS = {"folder": "Folder", "query": "Nearest to the words"}
FIGURES = {
    "average_precision": "average precision",
    "precision": "right",
    "recall": "found",
    "f1": "both (F1)",
}
SIDES: dict[Side, tuple[str, str, str, tuple[float, ...]]] = {  # title, where, what they are, shares
    "yes": ("Flagged are right, at least", "above", "are right", (0.8, 0.9, 0.95)),
    "no": ("Others don’t count, at least", "below", "don’t count", (0.9, 0.95, 0.98)),
}


def span(share: Metric) -> str:
    return f"{100 * (share.low or 0):.0f}–{100 * (share.high or 0):.0f} %"


# The verdict


BUTTONS = {"train": "train", "test": "test", "threshold": "adjust"}  # what is done on this screen


def button_of(step: NextStep, name: str, may: Mapping[str, bool]) -> dict[str, str]:
    """The one black button. Whoever may not do the next step can see the results."""
    if not may.get(step.does, True):
        step = NextStep.of("results")
    if step.does in BUTTONS:
        return {BUTTONS[step.does]: step.said}
    return {"link": step.said, "address": place(step.screen, name)}


def verdict_of(
    verdict: Verdict, quality: QualityView, name: str, may: Mapping[str, bool], failed: Iterable[str]
) -> dict[str, Any]:
    report = quality.version.report
    to_learn = quality.new_answers if may["train"] else 0  # else the verdict says what is next
    following = button_of(after_training(verdict, report, to_learn), name, may)
    guarantee = Guarantee.of(quality.version.details)
    scaled = [found for found in (report.grades, report.classes) if found] if report else []
    tested = ""
    if quality.n:
        tested = f"{count(quality.n, 'test picture')}, {quality.positives:,} count"
        if quality.simulated:
            few = "" if quality.simulated == quality.n else f"{quality.simulated:,} "
            tested += f", {few}labels simulated"
        tested += "."
    flagged = ""
    if quality.flagged is not None:
        where = f" in {quality.looks_in}" if quality.looks_in else ""
        flagged = f"{quality.flagged:,} of {quality.pictures:,} flagged{where}."
    again = "Test again" if quality.stale and may["test"] and "test" not in following else ""
    results = place("/results", name)
    return {
        "guarantee": guarantee.sentence if guarantee else "",
        "sentence": verdict.sentence,
        "also": [found.sentences[0] for found in scaled if found.sentences],
        "measures": _measures(quality.at, bool(guarantee)) if report else [],
        "rests": " ".join(filter(None, (flagged, tested, quality.waiting_answers))),
        "next": following,
        "test_again": again,
        "results": "" if following.get("address") == results else results,
        "warnings": [*_warnings(quality, name, may), *({"text": text} for text in failed)],
    }


def _measures(at: CutFigures | None, certified: bool) -> list[dict[str, str]]:
    """A bar each for right and found. Of a wide range no value is said."""
    found = []
    for word, share in (("right", at.precision if at else None), ("found", at.recall if at else None)):
        if share is None or share.value is None:
            if not (certified and word == "right"):
                found.append({"word": word.capitalize(), "share": "–", "more": "too few tested"})
            continue
        wide = share.is_wide
        value, low, high = (100 * (one or 0) for one in (share.value, share.low, share.high))
        found.append(
            {
                "word": word.capitalize(),
                "share": span(share) if wide else f"{value:.0f} %",
                "more": "too early to say" if wide else f"({span(share)})",
                "value": "" if wide else f"{value:.1f}",
                "range": f"{low:.1f} {high:.1f}",
            }
        )
    return found


def _warnings(quality: QualityView, name: str, may: Mapping[str, bool]) -> list[dict[str, str]]:
    """What the figures don't cover, and where they are worse."""
    report, n = quality.version.report, quality.n
    found = []
    if quality.to_label_again:
        link = f"Label {quality.to_label_again:,} again" if may["label"] else ""
        address = place("/label/review", name, reason="older_test_label")
        found.append({"text": quality.earlier, "link": link, "address": address})
    if quality.stale and n:
        found.append({"text": "The test labels have changed."})
    if quality.elsewhere:
        found.append({"text": quality.elsewhere})
    if n and quality.newer:
        found.append({"text": quality.newer})
    if n and quality.removed:
        gone = count(quality.removed, "test picture was", "test pictures were")
        found.append({"text": f"{gone} removed from the library since. Test again."})
    if report and report.worst_slice:
        found.append({"text": report.worst_slice})
    return found


# The threshold


def numbers(row: CutFigures) -> list[float | int | None]:
    """A row as `threshold.js` reads it."""
    shares = [x for s in (row.precision, row.recall) for x in (s.value, s.low, s.high)]
    return [row.threshold, row.flagged, row.right, *(x if x is None else round(x, 4) for x in shares)]


def drawn(quality: QualityView) -> dict[str, PlotFigure]:
    """Scores, precision and recall with the threshold's place, and reliability, by their names."""
    if quality.curves is None:
        return {}
    curves, at, report = quality.curves, quality.at, quality.version.report
    where = figures.place(at.recall, at.precision) if at else None
    base = report.metric("base_rate") if report else None
    found = (
        figures.scores(curves, quality.version.threshold),
        figures.precision_recall(curves, base.value if base else None, where),
        figures.reliability(curves),
    )
    return {figure.name: figure for figure in found}


def threshold_of(quality: QualityView, may: Mapping[str, bool]) -> dict[str, Any] | None:
    scores = drawn(quality).get("scores")
    if scores is None:
        return None
    return {
        "version": str(quality.version.number),
        "threshold": quality.version.threshold,
        "wide": WIDE,
        "rows": [numbers(row) for row in quality.rows],
        "own": numbers(quality.at) if quality.at else None,
        "flagged_at": quality.flagged_at,
        "flagged": quality.flagged,
        "pictures": quality.pictures,
        "where": f" in {quality.looks_in}" if quality.looks_in else "",
        "scores": asdict(scores),
        "may_use": may["use"],
        "may_score": may["use"] and quality.flagged is None,
    }


# What the figures rest on


def tests_of(quality: QualityView, concept: ConceptView) -> dict[str, Any]:
    report, charts = quality.version.report, drawn(quality)
    said, soft = _test_set(quality)
    scales = []
    if report and report.grades:
        scales.append(_grades(report.grades))
    if report and report.classes:
        scales.append(_classes(report.classes))
    new = f"{quality.new_answers:,} new since version {quality.version.number}."
    return {
        "test": said,
        "test_soft": soft,
        "worst": (report.worst_slice or "No part is surely worse than the rest.")
        if report and report.slices
        else "",
        "slices": [
            {
                "title": title,
                "rows": [
                    {"name": part.name, "n": part.n, "right": _of(part.precision), "found": _of(part.recall)}
                    for part in report.slices
                    if part.kind == kind
                ],
            }
            for kind, title in PARTS.items()
            if report and any(part.kind == kind for part in report.slices)
        ],
        "scales": scales,
        "training": " ".join((concept.answers.sentence, new, concept.advice)),
        "ways": [
            _way(name, metric)
            for name, metrics in (
                (f"version {quality.version.number}", report.metrics),
                *((WAYS.get(one.name, one.name), one.metrics) for one in report.baselines),
            )
            for metric in metrics
            if metric.name == "average_precision"
        ]
        if report
        else [],
        "figures": [asdict(charts[name]) for name in ("precision-recall", "reliability") if name in charts],
    }


def _test_set(quality: QualityView) -> tuple[list[str], list[str]]:
    report, said, soft = quality.version.report, [], []
    if quality.n and report:
        yes, covered, base = report.yes, report.covered, report.metric("base_rate")
        text = f"{quality.positives:,} of {quality.n:,} count, {quality.n - quality.positives:,} don’t."
        if yes and covered and yes.value is not None:
            low, high = yes.low or 0, covered if yes.high is None else yes.high
            text += (
                f" So about {yes.value:,.0f} of {covered:,} pictures do ({low:,.0f}–{high:,.0f}), "
                "near-duplicates counted once."
            )
            if is_rare(yes.value or 0, high, covered):
                text += f" That is rare: {FIND_MORE}"
        if base:
            text += f" Of 100 at random, {of_hundred(base.value or 0)} would be right."
        said.append(text)
        grades = quality.version.details.get("graded") if report.grades else None
        more = f" Grade {grades['counts_from']} or more counts." if grades else ""
        soft.append(f"Ranges: 95 %, however often you look.{more}")
    if quality.to_go:
        said.append(
            f"Next figures after {count(quality.to_go, 'more test label')}; there are {quality.answered:,}."
        )
    at = quality.at
    said += [share.note for share in ((at.precision, at.recall) if at else ()) if share.value is None]
    if quality.consistency and quality.consistency.sentences:
        twice = quality.consistency
        said += twice.sentences
        unsure = f", {twice.to_unsure} became unsure" if twice.to_unsure else ""
        soft.append(f"Yes became no {twice.yes_to_no} times, no became yes {twice.no_to_yes} times{unsure}.")
    if quality.earlier:
        said.append(quality.earlier)
    return said, soft


def _of(share: Metric) -> str:
    if share.value is None:
        return "–"
    return f"{share.value * share.n:.0f} of {share.n} ({span(share)})"


def _way(name: str, metric: Metric) -> dict[str, str]:
    if metric.value is None:
        return {"name": name, "value": "too few", "range": ""}
    low, high = metric.low or 0, metric.high or 0
    return {"name": name, "value": f"{metric.value:.2f}", "range": f"{low:.2f}–{high:.2f}"}


def _share(metric: Metric, per: int = 100) -> str:
    """Of a hundred, or as it is."""
    if metric.value is None:
        return "–"
    value, low, high = (per * (x or 0) for x in (metric.value, metric.low, metric.high))
    return (
        f"{value:.0f} of 100 ({low:.0f}–{high:.0f})" if per == 100 else f"{value:.2f} ({low:.2f}–{high:.2f})"
    )


def _grades(found: GradeFigures) -> dict[str, Any]:
    facts = (
        ("Exact grade", _share(found.exact)),
        ("Within one grade", _share(found.within_one)),
        ("Weighted kappa", _share(found.kappa, 1)),
    )
    words = [str(i) for i in range(1, len(found.table) + 1)]
    return {
        "title": "Grades",
        "sentences": list(found.sentences[1:]),
        "facts": [{"word": word, "share": share} for word, share in facts]
        if found.exact.value is not None
        else [],
        **_crossed(found.table, words, "Grades", found.n),
        "unsaid": _unsaid(found.unsaid, "grade"),
    }


def _classes(found: ClassFigures) -> dict[str, Any]:
    return {
        "title": "Classes",
        "sentences": list(found.sentences),
        "classes": [
            {
                "name": one.name,
                "said": one.said,
                "found": _share(one.recall),
                "guessed": one.guessed,
                "right": _share(one.precision),
            }
            for one in found.classes
        ]
        if found.n
        else [],
        **_crossed(found.table, [one.name for one in found.classes], "Classes", found.n),
        "unsaid": _unsaid(found.unsaid, "class"),
    }


def _crossed(table: Sequence[Sequence[int]], words: list[str], what: str, n: int) -> dict[str, Any]:
    """Labels against what it says."""
    most = max((max(row) for row in table), default=0) or 1

    def cell(row: int, column: int, n: int) -> dict[str, str]:
        same = " same" if row == column else ""
        return {"n": str(n or ""), "style": f"heat-{-(-4 * n // most)}{same}"}

    crossed = [
        {"word": words[i], "cells": [cell(i, j, n) for j, n in enumerate(row)]} for i, row in enumerate(table)
    ]
    about = f"{what}: labels in rows, what it says in columns"
    return {"words": words, "crossed": crossed if n else [], "about": about}


def _unsaid(n: int, what: str) -> str:
    if not n:
        return ""
    return f"{count(n, 'test label')} {'has' if n == 1 else 'have'} only yes or no, without a {what}."


# Guarantees


def guarantees_of(
    name: str, quality: QualityView, found: Mapping[Side, CertificateView | None], may: Mapping[str, bool]
) -> list[dict[str, Any]]:
    report = quality.version.report
    base = report.metric("base_rate") if report else None
    sides = []
    for side, (title, where, are, shares) in SIDES.items():
        one = found[side]
        row: dict[str, Any] = {"title": title, "side": side}
        if side == "no" and one is None and base:
            row["chance"] = f"At random, about {of_hundred(1 - (base.value or 0))} of 100 don’t."
        row |= _tried(one, where, are, side, name, may) if one else {}
        if (one is None or not one.newest) and may["certify"]:
            row["offers"] = [
                {
                    "value": f"{side} {share}",
                    "words": f"{100 * share:.0f} of 100: {needed(share, ERROR)} labels or more",
                }
                for share in shares
            ]
        sides.append(row)
    return sides


def _tried(
    one: CertificateView, where: str, are: str, side: Side, name: str, may: Mapping[str, bool]
) -> dict[str, Any]:
    if not one.complete:
        return {
            "said": f"{one.answered} of {one.asked} labelled for a threshold of version {one.version} "
            f"{where} which at least {100 * one.at_least:.0f} of 100 {are}. "
            f"It takes {one.needed} if all {are}.",
            "asked": str(one.asked),
            "answered": str(one.answered),
            "label": place("/label", name) if may["label"] else "",
        }
    row: dict[str, Any] = {"said": one.sentence}
    if one.threshold is None:
        failed = one.newest and one.failed
        return row | ({"more": "A version has one try. Train again to ask for the next."} if failed else {})
    wrong = "not right" if side == "yes" else "not a clear no"
    row["more"] = (
        f"{one.n} labels {where} it, {one.errors} {wrong}. It covers pictures unlabelled then, "
        "near-duplicates counted once."
    )
    if one.look_yourself is not None:
        zones = (
            ("Surely yes", one.sure_yes),
            ("Surely no", one.sure_no),
            ("To check yourself", one.look_yourself),
        )
        row["zones"] = [{"word": word, "n": f"{n:,}"} for word, n in zones if n is not None]
    if one.kept_as is not None:
        row["more"] += f" Kept as version {one.kept_as}, from {100 * one.threshold:.1f} %."
    return row | {"keep": one.kept_as is None and may["certify"]}


# Versions


def versions_of(name: str, heads: Sequence[HeadView], may: Mapping[str, bool]) -> dict[str, Any]:
    return {"versions": [_version(name, head, head is heads[-1], may) for head in reversed(heads)]}


def _version(name: str, head: HeadView, newest: bool, may: Mapping[str, bool]) -> dict[str, Any]:
    likely, lower = head.details.get("expected") or {}, head.details.get("certified_no")
    aim = origin(head.details) or _aimed_at(str(head.details.get("target", "")))
    if isinstance(likely.get("value"), float | int):
        aim += f", likely {100 * likely['low']:.0f}–{100 * likely['high']:.0f}"
    right, right_range = _figure(head, "precision")
    found, found_range = _figure(head, "recall")
    learned = ", ".join(
        f"{one['yes'] + one['no']:,} {WHO[one['author_kind']]}" for one in head.details.get("labels", ())
    )
    return {
        "number": str(head.number),
        "in_use": newest,
        "when": ago(head.created),
        "learned": learned or "words alone",
        "aim": aim,
        "right": right,
        "right_range": right_range,
        "found": found,
        "found_range": found_range,
        "threshold": f"{100 * head.threshold:.1f} %",
        "surely_no": f"surely no to {100 * lower['line']:.1f} %" if lower else "",
        "back": "" if newest or not may["use"] else f"Go back to version {head.number}",
        "download": place(f"/app/bundles/{head.number}.zip", name),
        "download_name": f"Download version {head.number}",
    }


def _figure(head: HeadView, name: str) -> tuple[str, str]:
    certified = head.details.get("certified")
    if name == "precision" and certified:
        return f"≥ {100 * certified['at_least']:.0f} %", "guaranteed"
    found = head.report.metric(name) if head.report else None
    if found is None:
        return "–", ""
    return (span(found), "") if found.is_wide else (f"{100 * (found.value or 0):.0f} %", span(found))


def _aimed_at(target: str) -> str:
    try:
        return Target.parse(target).plainly
    except WrongUsageError:
        return target


def compared_of(found: VersionComparison) -> dict[str, Any]:
    if not found.n:
        return {"said": "There are no test labels yet, so there is nothing to compare."}
    return {
        "said": f"On the same {count(found.n, 'test picture')} they differ in {found.differently:,}.",
        "one": f"version {found.one}",
        "other": f"version {found.other}",
        "figures": [
            {
                "name": FIGURES[one.name],
                "one": _value(one.one),
                "other": _value(one.other),
                "difference": _value(one.difference, "+"),
                "verdict": _better(one.difference, found),
            }
            for one in found.figures
        ],
    }


def _value(share: Metric, sign: str = "") -> str:
    if share.value is None:
        return "–" if sign else "too few to say"
    between = " to " if sign else "–"
    value, low, high = (f"{x or 0:{sign}.2f}" for x in (share.value, share.low, share.high))
    return f"{value} ({low}{between}{high})"


def _better(share: Metric, found: VersionComparison) -> str:
    if share.value is None:
        return share.note
    low, high = share.low or 0, share.high or 0
    if low > 0 or high < 0:
        return f"version {found.other if share.value > 0 else found.one} is better"
    return "the same" if low == high == 0 else "no sure difference"


# Mistakes


def mistake_tiles(
    rows: Iterable[ReviewRow], label: str, commented: Iterable[str]
) -> list[tuple[str, dict[str, Any]]]:
    remarked = set(commented)
    return [
        (row.id, {"caption": percent(row.score or 0) + (" · comment" if row.id in remarked else "")})
        for row in rows
        if row.label == label
    ]
