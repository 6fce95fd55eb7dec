"""Parts of queries about label events: which of them stand.

To put such a part together takes as long as to ask it, and an answer asks many: each is made once.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Exists, Select, select
from sqlalchemy.orm import aliased

from storage.removed import shown
from storage.tables import LabelEventRow

Value = Literal["yes", "no", "unsure", "skip"]
VALUES: tuple[Value, ...] = get_args(Value)
UNDO = "undo"
COMMENT = "comment"


def not_undone(concept_id: int, until: int | None = None):  # type: ignore[no-untyped-def]  # a long type
    """The labels of a concept that nobody has undone, of pictures that are not in the bin. `until` a label
    event: as it was then."""
    query = labels().where(LabelEventRow.concept_id == concept_id)
    if until is None:
        return query.where(~undone().exists())
    by_then = undone().where(undo().sequence <= until).exists()
    return query.where(~by_then, LabelEventRow.sequence <= until)


def of_each(given: Select[LabelEventRow], which: ColumnElement[int]) -> Select[LabelEventRow]:
    """Of these labels the first or the last of each author on each picture, oldest first."""
    e = LabelEventRow
    chosen = given.with_only_columns(which).group_by(e.picture_id, e.author, e.author_kind)
    return select(e).where(e.sequence.in_(chosen.correlate(None))).order_by(e.sequence)


@cache
def labels() -> Select[LabelEventRow]:
    """All of them, undone or not, of pictures that are not in the bin."""
    return select(LabelEventRow).where(LabelEventRow.value.in_(VALUES), shown(LabelEventRow.picture_id))


@cache
def undo() -> type[LabelEventRow]:
    """The event that undoes another one, beside that one."""
    return aliased(LabelEventRow)


@cache
def undone() -> Select[int]:
    """What undoes a label. A comment that takes the place of one given with it leaves it as it is."""
    undoing = undo()
    return select(undoing.sequence).where(undoing.undoes == LabelEventRow.sequence, undoing.value == UNDO)


@cache
def replaced() -> Exists:
    """Whether its author put another comment in the place of this one's."""
    later = aliased(LabelEventRow)
    its = (
        later.concept_id == LabelEventRow.concept_id,
        later.picture_id == LabelEventRow.picture_id,
        later.author == LabelEventRow.author,
        later.author_kind == LabelEventRow.author_kind,
        later.value == COMMENT,
        later.undoes >= LabelEventRow.sequence,
    )
    return select(later.sequence).where(*its).exists()
