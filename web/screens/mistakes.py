"""The newest version's mistakes on Check: the lists, one picture over them, and its label again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from concepts.labelling.reasons import Reason
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from web.page import Action
from web.render import Button, render, say

PAGE: Final = 12
LABELS: Final = {"yes": "it counts", "no": "it doesn’t count", "unsure": "unsure"}


def listed(bench: Workbench, view: ConceptView, author: str, pages: Sequence[int]) -> dict[str, Any]:
    """What `check/mistakes.html` shows, by name. `pages`: the first false positive and the first missed
    picture that are shown."""
    rows = bench.review.queue(view.name).rows
    found = [row for row in rows if row.reason is Reason.MISTAKE]
    remarks = bench.concept(view.name).labels.comments([row.id for row in found], author)
    return {
        "found": found,
        "changed": [row for row in rows if row.reason is Reason.CHANGED_TEST_LABEL],
        "labelled": view.answers.given,
        "pages": pages,
        "size": PAGE,
        "commented": remarks.keys(),
    }


def opened(bench: Workbench, name: str, picture: str, author: str) -> str | None:
    """The dialog over one of them; None where it is none any more."""
    found = next((row for row in bench.review.queue(name, Reason.MISTAKE).rows if row.id == picture), None)
    if found is None:
        return None
    view = bench.concept(name).definition.read()
    return render(
        "check/correction.html",
        mistake=found,
        concept=view.name,
        version=view.heads[-1].number,
        description=view.revision.definition.description,
        said=bench.concept(name).labels.comments([picture], author).get(picture, ()),
    )


def answered(bench: Workbench, name: str, action: Action, author: str) -> str:
    """Commits the label, and the comment that stands in the box now; says so."""
    picture, key = json.loads(action.value)
    value, comment = action.fields.get("value", ""), action.fields.get("comment", "").strip()
    before = bench.concept(name).labels.own_comments([picture], author).get(picture, "")
    why = "" if before else comment  # an earlier one was in the box: this one takes its place
    bench.concept(name).labels.give(picture, value, author=author, key=key, comment=why, in_view=True)
    if before and comment.split() != before.split():
        bench.concept(name).labels.comment(picture, comment, author=author, key=f"{key}-comment")
    return say(f"Saved: {LABELS[value]}.", "good", Button("Undo", "undo", key, "undo-2"))
