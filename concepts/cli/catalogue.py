"""`discern concept`: concepts as a whole: rename, archive."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Most, Name, Skip, concept, workbench
from concepts.cli.output import say, show, table

NewName = Annotated[str, typer.Argument(help="The name it gets.", metavar="NEW-NAME")]


@concept.command("rename")
def concept_rename(name: Name, new: NewName, author: Author = "me", as_json: Json = False) -> None:
    """Give a concept another name. Answers, versions and jobs stay; the old name leads to it until another
    concept gets that."""
    renamed = workbench().catalogue.rename(name, new, author=author)
    show(renamed, as_json, lambda: say(f"“{renamed.before}” is “{renamed.name}” now."))


@concept.command("archive")
def concept_archive(name: Name, as_json: Json = False) -> None:
    """Take a concept out of lists and work. Nothing is lost: concept restore brings it back."""
    archived = workbench().catalogue.archive(name)
    show(archived, as_json, lambda: say(f"“{archived.name}” is archived."))


@concept.command("archived")
def concept_archived(n: Most = 50, skip: Skip = 0, as_json: Json = False) -> None:
    """Concepts that are archived, the last first."""
    found = workbench().catalogue.archived(n, skip)
    rows = [(f"{c.archived:%Y-%m-%d %H:%M}", c.name) for c in found]
    show(found, as_json, lambda: table(("when", "concept"), rows))


@concept.command("restore")
def concept_restore(name: Name, as_json: Json = False) -> None:
    """Bring an archived concept back."""
    back = workbench().catalogue.restore(name)
    show({"name": back}, as_json, lambda: say(f"“{back}” is back."))
