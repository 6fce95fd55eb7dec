"""What is asked about pictures, and what people and machines said of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now

MEASURED = "measured"  # what is left of an answer that measured and whose picture is gone for good


class CandidateRow(Base):
    """A picture in a concept's candidate pool and what brought it there."""

    __tablename__ = "candidates"
    __table_args__ = (Index("candidates_by_picture", "picture_id", "concept_id"),)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    brought_by: Mapped[list[Any]]  # query texts, "example", "random"
    definition_number: Mapped[int]
    added: Mapped[datetime] = mapped_column(default=now)


class EvaluationPictureRow(Base):
    """A picture of a concept's evaluation set. Its whole near-duplicate group stays out of training."""

    __tablename__ = "evaluation_pictures"
    __table_args__ = (
        Index("evaluation_pictures_by_drawn", "concept_id", "drawn"),
        Index("evaluation_pictures_by_picture", "picture_id", "concept_id", "drawn"),
    )
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    ordinal: Mapped[int]
    drawn: Mapped[str] = mapped_column(String(10))  # "random", "imported", or what it is kept apart for
    added: Mapped[datetime] = mapped_column(default=now)
    wave: Mapped[int] = mapped_column(
        default=0
    )  # of a random draw, or the attempt at the last two; 0: imported


class EvaluationWaveRow(Base):
    """A random draw of pictures that measure, with all that its probabilities follow from."""

    __tablename__ = "evaluation_waves"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    label_sequence: Mapped[int]  # what was answered up to here was not drawn from
    fingerprint: Mapped[str] = mapped_column(String(80))  # of the encoder whose vectors the head is for
    weights: Mapped[bytes | None] = mapped_column(LargeBinary)  # float64; none: everything was drawn alike
    bias: Mapped[float]
    boundaries: Mapped[list[Any]]  # between the strata, as rising logits of that head
    frame: Mapped[int]  # groups of look-alikes that were drawn from
    created: Mapped[datetime] = mapped_column(default=now)
    looks_in: Mapped[list[Any] | None]  # named collections, as they were; none: everything


class CertifyingDrawRow(Base):
    """A draw of pictures whose answers certify a line of one version, and measure nothing else."""

    __tablename__ = "certifying_draws"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)  # of the concept, from 1 on
    head_number: Mapped[int]
    side: Mapped[str] = mapped_column(String(3), default="yes", server_default="yes")  # or "no"
    at_least: Mapped[float]  # what share is to be right
    floor: Mapped[float]  # the lowest probability of that side drawn from, fixed without looking at answers
    frame: Mapped[int]  # groups of look-alikes that were drawn from
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    looks_in: Mapped[list[Any] | None]  # named collections, as they were; none: everything


class LabelEventRow(Base):
    """Append-only. The current label of (picture, author) is its latest event that is not undone and no
    repeat."""

    __tablename__ = "label_events"
    __table_args__ = (
        Index("label_events_by_picture", "picture_id", "concept_id"),
        Index("label_events_by_sequence", "concept_id", "sequence"),
    )
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)  # idempotency key
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"))
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"))
    value: Mapped[str] = mapped_column(String(10))  # yes, no, unsure, skip, undo, comment
    # The grade or class that was said, of which `value` is what it comes down to; none without a scale.
    given: Mapped[str | None] = mapped_column(String(120))
    # Of an undo the label; of a comment the author's last one before it, which it replaces with all earlier.
    undoes: Mapped[int | None] = mapped_column(ForeignKey("label_events.sequence"), index=True)
    author: Mapped[str] = mapped_column(String(200))
    author_kind: Mapped[str] = mapped_column(String(10))  # person, simulated, annotator
    definition_number: Mapped[int]
    comment: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=now)
    recorded_by: Mapped[str | None] = mapped_column(String(200))  # where it isn't the author: who imported
    in_view: Mapped[bool] = mapped_column(default=False)  # what the machine says stood beside the picture
    repeat: Mapped[bool] = mapped_column(default=False)  # the picture was asked about a second time
    renewed: Mapped[bool] = mapped_column(default=False)  # that again, because the definition had changed
    taken_from: Mapped[int | None]  # the event of another concept that this one repeats


class KeptFigureRow(Base):
    """What was worked out from all answers of a concept (`storage.kept_figures`). It can be at any time."""

    __tablename__ = "kept_figures"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    follows: Mapped[str] = mapped_column(Text)
    removal: Mapped[int]
    value: Mapped[Any] = mapped_column(JSON)


class WallRow(Base):
    """A wall of pictures that somebody looked through. What counted on it are answers; the others were seen
    and passed over, which is no answer. Append-only."""

    __tablename__ = "walls"
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    author: Mapped[str] = mapped_column(String(200))
    pictures: Mapped[list[Any]]  # ids, in the order in which they were shown
    created: Mapped[datetime] = mapped_column(default=now)


class OutsidePictureRow(Base):
    """What is kept of a concept's example that is no picture of the library. The vector is made again where
    the library changes its encoder; the rest never changes."""

    __tablename__ = "outside_pictures"
    picture_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the bytes it came as
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    perceptual_hash: Mapped[str | None] = mapped_column(String(16))
    rendition: Mapped[bytes]  # JPEG
    fingerprint: Mapped[str] = mapped_column(String(80))  # of the encoder of the vector
    vector: Mapped[bytes]  # float16, little-endian
    author: Mapped[str] = mapped_column(String(200))
    added: Mapped[datetime] = mapped_column(default=now)


class AnnotationRow(Base):
    """A machine's evidence for its label, kept per definition and annotator fingerprint."""

    __tablename__ = "annotations"
    __table_args__ = (UniqueConstraint("concept_id", "picture_id", "definition_number", "fingerprint"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"))
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"))
    definition_number: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(200))
    rating: Mapped[int]
    evidence: Mapped[list[Any]]
    rationale: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(default=now)
    raw: Mapped[float | None]  # how likely a yes is by tokens or repeated answers, fitted to nobody
    verbalised: Mapped[float | None]  # how sure the model says it is, 0 to 1
    same_as: Mapped[str | None] = mapped_column(String(64))  # the near-duplicate that was looked at instead
