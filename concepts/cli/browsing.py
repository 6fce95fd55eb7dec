"""`discern library`: pictures by folder, order and filter."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Json, Most, Within, library, workbench
from concepts.cli.output import progress, say, show, table

SORTS = (
    "newest, oldest (added); name, name-back; taken, taken-oldest; largest, smallest (pixels); heaviest, "
    "lightest (bytes)"
)


@library.command("pictures")
def library_pictures(
    n: Most = 20,
    after: Annotated[str, typer.Option(help="The “older” of the page before (--json).")] = "",
    sort: Annotated[str, typer.Option(help=f"{SORTS}. A search sorts by likeness.")] = "newest",
    folder: Annotated[str, typer.Option(help="In this folder and below.")] = "",
    search: Annotated[str, typer.Option(help="Words: the nearest first.")] = "",
    like: Annotated[str, typer.Option(help="A picture (path or id): those most like it first.")] = "",
    format: Annotated[str, typer.Option("--format", help="Such as JPEG or PNG.")] = "",
    size: Annotated[
        str, typer.Option(help="small (below 0.5 megapixels), medium or large (4 and more).")
    ] = "",
    taken_from: Annotated[
        str, typer.Option(metavar="DAY", help="Taken on this day or later, YYYY-MM-DD.")
    ] = "",
    taken_to: Annotated[str, typer.Option(metavar="DAY", help="Taken on this day or earlier.")] = "",
    undated: Annotated[bool, typer.Option("--undated", help="Those that say no date.")] = False,
    added_from: Annotated[str, typer.Option(metavar="DAY", help="Added on this day or later.")] = "",
    added_to: Annotated[str, typer.Option(metavar="DAY", help="Added on this day or earlier.")] = "",
    concept: Annotated[str, typer.Option(help="What --answered and --says are about.")] = "",
    answered: Annotated[str, typer.Option(help="yes, no, unsure, skip, any or none.")] = "",
    says: Annotated[str, typer.Option(help="yes or no: what the newest version makes of it.")] = "",
    within: Within = "",
    repeated: Annotated[str, typer.Option(help="copies (at several places) or look-alikes.")] = "",
    as_json: Json = False,
) -> None:
    """The pictures of the library, newest first, or those that fit, in another order."""
    from concepts.library.filters import PictureSelection  # brings the database

    bench = workbench()
    said = {
        "q": search,
        "like": bench.pictures.id_of(like) if like else "",
        "sort": sort,
        "folder": folder,
        "format": format.upper(),
        "size": size,
        "taken_from": taken_from,
        "taken_to": taken_to,
        "undated": undated,
        "added_from": added_from,
        "added_to": added_to,
        "concept": concept,
        "answered": answered,
        "says": says,
        "repeated": repeated,
        "in": str(bench.collections.get(within).id) if within else "",
    }
    page = bench.browsing.page(PictureSelection.of(said), n, after)

    def human() -> None:
        rows = [(p.id[:12], f"{p.width} × {p.height}", p.path) for p in page.pictures]
        table(("id", "pixels", "path"), rows)

    show(page, as_json, human)


@library.command("folders")
def library_folders(
    folder: Annotated[str, typer.Argument(help="Without it: the one that everything is in.")] = "",
    as_json: Json = False,
) -> None:
    """The folders right inside of one, with how many files are in each and below."""
    found = workbench().browsing.folders(folder)
    show(found, as_json, lambda: table(("files", "folder"), [(f"{f.files:,}", f.path) for f in found]))


@library.command("dates")
def library_dates(as_json: Json = False) -> None:
    """Ask pictures that were added by an older version when they were taken."""
    bench = workbench()
    with progress("Reading dates", "What was read until here is kept.") as listener:
        done = bench.browsing.read_dates(listener=listener)
    show(done, as_json, lambda: say(f"{done.dated:,} of {done.looked_at:,} pictures say when."))
