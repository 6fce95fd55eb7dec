"""What SQL knows of a picture, in one list, and taking it out there for good.

A test holds every table and every column of text to these lists, so that a new one can't be forgotten.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    String,
    Update,
    and_,
    case,
    delete,
    func,
    select,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.orm import Session

from storage.collections import forget
from storage.database import insert_new
from storage.tables import (
    PURGED,
    AnsweredRow,
    BadFileRow,
    CandidateRow,
    CollectionPictureRow,
    Deed,
    DefinitionRow,
    Delivery,
    EvaluationPictureRow,
    EvaluationRow,
    FramedPart,
    HeadRow,
    KeptFigureRow,
    LabelEventRow,
    ModelAnswerRow,
    ModelCallRow,
    NamedCollectionRow,
    OutsidePictureRow,
    PendingVectorRow,
    PictureColumn,
    PictureRow,
    RemovalRow,
    Rewording,
    Round,
    SourceRow,
    StoredAnnotation,
    StoredJob,
    WallRow,
    Watched,
    now,
)

MEASURING = "random"  # how pictures that measure come in; others are apart for something else
MEASURED_KEY = f"{PURGED}/measured/"  # begins the key of what is left of an answer that measured
SHORTEST = 10  # characters of an id by which some messages and files name a picture

# Rows that go with their picture, those that lead to others first.
ROWS = (
    StoredAnnotation.picture_id,
    PendingVectorRow.picture_id,
    OutsidePictureRow.picture_id,
    FramedPart.picture_id,
    PictureColumn.picture_id,
    CandidateRow.picture_id,
    EvaluationPictureRow.picture_id,
    Watched.picture_id,
    CollectionPictureRow.picture_id,
    SourceRow.picture_id,
    PictureRow.id,
)
# Logs that go on being numbered: their events stay, of no picture.
EVENTS = (LabelEventRow.picture_id, RemovalRow.picture_id)
# What can be worked out or asked again, and may speak of any picture: all of it goes.
CACHES = (KeptFigureRow, AnsweredRow, ModelAnswerRow)
# Text and JSON that may name one among others. These parts of it go.
MENTIONS = (
    CandidateRow.brought_by,
    Deed.about,
    DefinitionRow.document,
    DefinitionRow.note,
    EvaluationRow.report,
    HeadRow.details,
    ModelCallRow.error,
    NamedCollectionRow.rule,
    Rewording.candidates,
    Round.pictures,
    StoredJob.arguments,
    StoredJob.details,
    StoredJob.error,
    StoredJob.memory,
    StoredJob.message,
    StoredJob.result,
    WallRow.pictures,
)

_HEX = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{SHORTEST},64}}(?![0-9a-f])")


@dataclass(frozen=True)
class PurgedRows:
    """What went of pictures from SQL. `labels` counts what people and machines said of them."""

    pictures: int = 0
    places: int = 0
    labels: int = 0
    captions: int = 0
    candidates: int = 0
    drawn: int = 0
    watched: int = 0


class Gone:
    """Pictures that go, by id and by every place, and text without them."""

    def __init__(self, ids: Collection[str], places: Collection[str]) -> None:
        self.ids, self.places = frozenset(ids), frozenset(places)
        self._by_start: defaultdict[str, list[str]] = defaultdict(list)
        for picture_id in self.ids:
            self._by_start[picture_id[:SHORTEST]].append(picture_id)
        self._files: defaultdict[str, set[str]] = defaultdict(set)  # folder → names
        for place in self.places:
            name = re.split(r"[/\\]", place)[-1]
            if folder := place.removesuffix(name):
                self._files[folder].add(name)
        self._begin = os.path.commonprefix([*self._files])  # noqa: RUF071 (of every folder, as text)

    def taken_from(self, value: Any) -> Any:
        """Text or JSON as it is without them. Of a list what is about one goes whole, with all that is said
        of it there; text has “purged” in the place of an id, of how one begins, and of a path."""
        if isinstance(value, str):
            return "" if value in self.ids else self._text(value)
        if isinstance(value, list):
            return [self.taken_from(part) for part in value if not self._is_of_one(part)]
        if isinstance(value, dict):
            return {name: self.taken_from(part) for name, part in value.items() if name not in self.ids}
        return value

    def _is_of_one(self, part: Any) -> bool:
        if isinstance(part, list):  # a pair of a picture and what was said of it
            return bool(part) and self._is_of_one(part[0])
        if isinstance(part, dict):
            said = (text for text in part.values() if isinstance(text, str))
            return any(text in self.ids or text in self.places for text in said)
        return part in self.ids

    def _text(self, text: str) -> str:
        if not text or text in self.places:
            return PURGED if text else ""
        text = _HEX.sub(self._named, text)
        if self._begin not in text:
            return text
        for folder, names in self._files.items():
            if folder in text:
                lengths = sorted({len(name) for name in names}, reverse=True)
                first, *rest = text.split(folder)
                text = first + "".join(_after(folder, part, names, lengths) for part in rest)
        return text

    def _named(self, found: re.Match[str]) -> str:
        begins = self._by_start.get(found[0][:SHORTEST], ())
        return PURGED if any(one.startswith(found[0]) for one in begins) else found[0]


def _after(folder: str, text: str, names: set[str], lengths: Sequence[int]) -> str:
    """What follows a folder, with it, or “purged” for the longest of these files that it names."""
    found = next((length for length in lengths if text[:length] in names), None)
    return folder + text if found is None else PURGED + text[found:]


def measures() -> ColumnElement[bool]:
    """Whether an event is of a person and its picture is one that measures for its concept."""
    e, p = LabelEventRow, EvaluationPictureRow
    its = p.concept_id == e.concept_id, p.picture_id == e.picture_id, p.drawn == MEASURING
    return and_(e.author_kind != "annotator", select(p.picture_id).where(*its).exists())


def erase_rows(session: Session, ids: Sequence[str]) -> PurgedRows:
    """Takes pictures that are in the trash out of every list above, but for `MENTIONS`."""
    places = list(session.scalars(select(SourceRow.uri).where(SourceRow.picture_id.in_(ids))))
    # Label events are of no picture from here on. They keep number, value and author: versions name the last
    # one they knew, and people see what they did.
    e, r = LabelEventRow, RemovalRow
    key = case((measures(), MEASURED_KEY), else_=f"{PURGED}/") + as_type(e.sequence, String)
    nothing: dict[str, Any] = {"picture_id": PURGED, "comment": "", "key": key, "created": now()}
    labels = _rows(session, update(e).where(e.picture_id.in_(ids)).values(nothing))
    session.execute(update(r).where(r.picture_id.in_(ids)).values(picture_id=PURGED, deed=PURGED))
    # Whoever has read up to the last removal sees by another event that the trash has changed.
    insert_new(session, r, [{"picture_id": PURGED, "deed": PURGED, "author": "", "created": now()}])
    session.execute(update(StoredAnnotation).where(StoredAnnotation.same_as.in_(ids)).values(same_as=None))
    watched = select(Watched.sequence).where(Watched.picture_id.in_(ids))
    session.execute(delete(Delivery).where(Delivery.sequence.in_(watched)))
    session.execute(delete(BadFileRow).where(BadFileRow.uri.in_(places)))
    for table in CACHES:
        session.execute(delete(table))
    # A group of near-duplicates has the name of its smallest picture: of those that are left.
    p = PictureRow
    left = select(p.near_group, func.min(p.id)).where(p.near_group.in_(ids), p.id.not_in(ids))
    for old, new in session.execute(left.group_by(p.near_group)).all():
        session.execute(update(p).where(p.near_group == old).values(near_group=new))
    forget(session, ids)
    gone = {of.class_: _rows(session, delete(of.class_).where(of.in_(ids))) for of in ROWS}
    return PurgedRows(
        labels=labels + gone[StoredAnnotation],
        captions=gone[PictureColumn],
        candidates=gone[CandidateRow],
        drawn=gone[EvaluationPictureRow],
        watched=gone[Watched],
        places=gone[SourceRow],
        pictures=gone[PictureRow],
    )


def erase_mentions(session: Session, gone: Gone) -> None:
    """Reads all of `MENTIONS`, however few pictures go."""
    for table, columns in groupby(MENTIONS, lambda column: column.class_):
        names = [column.key for column in columns]
        rows = table.__table__
        keys = list(rows.primary_key)
        changed = []
        for row in session.execute(select(*keys, *(rows.c[name] for name in names))).mappings():
            values = {name: gone.taken_from(row[name]) for name in names}
            if any(values[name] != row[name] for name in names):
                changed.append(([key == row[key.name] for key in keys], values))
        for which, values in changed:
            session.execute(update(rows).where(*which).values(values))


def _rows(session: Session, statement: Delete | Update) -> int:
    """How many rows it changed."""
    return cast(CursorResult[Any], session.execute(statement)).rowcount
