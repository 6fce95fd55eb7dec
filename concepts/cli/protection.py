"""`discern protection` and `discern concept protection`: how pictures are shown on the screens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from concepts.cli.groups import Author, Json, Name, app, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError

OF_PERSON = {"concept": "", "plain": "plain", "blur": "blur", "greyscale": "greyscale", "both": "both"}
OF_CONCEPT = {"plain": "", "blur": "blur", "greyscale": "greyscale", "both": "both"}
WORDS = {
    "": "as each concept says",
    "plain": "as they are",
    "blur": "blurred",
    "greyscale": "in grey",
    "both": "blurred and in grey",
}


@app.command("protection")
def protection(
    shown_as: Annotated[
        str | None, typer.Option("--as", help=f"How pictures are shown: {', '.join(OF_PERSON)}.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The key that shows a picture: v, b, h, p or r.")] = None,
    break_pictures: Annotated[
        int | None, typer.Option(min=0, help="Offer a break after so many pictures; 0: never.")
    ] = None,
    break_minutes: Annotated[
        int | None, typer.Option(min=0, help="Offer a break after so many minutes; 0: never.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """How pictures are shown to you on the screens, and how many you had in view on the last days."""
    from typing import get_args

    from concepts.workbench.protection import Key, Protection  # pydantic, only where it is needed

    bench = workbench().protection
    wanted: dict[str, Any] = bench.of_person(author).model_dump()
    if shown_as is not None:
        wanted["shown_as"] = _chosen(shown_as, OF_PERSON)
    if key is not None:
        wanted["key"] = _chosen(key, dict.fromkeys(get_args(Key)) | {one: one for one in get_args(Key)})
    if break_pictures is not None:
        wanted["break_pictures"] = min(break_pictures, 100_000)
    if break_minutes is not None:
        wanted["break_minutes"] = min(break_minutes, 1440)
    changed = any(value is not None for value in (shown_as, key, break_pictures, break_minutes))
    now = bench.prefer(author, Protection(**wanted)) if changed else bench.of_person(author)
    seen = bench.seen(author)

    def tell() -> None:
        say(f"Pictures are shown {WORDS[now.shown_as]}; {now.key.upper()} shows one that is protected.")
        rows = [(one.day, one.shown, one.unprotected, one.minutes) for one in seen]
        if rows:
            table(("day", "pictures", "unprotected", "minutes"), rows)

    show({**now.model_dump(), "seen": [one.model_dump() for one in seen]}, as_json, tell)


@concept.command("protection")
def concept_protection(
    name: Name,
    shown_as: Annotated[
        str | None, typer.Option("--as", help=f"How its pictures are shown: {', '.join(OF_CONCEPT)}.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How pictures are shown on the screens of a concept to people who haven't chosen otherwise."""
    bench = workbench().protection
    if shown_as is not None:
        bench.protect(name, _chosen(shown_as, OF_CONCEPT))
    now = bench.of_concept(name)
    show({"shown_as": now}, as_json, lambda: say(f"Its pictures are shown {WORDS[now or 'plain']}."))


def _chosen(given: str, known: dict[str, Any]) -> Any:
    if given not in known:
        raise DiscernError(f"“{given}” is none of {', '.join(known)}.")
    return known[given]
