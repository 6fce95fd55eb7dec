"""One picture over Review or Borderline: why it is there, what was said of it, and the person's label."""

from __future__ import annotations

from collections.abc import Container

from fastapi import Request

from concepts.collaborator.suggestions import ReviewFilter
from concepts.installation.users import Role
from concepts.workbench import Workbench
from web.http.guard import author_of
from web.page import Action
from web.render import Button, render, say

LABELS = ("yes", "no", "unsure", "undo")


def reader_of(asked: Request) -> str | None:
    """Who reads what others said only after labelling; None for a viewer, who can't label."""
    return author_of(asked) if asked.state.role >= Role.LABELLER else None


def opened(
    bench: Workbench,
    concept: str,
    picture: str,
    request: Request,
    in_view: Container[str] = (),
    *,
    blind: bool = False,
) -> str:
    """The dialog. Tells nothing that could sway a label that is to be `blind`. The page shows the suggestion
    for pictures that are `in_view`."""
    handle = bench.concept(concept)
    rows = [row for row in bench.review.queue(concept, reader=reader_of(request)).rows if row.id == picture]
    blind = blind or any(row.blind for row in rows)
    items = [] if blind else handle.annotations.review(ReviewFilter(ids=(picture,)), 1).items
    return render(
        "review/picture.html",
        id=picture,
        path=next(iter([*(row.path for row in rows), *(item.path for item in items)]), ""),
        rows=rows,
        item=next(iter(items), None),
        blind=blind,
        how="blind" if blind and picture not in in_view else "seen",
        remarks=handle.labels.comments([picture], author_of(request)).get(picture, ()),
    )


def labelled(bench: Workbench, concept: str, action: Action, author: str) -> str:
    """Commits the label that was pressed ("picture|key|how|grade or class"), or takes back that of a key."""
    labels = bench.concept(concept).labels
    if action.name == "undo":
        undone = labels.take_back(author=author, only=[action.value])
        return say("Undone." if undone else "Nothing to undo.", "good")
    picture, key, how, given = (*action.value.split("|", 3), "", "")[:4]
    label = given or action.name
    labels.give(picture, label, author=author, key=key, in_view=how != "blind")
    return say(f"Saved: {label}.", "good", Button("Undo", "undo", key, "undo-2"))
