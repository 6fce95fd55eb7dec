"""`discern concept`: concepts as a whole: rename, duplicate, fold."""

from __future__ import annotations

from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Name, concept, workbench
from concepts.cli.output import say, show, table

NewName = Annotated[str, typer.Argument(help="The name it gets.", metavar="NEW-NAME")]


@concept.command("rename")
def concept_rename(name: Name, new: NewName, author: Author = "me", as_json: Json = False) -> None:
    """Give a concept another name. Answers, versions and jobs stay; the old name leads to it until another
    concept gets that."""
    renamed = workbench().catalogue.rename(name, new, author=author)
    show(renamed, as_json, lambda: say(f"“{renamed.before}” is “{renamed.name}” now."))


@concept.command("duplicate")
def concept_duplicate(
    name: Name,
    new: NewName,
    answers: Annotated[
        bool, typer.Option("--answers", help="Take along what people answered; else the definition alone.")
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Begin another concept with the same definition. It has no versions, and measures with pictures of its
    own."""
    copy = workbench().catalogue.duplicate(name, new, answers=answers, author=author)
    along = f", with {copy.answers:,} answers" if answers else ""
    show(copy, as_json, lambda: say(f"“{copy.name}” begun{along}. Next: concept mine."))


@concept.command("fold")
def concept_fold(
    name: Name,
    into: Annotated[str, typer.Argument(help="The concept that gets the answers.", metavar="INTO")],
    preview: Annotated[
        bool, typer.Option("--preview", help="Only say what would happen, and where answers differ.")
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Copy a concept's answers to another one and archive it. Where a person answered about both, the newer
    answer holds. concept unfold takes it back."""
    folding = workbench().folding
    found = folding.preview(name, into)
    done = None if preview else folding.fold(name, into, author=author)

    def human() -> None:
        if done is None:
            say(f"Of {found.answers:,} answers of “{found.source}”, {found.copied:,} would be copied.")
        else:
            say(f"“{done.source}” is in “{done.target}”, with {done.copied:,} answers, and archived.")
        say(
            f"{found.teach:,} teach, {found.measure:,} measure, {found.kept_apart:,} are kept apart and do "
            f"neither; {found.same:,} were there already."
        )
        if found.differ:
            say(f"In {found.differ:,} pictures a person said something else of the two; the newer one holds:")
            rows = [
                (d.author, d.source, d.target, d.source if d.holds == "source" else d.target, d.path)
                for d in found.differing
            ]
            table(("who", found.source, found.target, "holds", "path"), rows)
        if found.between_people:
            say(f"Of {found.between_people:,} pictures people say yes and no then.")

    show(found if done is None else {"folded": done, "preview": found}, as_json, human)


@concept.command("folds")
def concept_folds(name: Name, as_json: Json = False) -> None:
    """What was folded into a concept, or it into others, with the answers that differed."""
    found = workbench().folding.folds(name)

    def human() -> None:
        for fold in found:
            say(f"{fold.created:%Y-%m-%d %H:%M} {fold.author}: “{fold.source}” into “{fold.target}”.")
            rows = [(d.author, d.source, d.target, d.holds, d.path) for d in fold.differing]
            if rows:
                table(("who", fold.source, fold.target, "holds", "path"), rows)

    show(found, as_json, human)


@concept.command("unfold")
def concept_unfold(name: Name, author: Author = "me", as_json: Json = False) -> None:
    """Bring a folded concept back, and take back the answers that were copied."""
    back = workbench().folding.unfold(name, author=author)
    said = f"“{back.source}” is back; {back.taken_back:,} answers are taken back from “{back.target}”."
    show(back, as_json, lambda: say(said))
