"""Deliberations: which borderline pictures were looked at together, and which other wordings were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select

from storage.database import Store
from storage.errors import ConflictError
from storage.tables import DeliberationRow, RewordingDecisionRow, RewordingRow

Deed = Literal["accepted", "rejected"]


@dataclass(frozen=True)
class Round:
    """Borderline pictures that share an ambiguity, which somebody was shown together."""

    number: int
    ambiguity: str
    pictures: list[str]  # ids
    definition_number: int
    author: str
    created: datetime


@dataclass(frozen=True)
class Rewording:
    """Other wordings that were tried against one definition, each a document with what was measured of it."""

    number: int
    definition_number: int
    candidates: list[dict[str, Any]]
    sifted: list[dict[str, Any]]  # those that did not come before the answers that judge
    label_sequence: int  # the last label event they could know of
    author: str  # who wrote them
    created: datetime


@dataclass(frozen=True)
class RewordingDecision:
    """What a person made of a rewording; `definition_number` is the definition that came of it."""

    rewording: int
    deed: Deed
    candidate: int | None
    definition_number: int | None
    author: str
    created: datetime


class Deliberations(Store):
    """All reads and writes of these tables. Rows are added, never changed."""

    def begin(
        self, concept_id: int, ambiguity: str, pictures: Sequence[str], definition_number: int, author: str
    ) -> Round:
        """The next round of a concept."""
        with self._database.write(f"deliberations of concept {concept_id}") as session:
            query = select(func.max(DeliberationRow.number)).where(DeliberationRow.concept_id == concept_id)
            row = DeliberationRow(
                concept_id=concept_id,
                number=(session.scalar(query) or 0) + 1,
                ambiguity=ambiguity,
                pictures=list(pictures),
                definition_number=definition_number,
                author=author,
            )
            session.add(row)
        return _round(row)

    def rounds(self, concept_id: int) -> list[Round]:
        """Those of a concept, the first one first."""
        query = select(DeliberationRow).where(DeliberationRow.concept_id == concept_id)
        return [_round(row) for row in self._database.scalars(query.order_by(DeliberationRow.number))]

    def add_rewording(
        self,
        concept_id: int,
        definition_number: int,
        candidates: Sequence[dict[str, Any]],
        sifted: Sequence[dict[str, Any]],
        label_sequence: int,
        author: str,
    ) -> Rewording:
        with self._database.write(f"deliberations of concept {concept_id}") as session:
            query = select(func.max(RewordingRow.number)).where(RewordingRow.concept_id == concept_id)
            row = RewordingRow(
                concept_id=concept_id,
                number=(session.scalar(query) or 0) + 1,
                definition_number=definition_number,
                candidates=list(candidates),
                sifted=list(sifted),
                label_sequence=label_sequence,
                author=author,
            )
            session.add(row)
        return _rewording(row)

    def rewordings(self, concept_id: int) -> list[Rewording]:
        """Those of a concept, the first one first."""
        query = select(RewordingRow).where(RewordingRow.concept_id == concept_id)
        return [_rewording(row) for row in self._database.scalars(query.order_by(RewordingRow.number))]

    def decide(
        self,
        concept_id: int,
        rewording: int,
        deed: Deed,
        author: str,
        candidate: int | None = None,
        definition_number: int | None = None,
    ) -> None:
        """Raises `ConflictError` where it was decided before, by someone else or in another window."""
        with self._database.write(f"deliberations of concept {concept_id}") as session:
            key = (concept_id, rewording)
            if session.get(RewordingDecisionRow, key) is not None:
                raise ConflictError("This was decided meanwhile, by someone else or in another window.")
            session.add(
                RewordingDecisionRow(
                    concept_id=concept_id,
                    rewording=rewording,
                    deed=deed,
                    candidate=candidate,
                    definition_number=definition_number,
                    author=author,
                )
            )

    def decisions(self, concept_id: int) -> dict[int, RewordingDecision]:
        """Number of the rewording → what was decided."""
        query = select(RewordingDecisionRow).where(RewordingDecisionRow.concept_id == concept_id)
        return {row.rewording: _decision(row) for row in self._database.scalars(query)}


def _round(row: DeliberationRow) -> Round:
    return Round(
        row.number, row.ambiguity, list(row.pictures), row.definition_number, row.author, row.created
    )


def _rewording(row: RewordingRow) -> Rewording:
    return Rewording(
        row.number,
        row.definition_number,
        list(row.candidates),
        list(row.sifted),
        row.label_sequence,
        row.author,
        row.created,
    )


def _decision(row: RewordingDecisionRow) -> RewordingDecision:
    deed: Deed = row.deed  # type: ignore[assignment]  # written from a Deed only
    return RewordingDecision(
        row.rewording, deed, row.candidate, row.definition_number, row.author, row.created
    )
