"""Trained heads in SQL, what was measured of each, and what was drawn to certify one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.concepts import CERTIFYING, put_behind
from storage.database import Store, following
from storage.tables import CertifyingDraw as CertifyingDraw
from storage.tables import EvaluationRow, HeadRow


@dataclass(frozen=True)
class HeadFacts:
    """What is known of a trained head without its weights. `number` counts from 1."""

    concept_id: int
    number: int
    kind: str
    fingerprint: str
    definition_number: int
    label_sequence: int
    threshold: float
    details: dict[str, Any]
    created: datetime


@dataclass(frozen=True)
class StoredHead(HeadFacts):
    """A trained head. `weights` are float64 in little-endian order, `prototypes` a file of safetensors."""

    weights: bytes
    bias: float
    classes: bytes | None = None  # (k, d + 1), each class's weights and bias, where the concept has classes
    prototypes: bytes | None = None  # yes (k, d) and no (m, d), float32, where it has some

    @property
    def function(self) -> bytes:
        """Another one for a head that says anything else of any picture."""
        return self.weights + np.float64(self.bias).tobytes() + (self.prototypes or b"")


@dataclass(frozen=True)
class StoredEvaluation:
    head_number: int
    label_sequence: int
    report: dict[str, Any]
    created: datetime


class CertifyingDraws(Store):
    """All reads and writes of draws whose labels certify a line of a head. Rows are added, never changed."""

    def add(self, draw: CertifyingDraw, picture_ids: Sequence[str]) -> bool:
        """Keeps a draw with its pictures; False where this attempt was made already: of two the first counts.

        Nobody who draws pictures to measure with can put the same picture in between.
        """
        with self._database.write(f"concept {draw.concept_id}") as session:
            if session.get(CertifyingDraw, (draw.concept_id, draw.attempt)):
                return False
            session.add(draw)
            put_behind(session, draw.concept_id, picture_ids, CERTIFYING, draw.attempt)
            return True

    def all(self, concept_id: int) -> list[CertifyingDraw]:
        """The first one first."""
        query = select(CertifyingDraw).where(CertifyingDraw.concept_id == concept_id)
        return self._database.scalars(query.order_by(CertifyingDraw.attempt))

    def newest(self, concept_id: int) -> dict[str, CertifyingDraw]:
        """Side → its newest draw."""
        return {draw.side: draw for draw in self.all(concept_id)}


class HeadStore(Store):
    """All reads and writes of heads and evaluations. Rows are added, never changed."""

    def add(self, concept_id: int, head: StoredHead) -> StoredHead:
        """Stores the head for a concept, under the next number, which is set here."""
        with self._database.write(f"heads of concept {concept_id}") as session:
            number = following(session, HeadRow.number, HeadRow.concept_id == concept_id)
            values = vars(head) | {"concept_id": concept_id, "number": number}
            session.add(HeadRow(**values))
        return StoredHead(**values)

    def get(self, concept_id: int, number: int | None = None) -> StoredHead | None:
        """This one, or the newest."""
        query = select(*_columns(StoredHead)).where(HeadRow.concept_id == concept_id)
        if number is not None:
            query = query.where(HeadRow.number == number)
        with self._database.read() as session:
            row = session.execute(query.order_by(HeadRow.number.desc()).limit(1)).first()
        return StoredHead(*row) if row else None

    def concepts(self) -> set[int]:
        """Those that have a head."""
        return set(self._database.scalars(select(HeadRow.concept_id).distinct()))

    def all(self, concept_id: int, limit: int | None = None, offset: int = 0) -> list[HeadFacts]:
        """By number, without weights; all of them or a page."""
        query = select(*_columns(HeadFacts)).where(HeadRow.concept_id == concept_id)
        query = query.order_by(HeadRow.number).limit(limit).offset(offset)
        return [HeadFacts(*row) for row in self._database.rows(query)]

    def newest_fingerprints(self) -> dict[int, str]:
        """Concept id → of which vectors its newest head is, of those that have one."""
        newest = select(func.max(HeadRow.id)).group_by(HeadRow.concept_id)
        query = select(HeadRow.concept_id, HeadRow.fingerprint).where(HeadRow.id.in_(newest))
        return dict(self._database.rows(query))

    def add_evaluation(
        self, concept_id: int, number: int, label_sequence: int, report: dict[str, Any]
    ) -> None:
        with self._database.write() as session:
            head = select(HeadRow.id).where(HeadRow.concept_id == concept_id, HeadRow.number == number)
            head_id = session.scalars(head).one()
            session.add(EvaluationRow(head_id=head_id, label_sequence=label_sequence, report=report))

    def evaluation(self, concept_id: int, number: int) -> StoredEvaluation | None:
        """The newest figures of a head."""
        return self.evaluations(concept_id, [number]).get(number)

    def evaluations(self, concept_id: int, numbers: Sequence[int]) -> dict[int, StoredEvaluation]:
        """Number of each of these heads that was measured → its newest figures."""
        newest = (
            select(func.max(EvaluationRow.id))
            .join(HeadRow)
            .where(HeadRow.concept_id == concept_id, HeadRow.number.in_(numbers))
            .group_by(EvaluationRow.head_id)
        )
        query = select(HeadRow.number, EvaluationRow).join(EvaluationRow)
        return {
            number: StoredEvaluation(number, row.label_sequence, row.report, row.created)
            for number, row in self._database.rows(query.where(EvaluationRow.id.in_(newest)))
        }


def _columns(record: type[HeadFacts]) -> list[InstrumentedAttribute[Any]]:
    return [getattr(HeadRow, field.name) for field in fields(record)]
