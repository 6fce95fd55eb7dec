"""The append-only log of label events (rule 2), and what stands after undoing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from storage.database import Store, chunks, insert_new
from storage.errors import ConflictError
from storage.label_queries import COMMENT, UNDO, VALUES, Value, not_undone, of_each, replaced, undone
from storage.removed import changes_since
from storage.tables import PURGED, EvaluationPictureRow, LabelEventRow, RemovalRow, WallRow

AuthorKind = Literal["person", "simulated", "annotator"]
COPIED = (
    *("picture_id", "value", "given", "author", "author_kind"),
    *("definition_number", "created", "in_view"),
)
USED = "The same key came from somebody else before, so this was not taken."


@dataclass(frozen=True)
class Author:
    """Who labels. A simulated author answers from known captions or folders in a demo or a study."""

    name: str
    kind: AuthorKind = "person"


@dataclass(frozen=True)
class NewLabel:
    """A label to append. The same `key` twice is one label: a repeated request changes nothing."""

    key: str
    picture_id: str
    value: Value
    author: Author
    definition_number: int
    comment: str = ""
    recorded_by: str | None = None  # who brought it, where that isn't the author
    in_view: bool = False  # what the machine says of the picture stood beside it
    repeat: bool = False  # asked a second time: it says how consistent they are, and is no change of mind
    given: str | None = None  # the grade or class that was said, of which `value` is what it comes down to


@dataclass(frozen=True)
class LabelEvent:
    sequence: int
    key: str
    picture_id: str
    value: str  # a Value, or UNDO, or COMMENT
    author: Author
    definition_number: int
    comment: str
    created: datetime
    undoes: int | None
    recorded_by: str | None = None
    in_view: bool = False
    repeat: bool = False
    taken_from: int | None = None  # the event of another concept that this one repeats
    given: str | None = None  # the grade or class that was said

    @property
    def said(self) -> str:
        """In the words in which it was answered: yes, 4, kitchen, unsure, …"""
        return self.given or self.value


class LabelLog(Store):
    """All reads and writes of label events. What an author says of a picture is their last event
    on it that was not undone. Repeats are kept beside that: who is asked the same again changes no answer.
    What was said of a picture in the bin is kept and stands nowhere."""

    def _writing(self, concept_id: int) -> AbstractContextManager[Session]:
        """One writer of a concept's events at a time: whoever has read up to event N finds all that comes
        later behind N, never an event of a slower writer before it."""
        return self._database.write(f"labels of concept {concept_id}")

    def append(self, concept_id: int, labels: Sequence[NewLabel]) -> int:
        """Appends in one transaction those whose key is new, and says how many that were.

        Raises `ConflictError`, and keeps none, where another person has used a key: their answer is no
        answer to this one.
        """
        last = {label.key: label for label in labels}
        rows = [vars(label) | _by(label.author) | {"concept_id": concept_id} for label in last.values()]
        with self._writing(concept_id) as session:
            return _insert(session, rows)

    def comment(
        self,
        concept_id: int,
        key: str,
        picture_id: str,
        author: Author,
        number: int,
        text: str,
        *,
        beside: bool = False,
    ) -> None:
        """A remark on a picture that changes no label. It takes the place of all that this author remarked
        on the picture before, which an empty one takes back; `beside` it, where it is kept besides. Raises
        `ConflictError` like `append`."""
        row = {
            "key": key,
            "concept_id": concept_id,
            "picture_id": picture_id,
            "value": COMMENT,
            "definition_number": number,
            "comment": text,
        }
        remarks = select(func.max(LabelEventRow.sequence)).filter_by(
            concept_id=concept_id, picture_id=picture_id, **_by(author)
        )
        remarks = remarks.where(LabelEventRow.comment != "")
        with self._writing(concept_id) as session:
            before = None if beside else session.scalar(remarks)
            _insert(session, [row | _by(author) | {"undoes": before}])

    def copy(self, source: int, target: int, recorded_by: str) -> None:
        """Says in a new concept what people said in another that was not undone, in the same order and with
        the same marks. Whose they are and when they were given stays, and each
        names the event it is from. What was asked twice to see how consistent people are is left out, and so
        are comments that others were put in the place of."""
        e = LabelEventRow
        there = e.concept_id == source, e.picture_id != PURGED
        of_people = *there, e.author_kind != "annotator", e.repeat.is_(False)
        remark = and_(e.value == COMMENT, e.comment != "", ~replaced())
        query = select(e, replaced()).where(
            *of_people, or_(and_(e.value.in_(VALUES), ~undone().exists()), remark)
        )
        with self._writing(target) as session:
            rows = [
                {
                    **{name: getattr(row, name) for name in COPIED},
                    "key": f"copied to {target}/{row.sequence}",
                    "concept_id": target,
                    "comment": "" if replaced else row.comment,
                    "recorded_by": recorded_by if recorded_by != row.author else None,
                    "taken_from": row.sequence,
                }
                for row, replaced in session.execute(query.order_by(e.sequence))
            ]
            _insert(session, rows)

    def origins(self, concept_id: int) -> dict[int, int]:
        """Event → the concept it was taken over from, of those that were."""
        source, e = aliased(LabelEventRow), LabelEventRow
        query = select(e.sequence, source.concept_id).join(source, source.sequence == e.taken_from)
        return dict(self._database.rows(query.where(e.concept_id == concept_id)))

    def undo(
        self, concept_id: int, key: str, author: Author, count: int = 1, only: Sequence[str] = ()
    ) -> list[LabelEvent]:
        """Undoes this author's last `count` labels that stand, as new events; returns what was undone.

        With `only`, the labels that were given under these keys and still stand, and no others.
        The same key again undoes nothing more and returns the same. Raises `ConflictError` where it was used
        for something else.
        """
        with self._writing(concept_id) as session:
            before = session.scalar(select(LabelEventRow).where(LabelEventRow.key == f"{key}/0"))
            if before is not None:
                if (before.concept_id, before.value, before.author) != (concept_id, UNDO, author.name):
                    raise ConflictError(USED)
                undo, prefix = aliased(LabelEventRow), f"{key}/"
                its = undo.concept_id == concept_id, undo.value == UNDO
                under = func.substr(undo.key, 1, len(prefix)) == prefix  # LIKE folds case in SQLite
                undone = select(LabelEventRow).join(undo, undo.undoes == LabelEventRow.sequence)
                return _events(session, undone.where(*its, under).order_by(LabelEventRow.sequence.desc()))
            query = not_undone(concept_id).filter_by(**_by(author))
            query = query.where(LabelEventRow.key.in_(only)) if only else query.limit(count)
            events = _events(session, query.order_by(LabelEventRow.sequence.desc()))
            undoing = [
                {
                    "key": f"{key}/{index}",
                    "concept_id": concept_id,
                    "picture_id": event.picture_id,
                    "value": UNDO,
                    "undoes": event.sequence,
                    "definition_number": event.definition_number,
                    **_by(author),
                }
                for index, event in enumerate(events)
            ]
            insert_new(session, LabelEventRow, undoing)
            return events

    def with_keys(self, keys: Sequence[str]) -> dict[str, LabelEvent]:
        """The events that were kept under these keys."""
        query = select(LabelEventRow).where(LabelEventRow.key.in_(keys))
        return {event.key: event for event in self._read(query)}

    def standing(
        self,
        concept_id: int,
        kinds: Sequence[AuthorKind] = ("person", "simulated", "annotator"),
        picture_ids: Sequence[str] | None = None,
        limit: int | None = None,
        offset: int = 0,
        until: int | None = None,
    ) -> list[LabelEvent]:
        """The last label of each author on each picture (of all, or of these few), oldest first; all of
        them or a page. `until` a label event: as it was then."""
        labels = not_undone(concept_id, until).where(
            LabelEventRow.author_kind.in_(kinds), LabelEventRow.repeat.is_(False)
        )
        if picture_ids is not None:
            labels = labels.where(LabelEventRow.picture_id.in_(picture_ids))
        return self._read(of_each(labels, func.max(LabelEventRow.sequence)).limit(limit).offset(offset))

    def said_by(self, concept_id: int, author: Author) -> dict[str, str]:
        """Picture id → what this author says of it, of all of which they say something."""
        e = LabelEventRow
        query = not_undone(concept_id).filter_by(**_by(author)).where(e.repeat.is_(False))
        columns = query.with_only_columns(e.picture_id, e.value).order_by(e.sequence)
        return dict(self._database.rows(columns))

    def about(self, picture_ids: Sequence[str], concept_ids: Sequence[int]) -> set[int]:
        """Those of these concepts for which anything was ever said of any of these pictures: a look at an
        index for each picture, where asking each concept for what stands would be a hundred."""
        query = select(LabelEventRow.concept_id).distinct()
        found = self._database.scalars_among(query, LabelEventRow.picture_id, picture_ids)
        return found.intersection(concept_ids)

    def blind(self, concept_id: int, picture_ids: Sequence[str] | None = None) -> list[LabelEvent]:
        """The first label that each person, real or simulated, gave a picture (any, or one of these few)
        without seeing what the machine says of it, oldest first. What is undone was not given."""
        labels = _of_people(concept_id, LabelEventRow.in_view.is_(False))
        if picture_ids is not None:
            labels = labels.where(LabelEventRow.picture_id.in_(picture_ids))
        return self._read(of_each(labels, func.min(LabelEventRow.sequence)))

    def all_blind(self, concept_id: int, picture_ids: Sequence[str]) -> list[LabelEvent]:
        """The same of these few pictures, with what each person said of them later, blindly too."""
        e = LabelEventRow
        labels = _of_people(concept_id, e.in_view.is_(False), e.picture_id.in_(picture_ids))
        return self._read(labels.order_by(e.sequence))

    def answered_blindly(self, concept_id: int, picture_ids: Sequence[str]) -> set[str]:
        """Those of these few pictures of which `blind` has an event."""
        e = LabelEventRow
        query = _of_people(concept_id, e.in_view.is_(False), e.picture_id.in_(picture_ids))
        return set(self._database.scalars(query.with_only_columns(e.picture_id).distinct()))

    def first(self, concept_id: int) -> list[LabelEvent]:
        """The same, whatever stood beside the picture."""
        return self._read(of_each(_of_people(concept_id), func.min(LabelEventRow.sequence)))

    def repeats(self, concept_id: int) -> list[LabelEvent]:
        """What people said when they were asked about a picture a second time, oldest first."""
        query = not_undone(concept_id).where(LabelEventRow.repeat.is_(True))
        return self._read(query.order_by(LabelEventRow.sequence))

    def of_author(self, concept_id: int, author: Author, picture_ids: Sequence[str]) -> list[LabelEvent]:
        """All that this author said of these few pictures and that was not undone, repeats too, oldest
        first."""
        query = not_undone(concept_id).filter_by(**_by(author))
        query = query.where(LabelEventRow.picture_id.in_(picture_ids))
        return self._read(query.order_by(LabelEventRow.sequence))

    def given_again(self, concept_id: int) -> dict[str, int]:
        """Picture id → 1 where a person's last two labels of it, yes or no, are the same, -1 where they are
        not; nothing of those that everybody labelled once."""
        e = LabelEventRow
        query = _of_people(concept_id, e.value.in_(("yes", "no")))
        twice = query.with_only_columns(e.picture_id).group_by(e.picture_id, e.author, e.author_kind)
        twice = twice.having(func.count() > 1).correlate(None)
        last: dict[tuple[str, Author], str] = {}
        found: dict[str, int] = {}
        for event in self._read(query.where(e.picture_id.in_(twice)).order_by(e.sequence)):
            before = last.get((event.picture_id, event.author))
            if before is not None:
                found[event.picture_id] = 1 if before == event.value else -1
            last[event.picture_id, event.author] = event.value
        return found

    def seen_on_walls(self, concept_id: int, until: int | None = None) -> list[str]:
        """Ids of the pictures of every wall that somebody looked through; `until` a label event: by then."""
        query = select(WallRow.pictures).where(WallRow.concept_id == concept_id).order_by(WallRow.id)
        if until is not None:
            query = query.where(WallRow.label_sequence <= until)
        return list(dict.fromkeys(i for pictures in self._database.scalars(query) for i in pictures))

    def first_answered(self, concept_id: int) -> dict[str, int]:
        """Picture id → the sequence of the first label that a person gave it, undone or not."""
        query = select(LabelEventRow.picture_id, func.min(LabelEventRow.sequence)).where(
            LabelEventRow.concept_id == concept_id,
            LabelEventRow.value.in_(VALUES),
            LabelEventRow.author_kind != "annotator",
            LabelEventRow.picture_id != PURGED,
        )
        return dict(self._database.rows(query.group_by(LabelEventRow.picture_id)))

    def events(self, concept_id: int, picture_id: str | None = None) -> Iterator[LabelEvent]:
        """The whole log, or that of one picture, oldest first."""
        query = select(LabelEventRow).where(LabelEventRow.concept_id == concept_id)
        if picture_id:
            query = query.where(LabelEventRow.picture_id == picture_id)
        with self._database.read() as session:
            query = query.order_by(LabelEventRow.sequence).execution_options(yield_per=1000)
            yield from _streamed(session, query)

    def changed_since(self, concept_id: int, sequence: int) -> set[str]:
        """Pictures with an event of a person behind `sequence`."""
        query = select(LabelEventRow.picture_id).where(
            LabelEventRow.sequence > sequence,
            LabelEventRow.concept_id == concept_id,
            LabelEventRow.author_kind != "annotator",
        )
        return set(self._database.scalars(query))

    def removals_since(self, sequence: int) -> set[str]:
        """Pictures of which nothing stands any more, or again, because they were removed from the library or
        put back behind the removal `sequence`."""
        with self._database.read() as session:
            return changes_since(session, sequence)

    def recent(self, concept_id: int, author: Author, limit: int) -> list[LabelEvent]:
        """This author's last labels that were not undone, repeats too, newest first."""
        query = not_undone(concept_id).filter_by(**_by(author))
        return self._read(query.order_by(LabelEventRow.sequence.desc()).limit(limit))

    def comments(self, concept_id: int, picture_ids: Sequence[str]) -> list[LabelEvent]:
        """What people remark on these pictures, with or without a label, oldest first; without what they
        have put something else in the place of."""
        query = select(LabelEventRow).where(
            LabelEventRow.concept_id == concept_id,
            LabelEventRow.author_kind != "annotator",
            LabelEventRow.comment != "",
            ~replaced(),
        )
        found: list[LabelEvent] = []
        with self._database.read() as session:
            for some in chunks(list(set(picture_ids))):
                found += _streamed(session, query.where(LabelEventRow.picture_id.in_(some)))
        # Sorted here: for that in order SQLite reads the whole log.
        return sorted(found, key=lambda event: event.sequence)

    def last_sequence(self, concept_id: int) -> int:
        query = select(func.max(LabelEventRow.sequence)).where(LabelEventRow.concept_id == concept_id)
        return self._database.scalar(query) or 0

    def state(self, concept_id: int) -> tuple[int, int, int]:
        """What the concept's labels are counted by: its last label event, how many pictures are kept apart
        for it, and the last time that pictures were removed from the library or put back."""
        e, p = LabelEventRow, EvaluationPictureRow
        last = select(func.max(e.sequence)).where(e.concept_id == concept_id)
        apart = select(func.count()).where(p.concept_id == concept_id)
        removal = select(func.max(RemovalRow.sequence))
        parts = (last, apart, removal)
        row = self._database.rows(select(*(func.coalesce(part.scalar_subquery(), 0) for part in parts)))[0]
        return row[0], row[1], row[2]

    def _read(self, query: Select[LabelEventRow]) -> list[LabelEvent]:
        with self._database.read() as session:
            return _events(session, query)


class WallLog(Store):
    """Walls of pictures that people looked through."""

    def add(self, concept_id: int, key: str, author: str, pictures: Sequence[str]) -> None:
        """The same key again changes nothing."""
        last = select(func.max(LabelEventRow.sequence)).where(LabelEventRow.concept_id == concept_id)
        row = {"concept_id": concept_id, "key": key, "author": author, "pictures": list(pictures)}
        with self._database.write() as session:
            row["label_sequence"] = session.scalar(last) or 0
            insert_new(session, WallRow, [row])

    def has(self, key: str) -> bool:
        return self._database.scalar(select(WallRow.id).where(WallRow.key == key)) is not None

    def of(self, concept_id: int) -> list[list[str]]:
        """The picture ids of each wall of a concept, the first shown first."""
        query = select(WallRow.pictures).where(WallRow.concept_id == concept_id).order_by(WallRow.id)
        return [list(pictures) for pictures in self._database.scalars(query)]

    def last(self, concept_id: int) -> int:
        """The last label event when the newest one was looked through; 0 before the first."""
        query = select(func.max(WallRow.label_sequence)).where(WallRow.concept_id == concept_id)
        return self._database.scalar(query) or 0

    def count(self, concept_id: int) -> int:
        query = select(func.count()).where(WallRow.concept_id == concept_id)
        return self._database.scalar(query) or 0


def _insert(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Those with a new key; under the others the same author must have said something before."""
    new = len(insert_new(session, LabelEventRow, rows))
    if new < len(rows):
        wanted = {row["key"]: Author(row["author"], row["author_kind"]) for row in rows}
        kept = _events(session, select(LabelEventRow).where(LabelEventRow.key.in_(wanted)))
        if any(event.author != wanted[event.key] for event in kept):
            raise ConflictError(USED)
    return new


def _of_people(concept_id: int, *which: ColumnElement[bool]) -> Select[LabelEventRow]:
    """What people said that was not undone, without repeats."""
    e = LabelEventRow
    labels: Select[LabelEventRow] = not_undone(concept_id)
    return labels.where(e.author_kind != "annotator", e.repeat.is_(False), *which)


def _by(author: Author) -> dict[str, str]:
    """The columns that say who it was."""
    return {"author": author.name, "author_kind": author.kind}


def _events(session: Session, query: Select[LabelEventRow]) -> list[LabelEvent]:
    return list(_streamed(session, query))


def _streamed(session: Session, query: Select[LabelEventRow]) -> Iterator[LabelEvent]:
    """By columns: to make a tracked row of each takes as long as all else together."""
    e = LabelEventRow
    columns = query.with_only_columns(
        *(e.sequence, e.key, e.picture_id, e.value, e.author, e.author_kind, e.definition_number, e.comment),
        *(e.created, e.undoes, e.recorded_by, e.in_view, e.repeat, e.taken_from, e.given),
    )
    authors: dict[tuple[str, str], Author] = {}
    for sequence, key, picture, value, name, kind, *rest in session.execute(columns):
        # Written from an AuthorKind only.
        who = authors.setdefault((name, kind), Author(name, kind))  # type: ignore[arg-type]
        yield LabelEvent(sequence, key, picture, value, who, *rest)
