"""`discern concept prompts`: what a concept's models are told, and its own texts of that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.concept import show_changes
from concepts.cli.groups import Author, Json, Name, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.workbench.prompts import Preview, PromptView


@concept.command("prompts")
def concept_prompts(
    name: Name,
    shown: Annotated[str | None, typer.Option("--show", help="The text of this one.")] = None,
    edit: Annotated[
        Path | None,
        typer.Option(help="Take this file as the concept's own text of the prompt it is named after."),
    ] = None,
    reset: Annotated[str | None, typer.Option(help="Go back to the default of this one.")] = None,
    diff: Annotated[str | None, typer.Option(help="What this one changes in the default.")] = None,
    preview: Annotated[
        str | None, typer.Option(help="What a model will be sent with this one, word for word.")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(help="With --preview: the id of the picture to show it.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """What models are told when they judge and propose for this concept; it can have texts of its own.

    To edit one: concept prompts NAME --show annotate.user > annotate.user.md, edit, and --edit that file.
    """
    prompts = workbench().concept(name).prompts
    if edit is not None:
        kept = prompts.set(edit.stem, _text_of(edit), author=author)
        show(kept, as_json, f"{kept.name}: {'its own text' if kept.own else 'the default'}.")
    elif reset is not None:
        kept = prompts.set(reset, "", author=author)
        show(kept, as_json, f"{kept.name}: the default again.")
    elif shown is not None:
        found = prompts.get(shown)
        show(found, as_json, found.text)
    elif diff is not None:
        show_changes(prompts.diff(diff), as_json)
    elif preview is not None:
        sent = prompts.preview(preview, picture)
        show(sent, as_json, _tell)
    else:
        show(prompts.all(), as_json, _list)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise DiscernError(f"{file} can't be read as text: {error}.") from error


def _list(found: Sequence[PromptView]) -> None:
    rows = [(one.version, one.author if one.own else "", one.name) for one in found]
    table(("version", "edited by", "prompt"), rows)


def _tell(sent: Preview) -> None:
    say(f"To {sent.model} at {sent.endpoint}" if sent.model else "No model is set for this.")
    for message in sent.messages:
        say(f"\n--- {message.role} ---\n{message.text}")
        for one in message.pictures:
            say(f"[picture {one.id}, {one.width} × {one.height} px, {one.bytes:,} bytes of JPEG]")
    say(f"\n--- also sent ---\n{json.dumps(sent.parameters, ensure_ascii=False, indent=2)}")
