"""`discern concept`: concepts as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Name, concept, workbench
from concepts.cli.output import say, show

NewName = Annotated[str, typer.Argument(help="The name it gets.", metavar="NEW-NAME")]


@concept.command("rename")
def concept_rename(name: Name, new: NewName, author: Author = "me", as_json: Json = False) -> None:
    """Give a concept another name. Answers, versions and jobs stay; the old name leads to it until another
    concept gets that."""
    renamed = workbench().catalogue.rename(name, new, author=author)
    show(renamed, as_json, lambda: say(f"“{renamed.before}” is “{renamed.name}” now."))
