"""What was trained, how good it was, how several are combined, and who else may see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now


class HeadRow(Base):
    """A trained head. Never changed, never removed."""

    __tablename__ = "heads"
    __table_args__ = (UniqueConstraint("concept_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    fingerprint: Mapped[str] = mapped_column(String(80))
    definition_number: Mapped[int]
    label_sequence: Mapped[int]  # the last label event it could know of
    weights: Mapped[bytes]  # float64, little-endian
    bias: Mapped[float]
    threshold: Mapped[float]
    details: Mapped[dict[str, Any]]
    classes: Mapped[bytes | None] = mapped_column(LargeBinary)  # of exclusive classes: their weights
    created: Mapped[datetime] = mapped_column(default=now)


class EvaluationRow(Base):
    """Figures of one head on the evaluation set as labelled at that moment."""

    __tablename__ = "evaluations"
    id: Mapped[int] = mapped_column(primary_key=True)
    head_id: Mapped[int] = mapped_column(ForeignKey("heads.id"), index=True)
    label_sequence: Mapped[int]
    report: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class CombinationRow(Base):
    """A rule over versions of several concepts that was kept under a name. Append-only: kept again it has the
    next number, and taken away as well."""

    __tablename__ = "combinations"
    __table_args__ = (UniqueConstraint("key", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120))  # case-folded name
    number: Mapped[int]  # of this name, from 1 on
    members: Mapped[list[Any]]  # [concept's id, number of its version], by their place in the rule
    expression: Mapped[dict[str, Any]]
    threshold: Mapped[float]
    removed: Mapped[bool] = mapped_column(default=False)  # from here on it isn't listed
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
