"""SQL tables. SQL is the truth; the vector index and the thumbnails can be rebuilt from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TextClause,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# `taken` of a picture: seconds since 1970 by the camera's own clock, which knows no zone; or one of these.
# One number that can be sorted by and paged through, where "none" would have to be asked for on its own.
UNDATED = -(2**62)  # its file says no date
UNREAD = UNDATED - 1  # its file has not been asked
MEASURED = "measured"  # what is left of an answer that measured and whose picture is gone for good
PURGED = "purged"  # stands for all pictures that are gone for good: events keep their number


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Text that is ordered as Python orders it, whatever language the database speaks.
BY_BYTES = Text().with_variant(Text(collation="C"), "postgresql")


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class LibraryRow(Base):
    """The one library of this data folder: which encoder its vectors are from."""

    __tablename__ = "library"
    id: Mapped[int] = mapped_column(primary_key=True)
    encoder: Mapped[str] = mapped_column(String(500))  # how to load it again
    precision: Mapped[str] = mapped_column(String(20))
    fingerprint: Mapped[str] = mapped_column(String(80))
    dimension: Mapped[int]
    created: Mapped[datetime] = mapped_column(default=now)


# What pictures are sorted by: a part of its own in each index of the few that are repeated.
SORTED_BY = {
    "added": "added",
    "name": "name",
    "taken": "taken",
    "pixels": "(width * height)",
    "bytes": "bytes",
}


def _is(flag: str, name: str) -> TextClause:
    """Of the order that is gone through where another filter is chosen, too, those in the bin are left out:
    the index is enough then, and no row is looked at."""
    return text(f"{flag} = TRUE AND removed IS NULL" if name == "added" else f"{flag} = TRUE")


class PictureRow(Base):
    __tablename__ = "pictures"
    __table_args__ = (
        Index("pictures_by_added", "added", "id", "taken"),
        Index("pictures_by_name", "name", "id"),
        Index("pictures_by_taken", "taken", "id", "added"),
        Index("pictures_by_pixels", text("(width * height)"), "id"),
        Index("pictures_by_bytes", "bytes", "id"),
        Index("pictures_by_format_added", "format", "added", "id"),
        Index("pictures_by_format_taken", "format", "taken", "id"),
        *(
            Index(
                f"pictures_{flag}_by_{name}",
                flag,  # so that SQLite, which expects little of such an index, takes it
                of if name == of else text(of),
                "id",
                *(("format",) if name == "added" else ()),
                sqlite_where=_is(flag, name),
                postgresql_where=_is(flag, name),
            )
            for flag in ("copied", "alike")
            for name, of in SORTED_BY.items()
        ),
        Index(
            "pictures_removed",
            "removed",
            sqlite_where=text("removed IS NOT NULL"),
            postgresql_where=text("removed IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the bytes
    bytes: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(10))
    width: Mapped[int]  # upright, after EXIF orientation
    height: Mapped[int]
    perceptual_hash: Mapped[str | None] = mapped_column(String(16))  # none where there is no detail
    near_group: Mapped[str | None] = mapped_column(String(64), index=True)  # smallest id of its group
    added: Mapped[datetime] = mapped_column(default=now)
    name: Mapped[str] = mapped_column(BY_BYTES, default="", server_default="")  # its first place's, folded
    taken: Mapped[int] = mapped_column(BigInteger, default=UNREAD, server_default=str(UNREAD))
    removed: Mapped[datetime | None]  # it is in the bin: `storage.removed`
    # Kept by `storage.repeated`: it is at several places; others of its group are shown.
    copied: Mapped[bool] = mapped_column(default=False, server_default=false())
    alike: Mapped[bool] = mapped_column(default=False, server_default=false())


class RemovalRow(Base):
    """That somebody removed a picture from the library or put it back. Append-only; `pictures.removed` is
    what stands."""

    __tablename__ = "removals"
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), index=True)
    deed: Mapped[str] = mapped_column(String(10))  # removed, restored, purged
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class RefusedPictureRow(Base):
    """All that is kept of a picture that is gone for good and shall not come in again."""

    __tablename__ = "refused_pictures"
    picture_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the bytes
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class SourceRow(Base):
    """A place a picture's bytes are: an absolute path, or archive path + '!/' + member."""

    __tablename__ = "sources"
    uri: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[datetime] = mapped_column(default=now, index=True)


class FolderRow(Base):
    """A folder that pictures are in or below, kept by `storage.folders`: how many places below it show one,
    and between which times these were added and taken, or more."""

    __tablename__ = "folders"
    __table_args__ = (Index("folders_by_parent", "parent", "path"),)
    path: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    parent: Mapped[str] = mapped_column(BY_BYTES)
    files: Mapped[int]
    first_added: Mapped[datetime]
    last_added: Mapped[datetime]
    first_taken: Mapped[int] = mapped_column(BigInteger)
    last_taken: Mapped[int] = mapped_column(BigInteger)


class LibraryCountRow(Base):
    """How much of the library is not in the bin, kept by `storage.kept_counts`. One row."""

    __tablename__ = "library_counts"
    id: Mapped[int] = mapped_column(primary_key=True)
    pictures: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    groups: Mapped[int]  # of near-duplicates
    places: Mapped[int]


class BadFileRow(Base):
    """A file that was skipped, with its reason. Removed when the file turns good or disappears."""

    __tablename__ = "bad_files"
    uri: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[datetime] = mapped_column(default=now)


class PendingVectorRow(Base):
    """Outbox: written with the picture, removed when its vector is in the index."""

    __tablename__ = "pending_vectors"
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(80), primary_key=True)


class PictureColumnRow(Base):
    """What a file from elsewhere says of a picture: its caption, how safe it is, where it is from. Nothing is
    overwritten: another value of the same column stands beside it."""

    __tablename__ = "picture_columns"
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)  # of the value, which may be long
    value: Mapped[str] = mapped_column(Text)
    folded: Mapped[str | None] = mapped_column(Text)  # of captions: for search, whatever the case
    file: Mapped[str] = mapped_column(String(200))
    added: Mapped[datetime] = mapped_column(default=now)


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


class NamedCollectionRow(Base):
    """A set of pictures with a name of its own. Which pictures are in it: `CollectionPictureRow`."""

    __tablename__ = "collections"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)  # case-folded name
    kind: Mapped[str] = mapped_column(String(10))  # how it began: folder, adding, dates, search, hand
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)  # that it began by; a folder is followed
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    removed: Mapped[datetime | None]
    followed: Mapped[datetime | None]  # until when what came into its folder was looked at
    # Between which times the pictures that are, or ever were, in it came into the library.
    first_added: Mapped[datetime | None]
    last_added: Mapped[datetime | None]


class CollectionChangeRow(Base):
    """What became of the pictures of a named collection, one number a change. Append-only."""

    __tablename__ = "collection_changes"
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # of the collection, from 1 on
    deed: Mapped[str] = mapped_column(String(10))  # made, added, taken, followed, undone, gone
    pictures: Mapped[int]  # that came or went
    remaining: Mapped[int]  # pictures that were in it afterwards
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class CollectionPictureRow(Base):
    """That a picture is in a named collection since a change of it, and until another one (none: now). What
    was in it after any change can be read for good."""

    __tablename__ = "collection_pictures"
    __table_args__ = (
        Index("collection_pictures_now", "collection_id", "until", "picture_id"),
        Index("collection_pictures_by_picture", "picture_id", "collection_id"),
    )
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    since: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[int | None]


class ConceptFrameRow(Base):
    """Which named collections a concept looks in; none: everything. Append-only; the last row holds."""

    __tablename__ = "concept_frames"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # of the concept, from 1 on; 0 is before the first
    collections: Mapped[list[Any]]  # ids
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


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


class FittingDrawRow(Base):
    """A draw of pictures whose answers make probabilities fit the library, and measure nothing."""

    __tablename__ = "fitting_draws"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)  # of the concept, from 1 on
    head_number: Mapped[int]  # of the version whose scores the draw was aimed by
    chances: Mapped[dict[str, Any]]  # picture id → how likely it was to be drawn
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


class FoldRow(Base):
    """A concept whose answers were copied to another one. Only `undone` ever changes."""

    __tablename__ = "folds"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"))
    differing: Mapped[list[Any]]  # [picture, author, said of the source, said of the target, which holds]
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    undone: Mapped[datetime | None]


class ModelCallRow(Base):
    """The ledger: every call to a model endpoint, answered or not."""

    __tablename__ = "model_calls"
    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(60), index=True)
    model: Mapped[str] = mapped_column(String(200))
    endpoint: Mapped[str] = mapped_column(String(500))
    prompt_hash: Mapped[str] = mapped_column(String(64), index=True)
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    cost_usd: Mapped[float | None]  # none where no price is set
    latency_ms: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))  # see `storage.calls.Outcome`
    error: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)  # none outside a job
    concept_id: Mapped[int | None] = mapped_column(ForeignKey("concepts.id"), index=True)


class ModelAnswerRow(Base):
    """Cache of good answers by content of the question. Failures are never cached."""

    __tablename__ = "model_answers"
    prompt_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_concept", "concept_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), index=True)  # queued, running, done, failed, cancelled
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str] = mapped_column(Text, default="")
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a resumed run must know of the first
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str] = mapped_column(String(100), default="")
    lease: Mapped[int] = mapped_column(default=0, server_default="0")  # counts its runs
    heartbeat: Mapped[datetime | None]
    created: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    concept_id: Mapped[int | None] = mapped_column(ForeignKey("concepts.id"))  # whose job it is
    details: Mapped[str | None] = mapped_column(Text)  # of a failure: the traceback


class WatchRow(Base):
    """A folder that is watched for a concept. Only `stopped` ever changes."""

    __tablename__ = "watches"
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    folder: Mapped[str] = mapped_column(Text)
    confined: Mapped[bool]  # to where the app may read
    version: Mapped[int | None]  # none: whichever is the newest
    webhook: Mapped[str] = mapped_column(Text, default="")  # its secret is no part of the database
    seed: Mapped[str] = mapped_column(String(64))  # of the draw of questions
    ask_flagged: Mapped[float]  # chance of a flagged picture to be asked about
    ask_others: Mapped[float]  # and of any other
    promised: Mapped[float | None]  # share of what is flagged that is to be right
    promised_by: Mapped[str] = mapped_column(String(10), default="")  # certified, measured or given
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    stopped: Mapped[datetime | None]


class WatchedPictureRow(Base):
    """What a version said of a picture of a watched folder, once. Append-only."""

    __tablename__ = "watched_pictures"
    __table_args__ = (
        UniqueConstraint("watch_id", "picture_id"),
        Index("watched_pictures_by_answer", "watch_id", "flagged", "sequence"),
    )
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"))
    file: Mapped[str] = mapped_column(Text)  # under the folder
    version: Mapped[int]
    probability: Mapped[float]
    threshold: Mapped[float]
    flagged: Mapped[bool]
    fresh: Mapped[bool]  # like nothing that was answered or came before, so that it could be drawn
    drawn: Mapped[bool]  # to be answered blindly
    created: Mapped[datetime] = mapped_column(default=now)


class DeliveryRow(Base):
    """Outbox of the webhooks: written with what was flagged, and kept with what became of it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("deliveries_by_due", "state", "due"),
        Index("deliveries_by_watch", "watch_id", "state"),
    )
    sequence: Mapped[int] = mapped_column(ForeignKey("watched_pictures.sequence"), primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    message_id: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(10))  # waiting, delivered, dead
    tries: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime]  # for the next try
    problem: Mapped[str] = mapped_column(Text, default="")  # of the last try
    delivered: Mapped[datetime | None]


class ShareRow(Base):
    """A link by which whoever has it sees a version, until it expires. Append-only. Of its token, which is
    shown once, there is the SHA-256."""

    __tablename__ = "shares"
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    pictures: Mapped[list[Any]]  # [id, role], as they were when it was made: no later answer adds one
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    expires: Mapped[datetime]


class RevokedShareRow(Base):
    """A link that somebody ended before its time. Append-only."""

    __tablename__ = "revoked_shares"
    share_id: Mapped[int] = mapped_column(ForeignKey("shares.id"), primary_key=True)
    author: Mapped[str] = mapped_column(String(200))
    revoked: Mapped[datetime] = mapped_column(default=now)


class EndedSessionRow(Base):
    """A session of the web app that its person has left."""

    __tablename__ = "ended_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended: Mapped[datetime] = mapped_column(default=now, index=True)


class TakenRow(Base):
    """Something of which there is only so much for a while, such as tries of a password. Of its key there is
    a hash. Rows go when they count no longer."""

    __tablename__ = "taken"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class ProtectionRow(Base):
    """How one person wants to see pictures, and when a break is offered to them."""

    __tablename__ = "protection"
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    shown_as: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(1))
    break_pictures: Mapped[int]
    break_minutes: Mapped[int]
    counted: Mapped[bool]


class ExposureRow(Base):
    """How many pictures one person had in view on one day. Which ones isn't kept."""

    __tablename__ = "exposure"
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)  # 2026-11-26, of this computer's clock
    shown: Mapped[int]
    unprotected: Mapped[int]  # of those
    seconds: Mapped[int]


class AuditRow(Base):
    """What somebody did: logged in, changed settings, imported, deleted, exported. Append-only."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    who: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(Text)
