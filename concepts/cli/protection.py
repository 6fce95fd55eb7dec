"""`discern protection` and `discern concept protection`: how pictures are shown on the screens."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from concepts.cli.groups import Author, Json, Name, app, concept, workbench
from concepts.cli.output import show

WORDS = {
    "": "as each concept says",
    "plain": "as they are",
    "blur": "blurred",
    "greyscale": "in grey",
    "both": "blurred and in grey",
}


@app.command("protection")
def protection(
    shown_as: Annotated[
        Literal["concept", "plain", "blur", "greyscale", "both"] | None,
        typer.Option("--as", help="How pictures are shown."),
    ] = None,
    key: Annotated[
        Literal["v", "b", "h", "p", "r"] | None, typer.Option(help="The key that shows a picture.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """How pictures are shown to you on the screens."""
    bench = workbench().protection
    now = bench.of_person(author)
    if shown_as or key:
        wanted = "" if shown_as == "concept" else shown_as or now.shown_as
        now = bench.prefer(wanted, key or now.key, author=author)
    shown = f"Pictures are shown {WORDS[now.shown_as]}; {now.key.upper()} shows one that is protected."
    show(now, as_json, shown)


@concept.command("protection")
def concept_protection(
    name: Name,
    shown_as: Annotated[
        Literal["plain", "blur", "greyscale", "both"] | None,
        typer.Option("--as", help="How its pictures are shown."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How pictures are shown on the screens of a concept to people who haven't chosen otherwise."""
    protection = workbench().concept(name).protection
    if shown_as:
        protection.set("" if shown_as == "plain" else shown_as)
    now = protection.get()
    show(now, as_json, f"Its pictures are shown {WORDS[now.shown_as or 'plain']}.")
