"""`discern score`: an exported classifier on pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concepts.cli.groups import Json, app, must_exist, workbench
from concepts.cli.output import progress, say, show
from storage.pictures.sources import require


@app.command("score")
def score(
    bundle: Annotated[Path, typer.Argument(help="An exported folder or zip.")],
    out: Annotated[Path, typer.Option(help="A .csv or .parquet file.")],
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Folders, files, zips or lists; without any, the library.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score new pictures, or the whole library, with an exported classifier."""
    must_exist(bundle)
    require(paths or [])
    with progress("Scoring", f"{out} was not written.") as listener:
        result = workbench().versions.score(bundle, paths or [], out, listener=listener)
    show(
        result,
        as_json,
        lambda: say(
            f"{result.rows:,} pictures in {result.out}: {result.yes:,} yes, {result.skipped:,} skipped."
        ),
    )
