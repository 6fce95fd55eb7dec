"""Answers that are worth a second look: `discern concept second-look`, `look-again` and what came of them."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer

from concepts.cli.groups import Author, Json, Most, Name, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError


@concept.command("second-look")
def second_look(name: Name, n: Most = 20, as_json: Json = False) -> None:
    """Pictures that are worth a second look, as the screen of that name has them. Answer them with:
    concept labels add --in-view."""
    bench = workbench()
    bench.second_look.current(name)
    found = bench.second_look.worth(name, n)

    def human() -> None:
        rows = [(one.why, one.value or "–", f"{one.probability:.2f}", one.id[:12], one.path) for one in found]
        table(("why", "answer", "how sure of yes", "id", "path"), rows)

    show(found, as_json, human)


@concept.command("look-again")
def look_again(
    name: Name,
    picture: Annotated[
        str | None, typer.Argument(help="Its path, its id, or how the id begins: the one that was shown.")
    ] = None,
    value: Annotated[str | None, typer.Argument(help="yes, no or unsure.")] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Look again at answers that measure, without being told which of them a version has wrong: shows the
    next picture, keeps what you say of it beside your first answer, and says at the end what came of it."""
    bench = workbench()
    if picture is not None:
        if value is None:
            raise DiscernError("Say yes, no or unsure after the picture.")
        key = uuid.uuid4().hex
        bench.second_look.answer_again(name, bench.pictures.id_of(picture), value, author=author, key=key)
    look = bench.second_look.again(name, author)

    def human() -> None:
        if look.sentence:
            say(look.sentence)
        elif look.next is None:
            say("There is nothing to look at again: it takes answers of yours that measure, right and wrong.")
        else:
            say(f"{look.answered + 1} of {look.asked}: {look.next.id[:12]}  {look.next.path}")

    show(look, as_json, human)


@concept.command("corrected")
def corrected(name: Name, as_json: Json = False) -> None:
    """Pictures that measure and were answered otherwise since: the first answers measure."""
    found = workbench().second_look.corrected(name)
    rows = [(one.first, one.now, one.id[:12], one.path) for one in found]
    show(found, as_json, lambda: table(("first", "now", "id", "path"), rows))


@concept.command("suspects")
def suspects(name: Name, n: Most = 20, as_json: Json = False) -> None:
    """Answers that may be mistakes, for a second look: all other answers speak against them."""
    found = workbench().second_look.current(name).suspects[:n]

    def human() -> None:
        rows = [(item.value, f"{item.probability:.2f}", item.id[:12], item.path) for item in found]
        table(("answer", "doubt", "id", "path"), rows)

    show(found, as_json, human)


@concept.command("doubts")
def doubts(name: Name, n: Most = 20, as_json: Json = False) -> None:
    """What the newest version would get wrong if it had not been told, and what it can't place."""
    bench = workbench()
    bench.second_look.current(name)
    found = bench.second_look.doubts(name)

    def human() -> None:
        if found is None:
            say("There is no version yet. Train one first.")
            return
        say(
            f"If it had not been told, version {found.version} would get {found.mistakes:,} of "
            f"{found.judged:,} answers to learn from wrong. What it gets wrong itself: concept mistakes."
        )
        rows = [
            (item.value or "–", f"{item.probability:.2f}", item.id[:12], item.path)
            for item in (*found.wrong[:n], *found.unsure[:n])
        ]
        table(("answer", "how sure of yes", "id", "path"), rows)

    show(found, as_json, human)
