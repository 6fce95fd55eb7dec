"""A wall of pictures of every kind, to find the first that counts: `discern concept labels wall`."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli import groups
from concepts.cli.groups import Author, Json, Name, Simulated, workbench
from concepts.cli.output import dump, say, table
from concepts.errors import WrongUsageError


@groups.labels.command("wall")
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
    if counts and not looked:
        raise WrongUsageError("Add --looked: what you don't name then comes on no other wall.")
    bench = workbench()
    labels = bench.concept(name).labels
    chosen = [bench.context.collection.library.resolve(picture) for picture in counts or []]
    if looked:  # answers given meanwhile may have changed what the wall shows, so what is named is on it
        wall = dict.fromkeys([*(picture.id for picture in labels.contact_sheet()), *chosen])
        labels.answer_sheet(list(wall), chosen, author=author, simulated=simulated)
    pictures = labels.contact_sheet()
    if as_json:
        dump({"answers": len(chosen), "pictures": pictures})
        return
    if looked:
        say(f"{len(chosen)} of the last wall count. The next one:")
    table(("id", "path"), [(p.id[:12], p.path) for p in pictures])
    if not pictures:
        say("There is no picture left that was on no wall.")
