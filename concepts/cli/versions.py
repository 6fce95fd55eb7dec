"""Trained versions in a terminal: their figures, guarantees and bundles."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from concepts.cli.declared import shows
from concepts.cli.groups import concept
from concepts.cli.output import dump, left_out, progress, say, say_known, show, table
from concepts.cli.parameters import Author, Json, Name, Version, opened
from concepts.errors import WrongUsageError

if TYPE_CHECKING:
    from concepts.learning.report import EvaluationReport, Metric
    from concepts.results.certificates import CertificateView
    from concepts.results.quality import HeadView, QualityView
    from concepts.results.scores import Heat
    from concepts.results.trained import Measured, Trained
    from concepts.results.versions import ScoredPage, VersionComparison

ROWS_SHOWN = 15
KEPT = "What is finished is kept."


@shows("train")
def _trained(trained: Trained) -> None:
    if not trained.new:
        say(f"Nothing changed since version {trained.version}, so that one was kept and measured again.")
        return
    say(f"Version {trained.version} trained ({trained.kind}); yes from {trained.threshold:.2f}.")
    for note in trained.notes:
        say(f"  {note}")


@shows("use_version")
@shows("keep_guarantee")
def _used(kept: Measured) -> None:
    how = "measured" if kept.measured else "not measured: no test picture has a label"
    say(f"Version {kept.version} is in use, and {how}.")


@shows("ranked_library")
def _ranked(page: ScoredPage) -> None:
    counts = f"{page.flagged:,} of {page.total:,}"
    say(f"Version {page.version} says yes to {counts}, from {page.threshold:.3f} on.")
    if page.by_look_alikes:
        say("The order also uses your labels of similar pictures, so it is about this library alone.")
    rows = [(f"{p.probability:.3f}", p.said, p.id[:12], p.path) for p in page.pictures]
    table(("how sure", "people said", "id", "path"), rows)


@shows("heat_of")
def _heat(heat: Heat) -> None:
    say(f"Version {heat.version}: {heat.probability:.2f} (yes from {heat.threshold:.2f}). {heat.words}")
    table([""] * len(heat.parts[0]), [[f"{part:+.2f}" for part in row] for row in heat.parts])


@shows("write_keywords")
def _keywords(done: Any) -> None:
    say(f"Keywords: {done.written:,} written, {done.unchanged:,} unchanged, {done.removed:,} removed.")
    if done.version is None and done.written + done.unchanged:
        say("There is no version yet, so only pictures labelled yes got it.")
    left_out(done.left_out)


@shows("copy_files")
def _copied(done: Any) -> None:
    say(f"{done.copied:,} new in {done.folder}, {done.there:,} were there already.")
    left_out(done.left_out)


@concept.command("evaluate")
def concept_evaluate(
    name: Name,
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Measure a version on the test pictures, beside what simpler ways reach."""
    from concepts.labelling.dataset import dataset_of
    from concepts.results.advice import advice_for
    from concepts.results.trained import measure_again

    found = opened().concept(name)
    with progress("Measuring", KEPT) as listener:
        report = measure_again(found, version, listener)
    if as_json:
        dump(report)
        return
    from concepts.results.next_step import verdict_now  # NumPy and what it measures with

    advice, more = advice_for(found), dataset_of(found).to_next_figures
    say(verdict_now(report, advice, stale=False, to_go=more).sentence)
    say_known(*report.sentences, report.worst_slice, *report.notes)
    card = f"discern concept version card {shlex.quote(found.name)} {report.head}"
    say(f"All figures, beside simpler ways: {card}")


@shows("list_versions")
def _versions(heads: Sequence[HeadView]) -> None:
    columns = ("version", "trained", "kind", "yes from", "average precision", "95 %", "n")
    table(columns, [(*_about(head), *_average_precision(head.report)) for head in heads])


@shows("compare_versions")
def _compared(comparison: VersionComparison) -> None:
    say(f"On {comparison.n:,} pictures; they differ on {comparison.differently:,}.")
    rows = [(_share(f.one), _share(f.other), _share(f.difference), f.name) for f in comparison.figures]
    table((f"version {comparison.one}", f"version {comparison.other}", "difference", "figure"), rows)


@shows("version_quality")
def _quality(view: QualityView) -> None:
    say(f"Version {view.version.number}, yes from {view.version.threshold:.3f}, on {view.n:,} pictures.")
    if view.waiting:
        say(f"{view.waiting:,} test pictures have no label yet.")
    say_known(view.waiting_answers)
    if view.flagged is not None:
        where = view.looks_in or "the library"
        say(f"It says yes to {view.flagged:,} of the {view.pictures:,} pictures of {where}.")
    say_known(view.elsewhere, view.newer)
    if view.removed:
        say(f"{view.removed:,} test labels are of pictures removed since.")
    if view.earlier:
        say(f"{view.earlier} Review lists {view.to_label_again:,} to label again.")
    say_known(*(view.consistency.sentences if view.consistency else ()))
    step = max(len(view.rows) // ROWS_SHOWN, 1)
    lines = [
        (f"{r.threshold:.3f}", _share(r.precision), _share(r.recall), r.flagged) for r in view.rows[::step]
    ]
    table(("yes from", "precision (95 %)", "recall (95 %)", "yes to"), lines)


@shows("ask_for_guarantee")
@shows("guarantee_state")
def _guarantee(found: CertificateView | None) -> None:
    if found is None:
        say("Nobody asked for a guarantee yet. Ask for one: discern concept version certify.")
        return
    say(found.sentence)
    if not found.complete:
        where = "above" if found.side == "yes" else "below"
        say(f"It takes {found.needed} {where} the threshold if all are right.")
        say("Label them: concept next NAME --evaluation asks about them first.")
    elif found.kept_as:
        line = f"{found.threshold:.3f}"
        says = f"says yes from {line} on" if found.side == "yes" else f"is sure of no up to {line}"
        say(f"Version {found.kept_as} {says}.")
    elif found.threshold is not None:
        say("Keep it as a version: discern concept version keep-guarantee.")
    if found.look_yourself is not None:
        sure = ((found.sure_yes, "yes"), (found.sure_no, "no"))
        known = " and ".join(f"{n:,} pictures surely {word}" for n, word in sure if n is not None)
        say(f"{known}; look at the other {found.look_yourself:,} yourself.")


@concept.command("export")
def concept_export(
    name: Name,
    out: Annotated[Path | None, typer.Option(help="The folder to write; a zip is put beside it.")] = None,
    version: Version = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="NAME", help="Another concept for the same file; may be repeated."),
    ] = None,
    page: Annotated[
        bool,
        typer.Option(
            "--page", help="With classify.html in the folder: it scores pictures in a browser, offline."
        ),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Instead of a folder: one HTML file for people who have no Discern, with up to eighteen of "
            "your pictures in small.",
        ),
    ] = None,
    classifier: Annotated[
        bool,
        typer.Option(
            "--classifier",
            help="With --html: with the classifier in it, tens of megabytes, so that it scores pictures in a "
            "browser.",
        ),
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Write the classifier as files that run anywhere, or a page about it."""
    from concepts.results.bundles import write_bundle, write_page

    app = opened()
    found = app.concept(name)
    if html is not None:
        if out is not None or also or page:
            raise WrongUsageError("--html writes a page alone. Leave out --out, --with and --page.")
        written = write_page(found, html, version=version, classifier=classifier)
        app.audit.add(author, "shared a version as a file", name)
        show({"html": str(written)}, as_json, f"The page is in {written}.")
        return
    if out is None:
        raise WrongUsageError("Say where it goes: --out FOLDER, or --html FILE for a page about it.")
    if classifier:
        raise WrongUsageError("--classifier is for a page: use --html FILE. For a folder there is --page.")
    result = write_bundle(found, out, version, tuple(also or ()), page=page)
    them = ", ".join(f"version {number} of {concept}" for concept, number in result.concepts.items())
    what = them if len(result.concepts) > 1 else f"version {result.head}"
    told = f"{what[0].upper()}{what[1:]} is in {result.folder}, and in {result.archive}."
    unknown = "" if result.measured else "\nNot measured yet: run concept evaluate."
    show(result, as_json, f"{told}{unknown}")


def _about(head: HeadView) -> tuple[int, str, str, str]:
    return head.number, f"{head.created:%Y-%m-%d %H:%M}", head.kind, f"{head.threshold:.3f}"


def _average_precision(report: EvaluationReport | None) -> tuple[str, str, int | str]:
    metric = report.metric("average_precision") if report else None
    if metric is None:
        return "not measured", "", ""
    if metric.value is None:
        return "too few", metric.note, metric.n
    value = "too early" if metric.is_wide else f"{metric.value:.3f}"
    return value, f"{metric.low:.3f} to {metric.high:.3f}", metric.n


def _share(metric: Metric) -> str:
    if metric.value is None:
        return metric.note
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"
