"""Example pictures: `discern concept example` and `examples`."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Name, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError


@concept.command("example")
def concept_example(
    name: Name,
    picture: Annotated[
        str, typer.Argument(help="A picture file, of the library or not, or the id of one of the library.")
    ],
    counter: Annotated[
        bool, typer.Option("--counter", help="It doesn't count, and only looks as if it did.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="It is no example any more.")] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Give a picture that counts. It is learned from, and pictures like it are asked about first."""
    if counter and remove:
        raise DiscernError("--remove takes an example away, whether it counts or not: leave out --counter.")
    examples = workbench().examples
    if remove:
        given = examples.remove(name, picture, author=author)
    else:
        given = examples.give_file(name, picture, counts=not counter, author=author)

    def human() -> None:
        kept = ", kept with the concept: the library doesn't have it" if given.outside and not remove else ""
        say(f"{given.id[:12]}{kept}. Definition {given.revision}: {given.note}.")

    show(given, as_json, human)


@concept.command("examples")
def concept_examples(name: Name, as_json: Json = False) -> None:
    """The example pictures of the newest definition."""
    found = workbench().examples.of(name)
    rows = [
        (
            e.id[:12],
            "counts" if e.counts else "doesn't",
            "from outside" if e.outside else "library",
            "yes" if e.used else "no",
        )
        for e in found
    ]
    show(found, as_json, lambda: table(("id", "says", "from", "learned from"), rows))
