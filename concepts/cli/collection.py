"""`discern collection`: sets of pictures with a name, and what a concept looks in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Author, Json, Most, Name, Skip, collection, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.library.collections import By, ChangeView, CollectionView, LooksIn

A_SEARCH = 200  # pictures, unless somebody says otherwise
Which = Annotated[str, typer.Argument(help="The collection's name or number.", metavar="COLLECTION")]
Some = Annotated[list[str], typer.Argument(help="Pictures, by path or id.", metavar="PICTURE...")]


@collection.command("new")
def collection_new(
    name: Annotated[str, typer.Argument(help="What it is called.", metavar="NAME")],
    pictures: Annotated[list[str] | None, typer.Argument(help="Pictures, by path or id.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="What the library has of a folder; what is added from there joins.")
    ] = None,
    adding: Annotated[
        int | None, typer.Option(help="The pictures of one adding, by its job: collection addings.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="DAY", help="What was added from that day on, such as 2025-03-01.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="DAY", help="Up to and with that day.")] = "",
    by_file: Annotated[
        bool, typer.Option("--by-file", help="By the days on which the files were last changed.")
    ] = False,
    search: Annotated[str, typer.Option(metavar="WORDS", help="The pictures nearest to words.")] = "",
    n: Annotated[int, typer.Option("--n", min=1, help="How many the search gives.")] = A_SEARCH,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Make a collection of a folder, an adding, some days, a search, or pictures by path or id."""
    ways = (folder is not None, adding is not None, bool(since or until), bool(search))
    if sum(ways) + bool(pictures) > 1:
        raise DiscernError("Give one of --folder, --adding, --since with --until, --search and pictures.")
    made = workbench().collections
    if folder is not None:
        found = made.from_folder(name, folder, author=author)
    elif adding is not None:
        found = made.from_adding(name, adding, author=author)
    elif since or until:
        by: By = "file" if by_file else "added"
        last = _day(until) if until else datetime.now(UTC).date()
        found = made.from_dates(name, _day(since) if since else last, last, by=by, author=author)
    elif search:
        found = made.from_search(name, search, n, author=author)
    else:
        found = made.from_pictures(name, pictures or [], author=author)
    show(found, as_json, lambda: _told(found))


@collection.command("list")
def collection_list(n: Most = 50, skip: Skip = 0, as_json: Json = False) -> None:
    """Collections by name."""
    found = workbench().collections.all(n, skip)
    show(found, as_json, lambda: _table(found))


@collection.command("show")
def collection_show(which: Which, as_json: Json = False) -> None:
    """One of them, and what became of its pictures."""
    made = workbench().collections
    found, changes = made.get(which), made.changes(which)

    def human() -> None:
        _told(found)
        rows = [(one.number, one.deed, one.pictures, one.remaining, one.author) for one in changes]
        table(("change", "what", "pictures", "then in it", "by"), rows)

    show({"collection": found, "changes": changes}, as_json, human)


@collection.command("pictures")
def collection_pictures(
    which: Which,
    n: Most = 50,
    after: Annotated[str, typer.Option(help="The id of the last picture that was shown.")] = "",
    as_json: Json = False,
) -> None:
    """Its pictures, by id."""
    found = workbench().collections.pictures(which, n, after)
    show(found, as_json, lambda: table(("picture", "path"), [(one.id[:12], one.path) for one in found]))


@collection.command("rename")
def collection_rename(
    which: Which,
    name: Annotated[str, typer.Argument(help="The name it gets.", metavar="NEW-NAME")],
    as_json: Json = False,
) -> None:
    """Give it another name. Figures keep the one it had when they were measured."""
    found = workbench().collections.rename(which, name)
    show(found, as_json, lambda: _told(found))


@collection.command("put")
def collection_put(which: Which, pictures: Some, author: Author = "me", as_json: Json = False) -> None:
    """Put pictures in."""
    change = workbench().collections.add(which, pictures, author=author)
    show(change, as_json, lambda: _changed(change, "put in", "All of them are in it already."))


@collection.command("take")
def collection_take(which: Which, pictures: Some, author: Author = "me", as_json: Json = False) -> None:
    """Take pictures out. They stay in the library."""
    change = workbench().collections.take(which, pictures, author=author)
    show(change, as_json, lambda: _changed(change, "taken out", "None of them is in it."))


@collection.command("undo")
def collection_undo(
    which: Which,
    change: Annotated[int, typer.Argument(min=1, help="The change's number: collection show.")],
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Take one change of its pictures back."""
    undone = workbench().collections.undo(which, change, author=author)
    show(
        undone, as_json, lambda: _changed(undone, "put back or taken out", "Nothing is left of that change.")
    )


@collection.command("addings")
def collection_addings(as_json: Json = False) -> None:
    """The last addings that brought new pictures, to make collections of."""
    found = workbench().collections.addings()
    rows = [(one.job, f"{one.finished:%Y-%m-%d %H:%M}", one.added, one.what) for one in found]
    show(found, as_json, lambda: table(("job", "when", "new", "of"), rows))


@concept.command("look-in")
def concept_look_in(
    name: Name,
    collections: Annotated[
        list[str] | None, typer.Argument(help="Names or numbers; none: only say where it looks.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Look in the whole library again.")
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Let a concept look in some collections alone: nothing else is asked, mined, measured or counted."""
    if everything and collections:
        raise DiscernError("Name collections, or say --everything.")
    bench = workbench()
    if everything or collections:
        found = bench.collections.look_in(name, collections or [], author=author)
    else:
        found = bench.collections.looked_in(name)
    show(found, as_json, lambda: _looked_in(name, found))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DiscernError(f"“{text}” is no day, such as 2025-03-01.") from error


def _looked_in(name: str, found: LooksIn) -> None:
    say(f"“{name}” looks in {found.name}: {found.pictures:,} of {found.library:,} pictures.")


def _told(one: CollectionView) -> None:
    say(f"“{one.name}” ({one.id}): {one.pictures:,} pictures, {one.began}.")
    if one.concepts:
        say(f"Looking in it: {', '.join(one.concepts)}.")


def _table(found: list[CollectionView]) -> None:
    rows = [(one.id, one.pictures, one.name, one.began, ", ".join(one.concepts)) for one in found]
    table(("number", "pictures", "name", "how it began", "concepts"), rows)


def _changed(change: ChangeView | None, deed: str, nothing: str) -> None:
    if change is None:
        return say(nothing)
    say(f"{change.pictures:,} {deed}; {change.remaining:,} are in it. Change {change.number}.")
