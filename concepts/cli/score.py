"""How sure a version is: an exported one of new pictures (`discern score`), one here of the library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from concepts.cli.groups import Json, Most, Name, Skip, Version, app, concept, must_exist, workbench
from concepts.cli.output import progress, say, show, table
from storage.pictures.sources import require


@app.command("score")
def score(
    bundle: Annotated[Path, typer.Argument(help="An exported folder or zip.")],
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders, files, zips or lists; without any, the library.")
    ] = None,
    trust_encoder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Load this encoder for the classifier. Its makers' weights are then used."
        ),
    ] = None,
    digest: Annotated[
        str | None, typer.Option(metavar="D", help="Refuse every bundle but the one with this digest.")
    ] = None,
    accept_changed: Annotated[
        bool, typer.Option("--accept-changed", help="Score even if files differ from SHA256SUMS.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Score new pictures, or the whole library, with an exported classifier. Its files are compared with its
    checksums first."""
    must_exist(bundle)
    require(paths or [])
    with progress("Scoring", f"{out} was not written.") as listener:
        result = workbench().exports.score(
            bundle,
            paths or [],
            out,
            trust_encoder=trust_encoder,
            digest=digest,
            accept_changed=accept_changed,
            listener=listener,
        )
    show(
        result,
        as_json,
        lambda: say(
            f"{result.rows:,} pictures in {result.out}: {result.yes:,} yes, {result.skipped:,} skipped."
        ),
    )


@concept.command("scores")
def concept_scores(
    name: Name,
    order: Annotated[
        Literal["top", "bottom", "borderline"],
        typer.Option(help="The surest yes, the surest no, or the closest."),
    ] = "top",
    version: Version = None,
    n: Most = 20,
    skip: Skip = 0,
    as_json: Json = False,
) -> None:
    """The library as a version ranks it."""
    bench = workbench()
    with progress("Looking at the library", "Nothing was changed.") as listener:
        page = bench.versions.ranked_pictures(
            name, order, version=version, start=skip, size=n, listener=listener
        )

    def human() -> None:
        counts = f"{page.flagged:,} of {page.total:,}"
        say(f"Version {page.version} says yes to {counts}, from {page.threshold:.3f} on.")
        if page.by_look_alikes:
            say("The order also uses your answers to look-alikes, so it is about this library alone.")
        rows = [(f"{p.probability:.3f}", p.said, p.id[:12], p.path) for p in page.pictures]
        table(("how sure", "people said", "id", "path"), rows)

    show(page, as_json, human)
