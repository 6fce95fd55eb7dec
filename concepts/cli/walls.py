"""A wall of pictures of every kind, to find the first that counts: `discern concept labels wall`."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Name, Simulated, labels, workbench
from concepts.cli.output import plain, say, show, table
from concepts.errors import WrongUsageError


@labels.command("wall")
def labels_wall(
    name: Name,
    looked: Annotated[
        bool, typer.Option("--looked", help="You looked through the wall: the next one is laid out.")
    ] = False,
    counts: Annotated[
        list[str] | None,
        typer.Option(help="A picture of the wall that counts (path or id); may be given more than once."),
    ] = None,
    author: Author = "me",
    simulated: Simulated = False,
    as_json: Json = False,
) -> None:
    """Sixty pictures of every kind, none of which was on a wall before. Without --looked the wall stays."""
    bench = workbench()
    if counts and not looked:
        raise WrongUsageError("Add --looked: what you don't name then comes on no other wall.")
    chosen = [bench.context.collection.library.resolve(picture) for picture in counts or []]
    if looked:  # answers given meanwhile may have changed what the wall shows, so what is named is on it
        wall = dict.fromkeys(
            [*(picture.id for picture in bench.concept(name).labels.contact_sheet()), *chosen]
        )
        bench.concept(name).labels.answer_sheet(list(wall), chosen, author=author, simulated=simulated)
    pictures = bench.concept(name).labels.contact_sheet()

    def human() -> None:
        if looked:
            say(f"{len(chosen)} of the last wall count. The next one:")
        table(("id", "path"), [(p.id[:12], p.path) for p in pictures])
        if not pictures:
            say("There is no picture left that was on no wall.")

    show({"answers": len(chosen), "pictures": plain(pictures)}, as_json, human)
