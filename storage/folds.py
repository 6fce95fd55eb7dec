"""Concepts that were folded into others, in SQL: the answers that were copied, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from storage.database import Database, insert_new
from storage.label_queries import UNDO
from storage.labels import LabelEvent
from storage.tables import ConceptRow, FoldRow, LabelEventRow, now


@dataclass(frozen=True)
class Fold:
    """`differing` are (picture, author, said of the source, said of the target, which of the two holds)."""

    id: int
    source_id: int
    target_id: int
    differing: tuple[tuple[str, str, str, str, str], ...]
    author: str
    created: datetime


class FoldStore:
    """Everything of a fold is written at once or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fold(
        self,
        source_id: int,
        target_id: int,
        copied: Sequence[LabelEvent],
        definition_number: int,
        differing: Sequence[tuple[str, str, str, str, str]],
        author: str,
    ) -> Fold:
        """Says in the target what was said of the source, under this definition of the target, and archives
        the source. Whose answers they are and when they were given stays; each names the event it is from."""
        with self._database.write(f"labels of concept {target_id}") as session:
            row = FoldRow(
                source_id=source_id,
                target_id=target_id,
                differing=[list(one) for one in differing],
                author=author,
            )
            session.add(row)
            session.flush()
            labels = [
                {
                    "key": f"{_keys(row.id)}{event.sequence}",
                    "concept_id": target_id,
                    "picture_id": event.picture_id,
                    "value": event.value,
                    "given": event.given,
                    "author": event.author.name,
                    "author_kind": event.author.kind,
                    "definition_number": definition_number,
                    "comment": "",
                    "created": event.created,
                    "recorded_by": author if author != event.author.name else None,
                    "in_view": event.in_view,
                    "taken_from": event.sequence,
                }
                for event in copied
            ]
            insert_new(session, LabelEventRow, labels)
            source = session.get_one(ConceptRow, source_id)
            source.archived = source.archived or now()
        return _fold(row)

    def unfold(self, fold_id: int, recorded_by: str) -> int:
        """Takes back, as new events, the answers that the fold brought, and brings the source back. What was
        said since then stays. Returns how many were taken back; none the second time."""
        with self._database.read() as session:
            target_id = session.get_one(FoldRow, fold_id).target_id
        with self._database.write(f"labels of concept {target_id}") as session:
            row = session.get_one(FoldRow, fold_id)
            if row.undone is not None:
                return 0
            row.undone = now()
            session.get_one(ConceptRow, row.source_id).archived = None
            prefix, undo = _keys(fold_id), aliased(LabelEventRow)
            undone = select(undo.sequence).where(undo.undoes == LabelEventRow.sequence, undo.value == UNDO)
            brought = select(LabelEventRow).where(
                LabelEventRow.concept_id == target_id,
                func.substr(LabelEventRow.key, 1, len(prefix)) == prefix,
                ~undone.exists(),
            )
            undoing = [
                {
                    "key": f"un{event.key}",
                    "concept_id": target_id,
                    "picture_id": event.picture_id,
                    "value": UNDO,
                    "undoes": event.sequence,
                    "author": event.author,
                    "author_kind": event.author_kind,
                    "definition_number": event.definition_number,
                    "comment": "",
                    "recorded_by": recorded_by if recorded_by != event.author else None,
                }
                for event in session.scalars(brought.order_by(LabelEventRow.sequence))
            ]
            insert_new(session, LabelEventRow, undoing)
        return len(undoing)

    def about(self, concept_id: int) -> list[Fold]:
        """Those of this concept into others, and of others into it, that weren't undone, the last first."""
        its = or_(FoldRow.source_id == concept_id, FoldRow.target_id == concept_id)
        query = select(FoldRow).where(its, FoldRow.undone.is_(None)).order_by(FoldRow.id.desc())
        with self._database.read() as session:
            return [_fold(row) for row in session.scalars(query)]

    def newest(self, source_ids: Sequence[int]) -> dict[int, Fold]:
        """The last fold of each of these concepts that wasn't undone, by its id."""
        query = select(FoldRow).where(FoldRow.source_id.in_(source_ids), FoldRow.undone.is_(None))
        with self._database.read() as session:
            return {row.source_id: _fold(row) for row in session.scalars(query.order_by(FoldRow.id))}


def _keys(fold_id: int) -> str:
    return f"folded {fold_id}/"


def _fold(row: FoldRow) -> Fold:
    differing: list[Any] = row.differing
    return Fold(
        id=row.id,
        source_id=row.source_id,
        target_id=row.target_id,
        differing=tuple(tuple(one) for one in differing),
        author=row.author,
        created=row.created,
    )
