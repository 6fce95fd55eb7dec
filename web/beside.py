"""What is known of the selected picture: why it is there, what was said of it, and buttons that label it."""

from __future__ import annotations

from time import time
from typing import Any

import gradio as gr

from concepts.collaborator.annotations import annotations_to_review
from concepts.collaborator.suggestions import Evidence, Opinion, ReviewFilter
from concepts.labelling.labels import comments_on, give_labels
from concepts.labelling.reasons import Reason
from concepts.library.collection import collection_of
from concepts.results.review import review_queue
from concepts.use_cases import App, Concept
from concepts.use_cases.roles import Role
from web.components.view import DataView
from web.handlers import author_of, may
from web.parts import COMPONENTS
from web.render import file_name
from web.words import percent

RATINGS = {5: "surely yes", 4: "probably yes", 3: "can’t tell", 2: "probably no", 1: "surely no"}
REASONS = {
    Reason.PEOPLE_DISAGREE: "People disagree",
    Reason.SAID_BOTH: "Labelled both ways",
    Reason.NEAR_DUPLICATE_DISAGREES: "Near-duplicate disagrees",
    Reason.LIKELY_MISLABELLED: "Worth a second look",
    Reason.OLDER_DESCRIPTION: "Older description",
    Reason.OLDER_TEST_LABEL: "Older test label",
    Reason.MISTAKE: "Mistake",
    Reason.CHANGED_TEST_LABEL: "Changed test label",
    Reason.ODD: "Odd yes",
    Reason.BORDERLINE: "Borderline",
}
FOUND_BY = {
    "random": "drawn at random",
    "example": "like your example",
    "classifier": "chosen by the classifier",
    "like a yes": "like a suggested yes",
}
# Kind of criterion → verdict → mark, words, style. An excluding criterion that is met speaks against
# the picture; kinds that it is not of say nothing.
_PLAIN = {
    "met": ("✓", "holds", "yes"),
    "not met": ("✗", "doesn’t hold", "no"),
    "unclear": ("?", "unclear", "maybe"),
}
_NOT_OF = {"not met": ("–", "not of this kind", "soft")}
_EVIDENCE = {
    "excluding": _PLAIN
    | {"met": ("✗", "rules it out", "no"), "not met": ("✓", "doesn’t rule it out", "yes")},
    "included": _PLAIN | {"met": ("✓", "of this kind, which counts", "yes")} | _NOT_OF,
    "undecided": _PLAIN | {"met": ("?", "of this kind, which is open", "maybe")} | _NOT_OF,
}
_BEFORE = {"excluding": "Not: ", "included": "Counts: ", "undecided": "Open: "}


class Beside:
    """`view` is a component: its event `labelled` tells that a label was saved (`ids`)."""

    def __init__(self, app: App, elem_id: str) -> None:
        self._app = app
        script = "/web/components/view/beside.js"
        template = COMPONENTS / "view" / "beside.html"
        self.view = DataView(
            template, script=script, elem_id=elem_id, elem_classes="beside-part", events=("labelled",)
        )

    def of(
        self,
        concept: Concept,
        picture: str,
        grid: str,
        request: gr.Request,
        *,
        blind: bool = False,
        note: str = "",
    ) -> dict[str, Any]:
        """The value of a picture of a grid. Tells nothing that could sway a label that is to be `blind`."""
        asked_at = time()
        rows = review_queue(self._app.concept(concept.name), reader=reader_of(request)).rows
        rows = [row for row in rows if row.id == picture]
        blind = blind or any(row.blind for row in rows)
        items = [] if blind else annotations_to_review(concept, ReviewFilter(ids=(picture,)), 1).items
        item = next(iter(items), None)
        path = collection_of(self._app).paths([picture]).get(picture, "")
        remarks = comments_on(concept, [picture], author_of(request)).get(picture, ())
        others = rows[0].labels if rows and rows[0].labels[1:] else []
        return {
            "concept": concept.name,
            "grid": grid,
            "id": picture,
            "asked_at": asked_at,
            "name": file_name(path) or "Picture",
            "blind": blind,
            "reasons": []
            if blind
            else [
                {
                    "reason": REASONS[row.reason],
                    "test": row.purpose == "evaluation",
                    "label": row.label,
                    "evidence": row.evidence,
                }
                for row in rows
            ],
            "labels": [{"author": one.author, "value": one.value} for one in others],
            "labelled": ", ".join(filter(None, (item.answer, on_scale(item.answer_given))))
            if item and item.answer and not rows
            else "",
            "suggestion": _suggestion(item.opinion) if item else None,
            "found_by": ", ".join(map(found_by, item.brought_by[:2])) if item else "",
            "remarks": [{"who": "You" if one.own else one.author, "text": one.text} for one in remarks],
            "note": note,
            "answers": _answers(item.opinion if item else None),
            "may_label": may(request, give_labels),
        }


def reader_of(request: gr.Request) -> str | None:
    """Who reads what others said only after labelling; None for a viewer, who can't label."""
    return author_of(request) if request.state.role >= Role.LABELLER else None


def found_by(query: str) -> str:
    short = query if len(query) <= 40 else f"{query[:40].rstrip()}…"
    return FOUND_BY.get(query, f"found by “{short}”")


def on_scale(given: str) -> str:
    """A grade or class in words. No class is called by a number."""
    if given == "none":
        return "none of these"
    return f"grade {given}" if given.isdecimal() else given


def _answers(opinion: Opinion | None) -> list[dict[str, str]]:
    """Yes and no, or the grade or class that a model gave: the keys say the others."""
    agree = (
        [{"value": opinion.given, "words": f"Agree: {on_scale(opinion.given)}"}]
        if opinion and opinion.given
        else []
    )
    counts = [{"value": "yes", "words": "Counts"}, {"value": "no", "words": "Doesn’t"}]
    return [*agree, *counts, {"value": "unsure", "words": "Unsure"}]


def _suggestion(said: Opinion) -> dict[str, Any]:
    words = RATINGS[said.rating] + (f", {on_scale(said.given)}" if said.given else "")
    sure = (
        f"(right in about {percent(said.confidence)} of such pictures)" if said.confidence is not None else ""
    )
    return {
        "value": said.value,
        "words": words,
        "sure": sure,
        "rationale": said.rationale,
        "copied": bool(said.same_as),
        "evidence": [_evidence(one) for one in said.evidence],
    }


def _evidence(found: Evidence) -> dict[str, str]:
    mark, words, style = _EVIDENCE.get(found.kind, _PLAIN)[found.verdict]
    criterion = _BEFORE.get(found.kind, "") + found.criterion
    return {"mark": mark, "words": f": {words}", "style": style, "criterion": criterion}


def one_of(chosen: gr.EventData) -> str:
    """The picture that an event of a grid is about; empty where it is about none, or several."""
    ids = getattr(chosen, "ids", None)
    return str(ids[0]) if isinstance(ids, list) and len(ids) == 1 else ""
