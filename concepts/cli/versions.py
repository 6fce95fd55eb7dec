"""Trained versions: `discern concept train`, `evaluate`, `export` and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Author, ChoosingAMethod, Json, Name, Version, concept, workbench
from concepts.cli.output import progress, say, show, table
from concepts.errors import DiscernError
from concepts.learning.target import SPELLING, Side, Target

if TYPE_CHECKING:
    from concepts.classifier.quality import HeadView
    from concepts.learning.report import EvaluationReport, Metric


MEASURE = "Measure it: concept evaluate."
ROWS_SHOWN = 15


def checked_target(text: str) -> str:
    try:
        Target.parse(text)
    except DiscernError as error:
        raise typer.BadParameter(str(error)) from error
    return text


@concept.command("train", cls=ChoosingAMethod)
def concept_train(
    name: Name,
    target: Annotated[
        str, typer.Option(help=f"What the threshold is for: {SPELLING}.", callback=checked_target)
    ] = "f1",
    head: Annotated[
        str, typer.Option(help="How it learns: {heads}. auto takes what suits the answers.")
    ] = "auto",
    as_json: Json = False,
) -> None:
    """Train a new version from all answers. Older versions are kept."""
    result = workbench().versions.train(name, target=target, head=head)

    def human() -> None:
        say(f"Version {result.number} trained ({result.kind}); yes from {result.threshold:.2f}.")
        for note in result.notes:
            say(f"  {note}")

    show(result, as_json, human)


@concept.command("evaluate")
def concept_evaluate(
    name: Name,
    version: Version = None,
    plots: Annotated[Path | None, typer.Option(help="A folder for the plots and figures.")] = None,
    as_json: Json = False,
) -> None:
    """Measure a version on the pictures kept for that, beside what simpler ways reach."""
    report = workbench().versions.evaluate(name, version=version, plots=plots)

    def human() -> None:
        for sentence in report.sentences:
            say(sentence)
        say()
        table(("average precision", "95 %", "n", "way"), _comparison(report))
        say()
        table(("value", "95 %", "n", "figure"), [_figure(m) for m in report.metrics])
        if report.slices:
            say()
            rows = [(s.n, _share(s.precision), _share(s.recall), f"{s.kind} {s.name}") for s in report.slices]
            table(("n", "precision (95 %)", "recall (95 %)", "part"), rows)
        for said in (report.worst_slice, *report.notes):
            if said:
                say(said)

    show(report, as_json, human)


@concept.command("versions")
def concept_versions(name: Name, as_json: Json = False) -> None:
    """Every trained version with its newest figures, the oldest first."""
    found = workbench().versions.versions(name)

    def human() -> None:
        columns = ("version", "trained", "kind", "yes from", "average precision", "95 %", "n")
        table(columns, [(*_about(head), *_average_precision(head.report)) for head in found])

    show(found, as_json, human)


@concept.command("quality")
def concept_quality(name: Name, version: Version = None, as_json: Json = False) -> None:
    """How good a version is at every threshold, on the answers as they are now."""
    bench = workbench()
    bench.review.current(name)
    view = bench.versions.quality(name, version=version)

    def human() -> None:
        say(f"Version {view.version.number}, yes from {view.version.threshold:.3f}, on {view.n:,} pictures.")
        if view.waiting:
            say(f"{view.waiting:,} of the pictures kept for measuring have no answer yet.")
        if view.waiting_answers:
            say(view.waiting_answers)
        if view.flagged is not None:
            where = view.looks_in or "the library"
            say(f"It says yes to {view.flagged:,} of the {view.pictures:,} pictures of {where}.")
        if view.elsewhere:
            say(view.elsewhere)
        if view.coverage and view.coverage.sentence:
            say(view.coverage.sentence)
        if view.removed:
            say(f"{view.removed:,} of the answers measured on are about pictures removed since.")
        for told in (view.under, view.consistency):
            for sentence in told.sentences if told else ():
                say(sentence)
        step = max(len(view.rows) // ROWS_SHOWN, 1)
        rows = [
            (f"{r.threshold:.3f}", _share(r.precision), _share(r.recall), r.flagged)
            for r in view.rows[::step]
        ]
        table(("yes from", "precision (95 %)", "recall (95 %)", "yes to"), rows)

    show(view, as_json, human)


@concept.command("robustness")
def concept_robustness(name: Name, version: Version = None, as_json: Json = False) -> None:
    """Whether a version says the same of pictures that were changed a little: blur, JPEG, crop, one pixel."""
    with progress("Looking again", "Begin it anew: it takes seconds.") as listener:
        found = workbench().steadiness.examine(name, version=version, listener=listener)

    def human() -> None:
        say(f"Version {found.version} on {found.n:,} pictures. {found.sentence}")
        rows = [(_share(c.flipped), _share(c.moved), c.name) for c in found.changes]
        table(("decisions that change (95 %)", "probability (95 %)", "when a picture is"), rows)

    show(found, as_json, human)


@concept.command("compare")
def concept_compare(
    name: Name,
    one: Annotated[int, typer.Argument(min=1, help="The number of a version.")],
    other: Annotated[int, typer.Argument(min=1, help="The number of another one.")],
    as_json: Json = False,
) -> None:
    """Two versions on the same pictures kept for measuring."""
    found = workbench().versions.compare_versions(name, one, other)

    def human() -> None:
        say(f"On {found.n:,} pictures; they differ on {found.differently:,}.")
        rows = [(_share(f.one), _share(f.other), _share(f.difference), f.name) for f in found.figures]
        table((f"version {one}", f"version {other}", "difference", "figure"), rows)

    show(found, as_json, human)


@concept.command("threshold")
def concept_threshold(
    name: Name,
    threshold: Annotated[float, typer.Argument(min=0, max=1, help="Yes from this probability on.")],
    version: Version = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Keep a version with another threshold as the newest one."""
    bench = workbench()
    number = bench.versions.set_threshold(name, version, threshold, author=author, measure=False)
    show({"number": number}, as_json, lambda: say(f"Version {number} kept. {MEASURE}"))


@concept.command("certify")
def concept_certify(
    name: Name,
    at_least: Annotated[
        float, typer.Option(min=0.5, max=0.99, help="What share beyond the line is to be right.")
    ] = 0.9,
    side: Annotated[
        Side, typer.Option(help="Above a line pictures are surely yes, below one surely no.")
    ] = "yes",
    version: Version = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Certify a line beyond which pictures are right; once all its pictures are answered, keep it."""
    bench = workbench()
    found = bench.certificates.begin(name, at_least, side=side, version=version, author=author)
    if found.threshold is not None:
        bench.certificates.finish(name, side=side, author=author, measure=False)
        found = bench.certificates.state(name, side) or found

    def human() -> None:
        say(found.sentence)
        if not found.complete:
            say(f"It takes {found.needed} {'above' if side == 'yes' else 'below'} the line if all are right.")
            say("Answer them: concept next NAME --evaluation, which asks about them first.")
        elif found.kept_as:
            line = f"{found.threshold:.3f}"
            says = f"says yes from {line} on" if side == "yes" else f"is sure of no up to {line}"
            say(f"Version {found.kept_as} {says}. {MEASURE}")
        if found.look_yourself is not None:
            sure = ((found.sure_yes, "yes"), (found.sure_no, "no"))
            known = " and ".join(f"{n:,} pictures surely {word}" for n, word in sure if n is not None)
            say(f"{known}; look at the other {found.look_yourself:,} yourself.")

    show(found, as_json, human)


@concept.command("use-again")
def concept_use_again(
    name: Name,
    version: Annotated[int, typer.Argument(min=1, help="The number of an older version.")],
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Go back to a version by keeping it once more as the newest one."""
    number = workbench().versions.use_again(name, version, author=author, measure=False)
    show({"number": number}, as_json, lambda: say(f"Version {number} kept. {MEASURE}"))


@concept.command("card")
def concept_card(name: Name, version: Version = None, as_json: Json = False) -> None:
    """The model card of a version, in Markdown."""
    card = workbench().exports.model_card(name, version)
    show({"card": card}, as_json, lambda: say(card))


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
    int8: Annotated[
        bool,
        typer.Option(
            "--int8", help="Half as large and faster, with slightly other answers: first it says how."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take int8 without asking.")] = False,
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
    bench = workbench()
    if html is not None:
        if out is not None or also or page or int8:
            raise DiscernError("--html writes a page alone. Leave out --out, --with, --page and --int8.")
        written = bench.version_page.write(name, html, version=version, classifier=classifier)
        bench.context.audit.add(author, "shared a version as a file", name)
        show({"html": str(written)}, as_json, lambda: say(f"The page is in {written}."))
        return
    if out is None:
        raise DiscernError("Say where it goes: --out FOLDER, or --html FILE for a page about it.")
    if classifier:
        raise DiscernError("--classifier is for a page: use --html FILE. For a folder there is --page.")
    exports = bench.exports
    if int8:
        measured = exports.measure_int8(name, version=version, also=also or [])
        for line in (measured.sentence, *(agreement.sentence for agreement in measured.agreements)):
            typer.echo(line, err=as_json)
        if not yes:
            typer.confirm("Export it in int8?", abort=True, err=as_json)
    result = exports.export(name, out, version=version, also=also or [], page=page, int8=int8)

    def human() -> None:
        them = ", ".join(f"version {number} of {concept}" for concept, number in result.concepts.items())
        what = them if len(result.concepts) > 1 else f"version {result.head}"
        say(f"{what[0].upper()}{what[1:]} is in {result.folder}, and as a zip.")

    show(result, as_json, human)


def _figure(metric: Metric) -> tuple[str, str, int, str]:
    name = metric.name.replace("_", " ")
    if metric.value is None:
        return "too few", metric.note, metric.n, name
    return f"{metric.value:.3f}", f"{metric.low:.3f} to {metric.high:.3f}", metric.n, name


def _about(head: HeadView) -> tuple[int, str, str, str]:
    return head.number, f"{head.created:%Y-%m-%d %H:%M}", head.kind, f"{head.threshold:.3f}"


def _average_precision(report: EvaluationReport | None) -> tuple[str, str, int | str]:
    metrics = report.metrics if report else ()
    metric = next((m for m in metrics if m.name == "average_precision"), None)
    return _figure(metric)[:3] if metric else ("not measured", "", "")


def _share(metric: Metric) -> str:
    if metric.value is None:
        return metric.note
    return f"{metric.value:.3f} ({metric.low:.3f} to {metric.high:.3f})"


def _comparison(report: EvaluationReport) -> Iterable[tuple[str, str, int, str]]:
    ways = [("this version", report.metrics)] + [(b.name, b.metrics) for b in report.baselines]
    for name, metrics in ways:
        metric = next((m for m in metrics if m.name == "average_precision"), None)
        if metric:
            yield *_figure(metric)[:3], name
