"""A change of a definition as a short list of edits, which a person reads as a few words that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from concepts.definition.document import Criterion, Definition, Origin

MOST = 3  # edits in one proposal: more can't be judged at a glance


class Edit(BaseModel):
    """`number` counts the definition's criteria from 1.

    "add" puts a criterion of `kind` behind the others, of the necessary criterion `number` (0: of the concept
    as a whole); "reword" gives one another text, "turn" another kind, "remove" takes one away. The name and
    the sentence stay: they are the person's own.
    """

    action: Literal["add", "reword", "turn", "remove"]
    number: int
    kind: Literal["necessary", "included", "supporting", "excluding"]
    text: str


def edited(definition: Definition, edits: Sequence[Edit], origin: Origin, note: str = "") -> Definition:
    """The definition with these edits made. Raises `ValueError` where one can't be, or nothing changes."""
    if not 0 < len(edits) <= MOST:
        raise ValueError(f"give one to {MOST} edits")
    criteria: list[Criterion | None] = list(definition.criteria)
    new: list[Criterion] = []
    for edit in edits:
        text = " ".join(edit.text.split())
        if edit.action == "add":
            of = _parent(definition, edit)
            new.append(Criterion(kind=edit.kind, text=text, of=of, origin=origin, note=note))
            continue
        if not 1 <= edit.number <= len(criteria) or (before := criteria[edit.number - 1]) is None:
            raise ValueError(f"there is no criterion {edit.number}")
        criteria[edit.number - 1] = _changed(before, edit, text, origin, note)
    kept = [criterion for criterion in criteria if criterion is not None] + new
    texts = [criterion.text.casefold() for criterion in kept]
    if len(set(texts)) < len(texts):
        raise ValueError("two criteria would say the same")
    after = definition.model_copy(update={"criteria": tuple(kept)})
    if after == definition:
        raise ValueError("the edits change nothing")
    return after


def _parent(definition: Definition, edit: Edit) -> str:
    """The text of the criterion that a new kind of picture belongs to."""
    if not edit.number or edit.kind not in ("included", "excluding"):
        return ""
    if not 1 <= edit.number <= len(definition.criteria):
        raise ValueError(f"there is no criterion {edit.number}")
    criterion = definition.criteria[edit.number - 1]
    return criterion.text if criterion.kind == "necessary" else ""


def _changed(before: Criterion, edit: Edit, text: str, origin: Origin, note: str) -> Criterion | None:
    if edit.action == "remove":
        return None
    if edit.action == "turn":
        if edit.kind == before.kind:
            raise ValueError(f"criterion {edit.number} is of this kind already")
        return Criterion(kind=edit.kind, text=before.text, of=before.of, origin=origin, note=note)
    return Criterion(kind=before.kind, text=text, of=before.of, origin=origin, note=note)
