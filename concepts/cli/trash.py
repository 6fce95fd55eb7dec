"""`discern trash`: put pictures, concepts, collections and rules away, restore them, erase pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from concepts.cli.groups import Author, Json, Most, Skip, trash, workbench
from concepts.cli.output import progress, say, show, table
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.workbench.trash import Moved
    from storage.trash import Kind

Pictures = Annotated[
    list[str] | None, typer.Option("--picture", metavar="ID", help="A picture, by path or id; repeatable.")
]
Concept = Annotated[str | None, typer.Option(metavar="NAME", help="A concept.")]
Collection = Annotated[str | None, typer.Option(metavar="NAME", help="A collection, by name or number.")]
Rule = Annotated[str | None, typer.Option(metavar="NAME", help="A rule that was kept.")]


@trash.command("put")
def trash_put(
    picture: Pictures = None,
    concept: Concept = None,
    collection: Collection = None,
    rule: Rule = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Move pictures, a concept, a collection or a rule to the trash. Nothing is lost: trash restore brings it
    back. Picture files are never touched."""
    kind, which = _one_kind(picture, concept, collection, rule)
    _tell(workbench().trash.put(kind, *which, author=author), "In the trash", as_json)


@trash.command("list")
def trash_list(
    kind: Annotated[
        Literal["picture", "concept", "collection", "rule"] | None, typer.Option(help="Only this kind.")
    ] = None,
    n: Most = 50,
    skip: Skip = 0,
    as_json: Json = False,
) -> None:
    """List the trash, newest first."""
    found = workbench().trash.list(kind, n, skip)
    rows = [
        (f"{one.when:%Y-%m-%d %H:%M}", one.who, one.kind, one.id[:12], one.labels, one.versions, one.name)
        for one in found
    ]
    show(found, as_json, lambda: table(("when", "by", "what", "id", "labels", "versions", "name"), rows))


@trash.command("restore")
def trash_restore(
    picture: Pictures = None,
    concept: Concept = None,
    collection: Collection = None,
    rule: Rule = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Restore pictures, a concept, a collection or a rule, with everything that belongs to it."""
    kind, which = _one_kind(picture, concept, collection, rule)
    _tell(workbench().trash.restore(kind, *which, author=author), "Restored", as_json)


@trash.command("empty")
def trash_empty(
    never_again: Annotated[
        bool, typer.Option("--never-again", help="Never add these pictures again; only their ids are kept.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask: it can't be undone.")] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Erase the pictures in the trash with their labels, vectors and thumbnails. The picture files stay where
    they are. Concepts, collections and rules stay in the trash."""
    bench = workbench()
    count = bench.pictures.library_info().in_bin
    if count and not yes:
        typer.confirm(f"Erase {count:,} pictures and all their labels?", abort=True, err=as_json)
    with progress("Emptying the trash", "What is left is still in the trash.") as listener:
        done = bench.trash.empty(author=author, refuse=never_again, listener=listener)

    def human() -> None:
        say(f"{done.pictures:,} pictures are erased, {done.freed / 1e6:,.1f} MB of files.")
        for what in ("places", "labels", "captions", "candidates", "drawn", "watched", "vectors", "lists"):
            say(f"  {getattr(done, what):,} {what}")
        say(f"  {done.thumbnails:,} thumbnails, {done.renditions:,} larger ones, {done.uploads:,} uploads")
        if done.in_archives:
            say(f"  {done.in_archives:,} stay inside uploaded archives, which hold other pictures too")

    show(done, as_json, human)


def _tell(moved: Moved, what: str, as_json: bool) -> None:
    named = f"“{moved.names[0]}”" if moved.names else f"{len(moved.ids):,} pictures"
    show(moved, as_json, lambda: say(f"{what}: {named}."))


def _one_kind(
    picture: list[str] | None, concept: str | None, collection: str | None, rule: str | None
) -> tuple[Kind, list[str]]:
    asked: dict[Kind, list[str]] = {
        "picture": picture or [],
        "concept": [concept] if concept else [],
        "collection": [collection] if collection else [],
        "rule": [rule] if rule else [],
    }
    given = [(kind, which) for kind, which in asked.items() if which]
    if len(given) != 1:
        raise DiscernError("Give one of --picture, --concept, --collection and --rule.")
    return given[0]
