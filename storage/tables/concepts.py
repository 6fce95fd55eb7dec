"""Concepts, and how they came to mean what they mean."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now


class ConceptRow(Base):
    __tablename__ = "concepts"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)  # case-folded name
    created: Mapped[datetime] = mapped_column(default=now)
    deleted: Mapped[datetime | None]
    seed: Mapped[str] = mapped_column(String(120), server_default="")  # of every draw: its first key
    archived: Mapped[datetime | None]
    scale: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # none: yes or no
    protection: Mapped[str] = mapped_column(String(20), server_default="")  # of whoever looks at its pictures


class FormerNameRow(Base):
    """A name that a concept had before it was renamed, and the last concept that left it."""

    __tablename__ = "former_names"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)  # case-folded name
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"))
    renamed: Mapped[datetime] = mapped_column(default=now)


class DefinitionRow(Base):
    __tablename__ = "definitions"
    __table_args__ = (UniqueConstraint("concept_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"))
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    author: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=now)


class DeliberationRow(Base):
    """Borderline pictures that share an ambiguity and were shown together. Append-only."""

    __tablename__ = "deliberations"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # of the concept, from 1 on
    ambiguity: Mapped[str] = mapped_column(String(200))
    pictures: Mapped[list[Any]]  # ids, in the order in which they were shown
    definition_number: Mapped[int]
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class RewordingRow(Base):
    """Other wordings that were tried against one definition, with what was measured of each. Append-only."""

    __tablename__ = "rewordings"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # of the concept, from 1 on
    definition_number: Mapped[int]
    candidates: Mapped[list[Any]]  # that came before the answers that judge
    sifted: Mapped[list[Any]]  # that were tried and did not
    label_sequence: Mapped[int]  # the last label event they could know of
    author: Mapped[str] = mapped_column(String(200))  # who wrote them
    created: Mapped[datetime] = mapped_column(default=now)


class RewordingDecisionRow(Base):
    """What a person made of a rewording. Append-only."""

    __tablename__ = "rewording_decisions"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    rewording: Mapped[int] = mapped_column(primary_key=True)
    deed: Mapped[str] = mapped_column(String(10))  # accepted, rejected
    candidate: Mapped[int | None]
    definition_number: Mapped[int | None]  # that came of it
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class AnnotatorChoiceRow(Base):
    """Who annotates the pictures of a concept. Append-only; the last row holds."""

    __tablename__ = "annotator_choices"
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    annotator: Mapped[str] = mapped_column(String(60))  # a registered name, or auto
    large: Mapped[bool]  # by the model for doubtful pictures
    examples: Mapped[bool]  # with answered pictures beside each
    repeats: Mapped[bool]  # asked three times where the endpoint doesn't say how sure it is
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class PromptTextRow(Base):
    """A concept's own text of a prompt. Append-only; the last row of a name holds, and an empty text goes
    back to the file."""

    __tablename__ = "prompt_texts"
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
