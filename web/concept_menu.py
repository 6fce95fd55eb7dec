"""The menu of a concept, on its card and at its head: rename, duplicate, move to trash."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from web.advice import in_words
from web.page import Action
from web.render import Button, Notice, render
from web.screens.trash_old import move
from web.words import count


@dataclass(frozen=True)
class Outcome:
    """What a press came to. `dialog`: HTML that asks for more, empty once it is done. `name`: of the concept
    that it came to, empty where that is in the trash."""

    dialog: str
    said: Notice | None = None
    name: str = ""


def chosen(workbench: Workbench, action: Action, author: str) -> Outcome | None:
    """None where this is no press of the menu. Raises `DiscernError` where the concept is gone meanwhile."""
    name, typed = action.value, action.fields.get("name", "")
    if action.name == "rename" and "name" not in action.fields:  # undone: the name before is behind a slash
        name, _, typed = action.value.partition("/")
    if action.name == "ask-name":
        return Outcome(_rename(workbench, name))
    if action.name == "ask-copy":
        return Outcome(_duplicate(workbench, name))
    if action.name == "rename":
        try:
            concept = workbench.concept(name)
            now = concept.definition.rename(typed, author=author)
        except DiscernError as error:
            return Outcome(_rename(workbench, name, typed, _refused(error)))
        return Outcome("", renamed_notice(concept.name, now), now)
    if action.name == "duplicate":
        along = action.fields.get("answers") == "yes"
        try:
            copy = workbench.concepts.copy(name, typed, with_labels=along, author=author)
        except DiscernError as error:
            return Outcome(_duplicate(workbench, name, typed, along, _refused(error)))
        answers = copy.definition.read().answers.answers
        taken = f" with {count(answers, 'label')}" if along else ""
        return Outcome("", Notice(f"“{copy.name}” created{taken}.", "good"), copy.name)
    if action.name in ("trash-concept", "restore-concept"):
        return Outcome("", move(workbench, action, dict(parse_qsl(name)), author))
    return None


def renamed_notice(before: str, name: str) -> Notice | None:
    """With the way back; None where nothing was changed."""
    if before == name:
        return None
    undo = Button("Undo", "rename", f"{name}/{before}", "undo-2")
    return Notice(f"“{before}” renamed to “{name}”.", "good", undo)


def _rename(workbench: Workbench, name: str, typed: str | None = None, said: Notice | None = None) -> str:
    now = workbench.concept(name).name
    return render("concept/rename.html", name=now, typed=now if typed is None else typed, said=said)


def _duplicate(
    workbench: Workbench, name: str, typed: str = "", along: bool = True, said: Notice | None = None
) -> str:
    concept = workbench.concept(name).definition.read()
    return render(
        "concept/duplicate.html",
        name=concept.name,
        typed=typed or f"{concept.name} (copy)",
        answers=concept.answers.answers,
        along=along,
        said=said,
    )


def _refused(error: DiscernError) -> Notice:
    return Notice(f"{in_words(error)} Nothing was changed.", "bad")
