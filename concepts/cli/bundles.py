"""Exported classifiers as files: whether one is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from concepts.cli.groups import Json, bundle, must_exist
from concepts.cli.output import say, show, table


@bundle.command("check")
def bundle_check(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="An exported folder or zip.")],
    as_json: Json = False,
) -> None:
    """What is in an exported classifier, whether its checksums hold, and whether it loads. Ends with 1 where
    something is wrong."""
    must_exist(path)
    from concepts.export.checking import check_bundle  # it brings numpy and pydantic

    found = check_bundle(path)

    def human() -> None:
        for one in found.concepts:
            version = "their combination" if one.version is None else f"version {one.version}"
            say(f"{one.name}, {version}: yes from {one.threshold:.3f} on.")
        say(f"Encoder {found.encoder} ({found.fingerprint}).")
        table(("file", "bytes", "what"), [(file.name, f"{file.bytes:,}", file.what) for file in found.files])
        if found.checksums is None:
            say("It has no checksums: an older Discern wrote it.")
        else:
            say(f"{found.checksums:,} checksums hold.")
        say(
            "It scores pictures."
            if found.scores_pictures
            else "It scores embeddings; pictures once it is told where the encoder is."
        )
        say("\n".join(f"Wrong: {problem}." for problem in found.problems) or "It loads.")

    show(found, as_json, human)
    if found.problems:
        raise typer.Exit(1)
