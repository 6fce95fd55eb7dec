"""The menu of a concept, on its card and at its head: rename, duplicate, fold, move to trash."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.folding import FoldPreview
from web.advice import in_words
from web.live import Action
from web.render import Button, Notice, render
from web.screens.trash import move
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
            renamed = workbench.catalogue.rename(name, typed, author=author)
        except DiscernError as error:
            return Outcome(_rename(workbench, name, typed, _refused(error)))
        return Outcome("", renamed_notice(renamed.before, renamed.name), renamed.name)
    if action.name == "duplicate":
        along = action.fields.get("answers") == "yes"
        try:
            copy = workbench.catalogue.duplicate(name, typed, answers=along, author=author)
        except DiscernError as error:
            return Outcome(_duplicate(workbench, name, typed, along, _refused(error)))
        taken = f", with {count(copy.answers, 'answer')}" if along else ""
        return Outcome("", Notice(f"“{copy.name}” is begun{taken}.", "good"), copy.name)
    if action.name == "differed":
        return Outcome(render("concept/differed.html", name=name, folds=workbench.folding.folds(name)))
    if action.name in ("ask-fold", "fold", "unfold"):
        return _folding(workbench, action.name, name, action.fields.get("into", ""), author)
    if action.name in ("trash-concept", "restore-concept"):
        return Outcome("", move(workbench, action, dict(parse_qsl(name)), author))
    return None


def renamed_notice(before: str, name: str) -> Notice | None:
    """With the way back; None where nothing was changed."""
    if before == name:
        return None
    undo = Button("Undo", "rename", f"{name}/{before}", "undo-2")
    return Notice(f"“{before}” is called “{name}” now.", "good", undo)


def _rename(workbench: Workbench, name: str, typed: str | None = None, said: Notice | None = None) -> str:
    now = workbench.definitions.concept(name).name
    return render("concept/rename.html", name=now, typed=now if typed is None else typed, said=said)


def _duplicate(
    workbench: Workbench, name: str, typed: str = "", along: bool = True, said: Notice | None = None
) -> str:
    concept = workbench.definitions.concept(name)
    return render(
        "concept/duplicate.html",
        name=concept.name,
        typed=typed or f"{concept.name} (copy)",
        answers=concept.answers.answers,
        along=along,
        said=said,
    )


def _folding(workbench: Workbench, what: str, name: str, into: str, author: str) -> Outcome:
    folding = workbench.folding
    if what == "unfold":
        back = folding.unfold(name, author=author)
        taken = f"{count(back.taken_back, 'answer')} taken back from “{back.target}”"
        return Outcome("", Notice(f"“{back.source}” is back, with {taken}.", "good"), back.source)
    try:
        if what == "fold":
            done = folding.fold(name, into, author=author)
            text = f"“{done.source}” is folded into “{done.target}”, with {count(done.copied, 'answer')}."
            return Outcome("", Notice(text, "good", Button("Undo", "unfold", done.source, "undo-2")))
        preview = folding.preview(name, into) if into else None
    except DiscernError as error:
        return Outcome(_fold(workbench, name, into, None, _refused(error)))
    return Outcome(_fold(workbench, name, into, preview))


def _fold(
    workbench: Workbench, name: str, into: str, preview: FoldPreview | None, said: Notice | None = None
) -> str:
    now = workbench.definitions.concept(name).name
    others = [other for other in workbench.catalogue.names() if other != now]
    return render("concept/fold.html", name=now, others=others, into=into, preview=preview, said=said)


def _refused(error: DiscernError) -> Notice:
    return Notice(f"{in_words(error)} Nothing was changed.", "bad")
