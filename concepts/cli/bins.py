"""`discern library`: pictures into the bin, back, and away for good."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Most, library, workbench
from concepts.cli.output import progress, say, show, table

Pictures = Annotated[list[str], typer.Argument(help="Paths or ids.")]


@library.command("remove")
def library_remove(pictures: Pictures, author: Author = "me", as_json: Json = False) -> None:
    """Take pictures out of the library until they are put back. Their files are never touched."""
    moved = workbench().removing.remove(pictures, author=author)
    show(
        moved,
        as_json,
        lambda: say(
            f"{len(moved.pictures):,} removed. Put back: library restore; for good: library empty-bin."
        ),
    )


@library.command("bin")
def library_bin(
    n: Most = 50,
    after: Annotated[str, typer.Option(help="The “older” of the page before (--json).")] = "",
    as_json: Json = False,
) -> None:
    """What was removed from the library, last first."""
    page = workbench().removing.bin(n, after)
    rows = [(f"{p.removed:%Y-%m-%d %H:%M}", p.author, p.id[:12], p.path) for p in page.pictures]
    show(page, as_json, lambda: table(("when", "by", "id", "path"), rows))


@library.command("restore")
def library_restore(pictures: Pictures, author: Author = "me", as_json: Json = False) -> None:
    """Put pictures back into the library, with all that was said of them."""
    moved = workbench().removing.put_back(pictures, author=author)
    show(moved, as_json, lambda: say(f"{len(moved.pictures):,} put back."))


@library.command("empty-bin")
def library_empty_bin(
    never_again: Annotated[
        bool, typer.Option("--never-again", help="They shall not come in again; only their ids are kept.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask: it can't be undone.")] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Take away for good what was removed, with every answer, vector and small picture of it. The pictures'
    own files stay where they are."""
    bench = workbench()
    count = bench.removing.bin(1).count
    if count and not yes:
        typer.confirm(
            f"{count:,} pictures go for good, and every answer about them. Go on?", abort=True, err=as_json
        )
    with progress("Emptying the bin", "What is left is still in the bin.") as listener:
        done = bench.removing.empty_bin(author=author, refuse=never_again, listener=listener)

    def human() -> None:
        say(f"{done.pictures:,} pictures are gone, {done.freed / 1e6:,.1f} MB of files.")
        for what in ("places", "labels", "captions", "candidates", "drawn", "watched", "vectors", "lists"):
            say(f"  {getattr(done, what):,} {what}")
        say(f"  {done.thumbnails:,} thumbnails, {done.renditions:,} larger ones, {done.uploads:,} uploads")
        if done.in_archives:
            say(f"  {done.in_archives:,} stay inside uploaded archives, which hold other pictures too")

    show(done, as_json, human)
