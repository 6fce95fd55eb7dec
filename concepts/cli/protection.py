"""`discern protection` and `discern concept protection`: how pictures are shown on the screens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from concepts.cli.groups import Author, Json, Name, app, concept, workbench
from concepts.cli.output import say, show
from concepts.errors import WrongUsageError

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
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """How pictures are shown to you on the screens."""
    from typing import get_args

    from concepts.workbench.protection import Key  # pydantic, only where it is needed

    bench = workbench().protection
    now = bench.of_person(author)
    wanted: dict[str, Any] = now.model_dump()
    if shown_as is not None:
        wanted["shown_as"] = _chosen(shown_as, OF_PERSON)
    if key is not None:
        wanted["key"] = _chosen(key, dict.fromkeys(get_args(Key)) | {one: one for one in get_args(Key)})
    if shown_as is not None or key is not None:
        now = bench.prefer(**wanted, author=author)
    told = f"Pictures are shown {WORDS[now.shown_as]}; {now.key.upper()} shows one that is protected."
    show(now, as_json, lambda: say(told))


@concept.command("protection")
def concept_protection(
    name: Name,
    shown_as: Annotated[
        str | None, typer.Option("--as", help=f"How its pictures are shown: {', '.join(OF_CONCEPT)}.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How pictures are shown on the screens of a concept to people who haven't chosen otherwise."""
    protection = workbench().concept(name).protection
    if shown_as is not None:
        protection.set(_chosen(shown_as, OF_CONCEPT))
    now = protection.get()
    show(now, as_json, lambda: say(f"Its pictures are shown {WORDS[now.shown_as or 'plain']}."))


def _chosen(given: str, known: dict[str, Any]) -> Any:
    if given not in known:
        raise WrongUsageError(f"“{given}” is none of {', '.join(known)}.")
    return known[given]
