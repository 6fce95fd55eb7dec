"""Concepts in SQL: revisions, candidate pool, evaluation set, annotations."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from storage.database import Store, chunks, following, insert_new, once_a_moment, values_of
from storage.errors import CONCEPT_IN_TRASH, ConflictError, UnknownError
from storage.frames import inside
from storage.names import IN_USE, key_of, name_taken, named
from storage.removed import shown
from storage.tables import (
    CandidateRow,
    ConceptRow,
    DefinitionRow,
    EvaluationPictureRow,
    FormerNameRow,
    FramedPart,
    LabelEventRow,
    OutsidePictureRow,
    now,
)
from storage.tables import StoredAnnotation as StoredAnnotation
from storage.tables import Wave as Wave

# How a picture was drawn whose answer measures no version of the library, but certifies a line, or says how
# often what a watch flagged is wrong.
CERTIFYING, WATCHING = "certifying", "watching"
MEASURE_NOTHING = (CERTIFYING, WATCHING)
SAMPLED = ""  # in place of an encoder's fingerprint: a wave that somebody drew elsewhere and brought by file


@dataclass(frozen=True)
class Rating:
    """What a machine's opinion comes down to: 1 (surely not) to 5 (surely yes)."""

    picture_id: str
    definition_number: int
    fingerprint: str
    rating: int
    raw: float | None = None


@dataclass(frozen=True)
class Certifying:
    """Which attempt (or watch) drew a picture, how many waves there were by then, and what for."""

    attempt: int
    after_wave: int
    drawn: str = CERTIFYING


Copied = DefinitionRow | OutsidePictureRow | FramedPart  # what a copy of a concept gets, too


class ConceptStore(Store):
    """All reads and writes of these tables. Rows are added; only the order of test pictures changes, and a
    sample that was brought by file can be taken back."""

    # Concepts and their definitions

    def create(self, name: str, scale: dict[str, Any] | None = None) -> ConceptRow:
        """Raises `ConflictError` where the name is taken."""
        row = ConceptRow(name=name, key=key_of(name), seed=key_of(name), scale=scale)
        with self._write_or(lambda: name_taken(name)) as session:
            session.add(row)
        return row

    def find(self, name: str) -> ConceptRow | None:
        """By its name, or by one it had before it was renamed; none that is in the trash."""
        return self._database.scalar(named(), {"key": key_of(name)})

    def get(self, concept_id: int) -> ConceptRow:
        """Raises `UnknownError`, and of one in the trash `UnknownError`."""
        row = self._database.get(ConceptRow, concept_id)
        if row is None:
            raise UnknownError("There is no such concept.", "concept")
        if row.deleted:
            raise CONCEPT_IN_TRASH(concept=row.name)
        return row

    def any(self, concept_id: int) -> ConceptRow | None:
        """One in the trash too."""
        return self._database.get(ConceptRow, concept_id)

    def set_scale(self, concept_id: int, scale: dict[str, Any] | None) -> bool:
        """What is answered of this concept: None for yes or no. Whether it could be set: never once anybody,
        person or machine, has said something, even where that was undone."""
        with self._database.write(f"labels of concept {concept_id}") as session:
            said = select(LabelEventRow.sequence).where(LabelEventRow.concept_id == concept_id).limit(1)
            if session.scalar(said) is not None:
                return False
            row = session.get(ConceptRow, concept_id)
            assert row is not None
            row.scale = scale
        return True

    def names(self, concept_ids: Ids[int]) -> dict[int, str]:
        """Id → name, of those in the trash too."""
        query = select(ConceptRow.id, ConceptRow.name).where(ConceptRow.id.in_(concept_ids))
        return dict(self._database.rows(query))

    def all(self, limit: int | None = None, offset: int = 0) -> list[ConceptRow]:
        """Those that are not in the trash, the first begun first; all of them or a page."""
        query = select(ConceptRow).where(IN_USE)
        query = query.order_by(ConceptRow.created, ConceptRow.id).limit(limit).offset(offset)
        return self._database.scalars(query)

    def put_away(self, concept_id: int) -> ConceptRow:
        """Puts a concept into the trash with everything that belongs to it, and sets its name free."""
        with self._database.write() as session:
            row = session.get_one(ConceptRow, concept_id)
            row.deleted = row.deleted or now()
            row.key = f" deleted {concept_id}"  # no name begins with a space
        return row

    def restore(self, concept_id: int) -> ConceptRow:
        """Takes a concept out of the trash. Raises `ConflictError` where its name was given away."""
        given_away = ConflictError(
            "Another concept has this name by now. Rename that one, or put it into the trash; both are kept."
        )
        with self._write_or(lambda: given_away) as session:
            row = session.get(ConceptRow, concept_id)
            if row is None:
                raise UnknownError("There is no such concept.", "concept")
            row.deleted, row.key = None, key_of(row.name)
        return row

    def former_names(self, concept_id: int) -> set[str]:
        """Keys of the names that it had, as far as no other concept has had them since."""
        query = select(FormerNameRow.key).where(FormerNameRow.concept_id == concept_id)
        return set(self._database.scalars(query))

    def rename(self, concept_id: int, name: str, author: str) -> str:
        """Gives a concept another name, which its newest definition has from then on too, as a revision of
        its own; returns the name before. The seed of its draws stays, so nobody can rename until a draw
        pleases. Raises `ConflictError` where the name is taken."""
        with self._write_or(lambda: name_taken(name), f"concept {concept_id}") as session:
            row = session.get_one(ConceptRow, concept_id)
            before = row.name
            if before == name:
                return before
            key = key_of(name)
            if row.key != key:  # the name leads to the concept until another has it
                session.execute(delete(FormerNameRow).where(FormerNameRow.key.in_((row.key, key))))
                session.add(FormerNameRow(key=row.key, concept_id=row.id))
            row.name, row.key = name, key
            _name_definition(session, row, author, f"renamed from “{before}”")
        return before

    def duplicate(self, concept_id: int, name: str, author: str) -> ConceptRow:
        """Another concept with the definitions of this one under their numbers, which answers refer to, with
        one more that has the new name, and with its pictures from outside and its frames. Raises
        `ConflictError` where the name is taken."""
        with self._write_or(lambda: name_taken(name), f"concept {concept_id}") as session:
            source = session.get_one(ConceptRow, concept_id)
            copy = ConceptRow(
                name=name,
                key=key_of(name),
                seed=key_of(name),
                scale=source.scale,
                protection=source.protection,
            )
            session.add(copy)
            session.flush()
            for table in (DefinitionRow, OutsidePictureRow, FramedPart):
                _copy_rows(session, table, concept_id, copy.id)
            _name_definition(session, copy, author, f"duplicated from “{source.name}”")
        return copy

    def add_definition(
        self, concept_id: int, document: dict[str, Any], author: str, note: str, after: int | None = None
    ) -> DefinitionRow:
        """The next revision, under the name that the concept has now. Raises `ConflictError` where `after` is
        given and isn't the newest any more."""
        with self._writing(concept_id) as session:
            newest = following(session, DefinitionRow.number, DefinitionRow.concept_id == concept_id) - 1
            if after not in (None, newest):
                raise ConflictError(
                    f"The definition was changed meanwhile, by someone else or in another window: it is at "
                    f"{newest} now, shown here. Your change to {after} was not made; make it again if it "
                    "still fits."
                )
            concept = session.get_one(ConceptRow, concept_id)
            return _add_definition(session, concept, newest + 1, document, author, note)

    def definition(self, concept_id: int, number: int | None = None) -> DefinitionRow | None:
        """This revision, or the newest."""
        query = select(DefinitionRow).where(DefinitionRow.concept_id == concept_id)
        if number is not None:
            query = query.where(DefinitionRow.number == number)
        query = query.order_by(DefinitionRow.number.desc()).limit(1)
        return once_a_moment((self, concept_id, number), lambda: self._database.scalar(query))

    def definitions(self, concept_id: int, limit: int | None = None, offset: int = 0) -> list[DefinitionRow]:
        """By number; all of them or a page."""
        query = select(DefinitionRow).where(DefinitionRow.concept_id == concept_id)
        query = query.order_by(DefinitionRow.number).limit(limit).offset(offset)
        return self._database.scalars(query)

    # Candidate pool and evaluation set

    def add_candidates(
        self, concept_id: int, candidates: Sequence[tuple[str, list[str]]], definition_number: int
    ) -> int:
        """Adds (picture id, brought by) pairs that are not in the pool; says how many were new."""
        rows = [
            {
                "concept_id": concept_id,
                "picture_id": picture_id,
                "brought_by": brought_by,
                "definition_number": definition_number,
            }
            for picture_id, brought_by in candidates
        ]
        with self._database.write() as session:
            return len(insert_new(session, CandidateRow, rows))

    def candidates(self, concept_id: int) -> dict[str, list[str]]:
        """Picture id → what brought it (query texts, "example", "random"), of what the concept looks in."""
        c = CandidateRow
        with self._database.read() as session:
            query = select(c.picture_id, c.brought_by).where(c.concept_id == concept_id, shown(c.picture_id))
            rows = session.execute(query.where(inside(session, concept_id, c.picture_id))).all()
        return dict(rows)

    def candidate_count(self, concept_id: int) -> int:
        """How many these are."""
        c = CandidateRow
        with self._database.read() as session:
            its = c.concept_id == concept_id, shown(c.picture_id), inside(session, concept_id, c.picture_id)
            return session.scalar(select(func.count()).where(*its)) or 0

    def add_wave(
        self, concept_id: int, wave: Wave, picture_ids: Sequence[str], waiting: Sequence[str] = ()
    ) -> bool:
        """Puts a random draw behind what is in the set, and what is `waiting` for a label behind that; False
        where a wave of this number is there: of two draws the first is the one."""
        with self._writing(concept_id) as session:
            if session.get(Wave, (concept_id, wave.number)):
                return False
            wave.concept_id = concept_id
            session.add(wave)
            put_behind(session, concept_id, picture_ids, "random", wave.number)
            p = EvaluationPictureRow
            last = following(session, p.ordinal, p.concept_id == concept_id)
            for some in chunks(list(waiting)):
                which = p.concept_id == concept_id, p.picture_id.in_(some)
                session.execute(update(p).where(*which).values(ordinal=p.ordinal + last))
            return True

    def take_back_sample(self, concept_id: int, number: int) -> None:
        """Takes the pictures of a wave that was brought by file out of the set."""
        p = EvaluationPictureRow
        with self._writing(concept_id) as session:
            which = p.concept_id == concept_id, p.drawn == "random", p.wave == number
            session.execute(delete(p).where(*which))

    def waves(self, concept_id: int) -> list[Wave]:
        """The random draws, the first one first."""
        query = select(Wave).where(Wave.concept_id == concept_id)
        return self._database.scalars(query.order_by(Wave.number))

    def wave_of(self, concept_id: int) -> dict[str, int]:
        """Picture id → the wave it was drawn in."""
        query = select(EvaluationPictureRow.picture_id, EvaluationPictureRow.wave)
        return dict(self._database.rows(query.where(*_measure(concept_id))))

    def evaluation_pictures(self, concept_id: int) -> dict[str, int]:
        """Picture id → the wave it was drawn in, in the order they are to be labelled. Those that only
        certify (`MEASURE_NOTHING`) are no part of the set, and neither is what the concept doesn't look at
        any more: kept apart it stays (`kept_apart`)."""
        p = EvaluationPictureRow
        with self._database.read() as session:
            query = select(p.picture_id, p.wave).where(*_measure(concept_id))
            query = query.where(inside(session, concept_id, p.picture_id))
            rows = session.execute(query.order_by(EvaluationPictureRow.ordinal)).all()
        return dict(rows)

    def certifying_pictures(self, concept_id: int) -> dict[str, Certifying]:
        """Those that certify a line and measure nothing, in the order they are to be labelled."""
        found: dict[str, Certifying] = {}
        last_wave = 0
        for picture_id, drawn, number in self._apart(concept_id, shown(EvaluationPictureRow.picture_id)):
            if drawn in MEASURE_NOTHING:
                found[picture_id] = Certifying(attempt=number, after_wave=last_wave, drawn=drawn)
            else:
                last_wave = max(last_wave, number)
        return found

    def kept_apart(self, concept_id: int) -> set[str]:
        """All that nothing learns from, whether they measure or certify. Also those that were removed from
        the library: what looks like them must not be learned from, for when they are put back."""
        return {row[0] for row in self._apart(concept_id)}

    def _apart(self, concept_id: int, *which: ColumnElement[bool]) -> list[tuple[str, str, int]]:
        """(picture id, how it was drawn, wave or attempt) in the order drawn."""
        p = EvaluationPictureRow
        query = select(p.picture_id, p.drawn, p.wave).where(p.concept_id == concept_id, *which)
        query = query.order_by(p.added, p.ordinal)
        return [(row[0], row[1], row[2]) for row in self._database.rows(query)]

    # Annotations

    def add_annotations(self, concept_id: int, annotations: Sequence[StoredAnnotation]) -> None:
        rows = [values_of(said) | {"concept_id": concept_id, "created": now()} for said in annotations]
        with self._database.write() as session:
            insert_new(session, StoredAnnotation, rows)

    def annotations(
        self, concept_id: int, picture_ids: Sequence[str] | None = None
    ) -> list[StoredAnnotation]:
        """With all evidence, of these few pictures or of all. Oldest first, so that a dict by picture keeps
        the newest."""
        query = select(StoredAnnotation).where(
            StoredAnnotation.concept_id == concept_id, shown(StoredAnnotation.picture_id)
        )
        if picture_ids is not None:
            query = query.where(StoredAnnotation.picture_id.in_(picture_ids))
        return self._database.scalars(query.order_by(StoredAnnotation.id))

    def ratings(
        self, concept_id: int, *, fingerprint: str | None = None, definition_number: int | None = None
    ) -> list[Rating]:
        """The annotations without their evidence, in the same order."""
        query = select(
            StoredAnnotation.picture_id,
            StoredAnnotation.definition_number,
            StoredAnnotation.fingerprint,
            StoredAnnotation.rating,
            StoredAnnotation.raw,
        ).where(StoredAnnotation.concept_id == concept_id, shown(StoredAnnotation.picture_id))
        if fingerprint is not None:
            query = query.where(StoredAnnotation.fingerprint == fingerprint)
        if definition_number is not None:
            query = query.where(StoredAnnotation.definition_number == definition_number)
        return [Rating(*row) for row in self._database.rows(query.order_by(StoredAnnotation.id))]

    def annotated(self, concept_id: int) -> int:
        """How many pictures that the concept looks in a machine has looked at."""
        a = StoredAnnotation
        query = select(func.count(a.picture_id.distinct()))
        with self._database.read() as session:
            its = a.concept_id == concept_id, shown(a.picture_id), inside(session, concept_id, a.picture_id)
            return session.scalar(query.where(*its)) or 0

    def _writing(self, concept_id: int) -> AbstractContextManager[Session]:
        """One writer of a concept's definitions and sets at a time: each takes the number behind the last."""
        return self._database.write(f"concept {concept_id}")


def _measure(concept_id: int) -> tuple[ColumnElement[bool], ...]:
    p = EvaluationPictureRow
    return p.concept_id == concept_id, p.drawn.not_in(MEASURE_NOTHING), shown(p.picture_id)


def put_behind(
    session: Session, concept_id: int, picture_ids: Sequence[str], drawn: str, wave: int = 0
) -> None:
    """Puts those that are new behind what is kept apart from training; under the concept's own lock."""
    p = EvaluationPictureRow
    first = following(session, p.ordinal, p.concept_id == concept_id)
    rows = [
        {"concept_id": concept_id, "picture_id": i, "ordinal": ordinal, "drawn": drawn, "wave": wave}
        for ordinal, i in enumerate(picture_ids, start=first)
    ]
    insert_new(session, EvaluationPictureRow, rows)


def _name_definition(session: Session, concept: ConceptRow, author: str, note: str) -> None:
    """The newest definition again, under the name that the concept has now."""
    query = select(DefinitionRow).where(DefinitionRow.concept_id == concept.id)
    newest = session.scalars(query.order_by(DefinitionRow.number.desc()).limit(1)).one()
    _add_definition(session, concept, newest.number + 1, newest.document, author, note)


def _add_definition(
    session: Session, concept: ConceptRow, number: int, document: dict[str, Any], author: str, note: str
) -> DefinitionRow:
    row = DefinitionRow(
        concept_id=concept.id,
        number=number,
        document=document | {"name": concept.name},
        author=author,
        note=note,
    )
    session.add(row)
    return row


def _copy_rows(session: Session, table: type[Copied], source: int, target: int) -> None:
    names = [column.name for column in table.__table__.columns if column.name not in ("id", "concept_id")]
    rows = select(literal(target), *(getattr(table, name) for name in names))
    rows = rows.where(table.concept_id == source)
    if table is not OutsidePictureRow:
        rows = rows.order_by(table.__table__.columns["id"])
    session.execute(insert(table).from_select(["concept_id", *names], rows))
