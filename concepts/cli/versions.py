"""Trained versions: `discern concept train`, `evaluate`, `export` and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import ChoosingAMethod, Json, Name, Version, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError
from concepts.learning.target import SPELLING, Target

if TYPE_CHECKING:
    from concepts.learning.report import EvaluationReport, Metric


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

    show(report, as_json, human)


@concept.command("export")
def concept_export(
    name: Name,
    out: Annotated[Path, typer.Option(help="The folder to write; a zip is put beside it.")],
    version: Version = None,
    as_json: Json = False,
) -> None:
    """Write the classifier as files that run anywhere."""
    result = workbench().versions.export(name, out, version=version)
    show(result, as_json, lambda: say(f"Version {result.head} is in {result.folder}, and as a zip."))


def _figure(metric: Metric) -> tuple[str, str, int, str]:
    name = metric.name.replace("_", " ")
    if metric.value is None:
        return "too few", metric.note, metric.n, name
    return f"{metric.value:.3f}", f"{metric.low:.3f} to {metric.high:.3f}", metric.n, name


def _comparison(report: EvaluationReport) -> Iterable[tuple[str, str, int, str]]:
    ways = [("this version", report.metrics)] + [(b.name, b.metrics) for b in report.baselines]
    for name, metrics in ways:
        metric = next((m for m in metrics if m.name == "average_precision"), None)
        if metric:
            yield *_figure(metric)[:3], name
