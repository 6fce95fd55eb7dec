"""`discern concept heat`: where in a picture a score comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Name, Version, concept, workbench
from concepts.cli.output import say, show, table


@concept.command("heat")
def concept_heat(
    name: Name,
    picture: Annotated[str, typer.Argument(help="The id of a picture of the library.")],
    version: Version = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Where in a picture a version's score comes from: what each cell of a grid over it adds."""
    heat = workbench().heat.of(name, picture, version=version, author=author)

    def human() -> None:
        say(f"Version {heat.version}: {heat.probability:.2f} (yes from {heat.threshold:.2f}). {heat.words}")
        table([""] * len(heat.parts[0]), [[f"{part:+.2f}" for part in row] for row in heat.parts])

    show(heat, as_json, human)
