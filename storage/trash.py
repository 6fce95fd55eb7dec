"""What is in the trash, of every kind in one list. To put and to restore is for the store of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, String, cast, func, literal, not_, select, union_all
from sqlalchemy.orm import Session

from storage.database import Store
from storage.names import IN_USE, key_of
from storage.tables import (
    PURGED,
    CollectionPictureRow,
    ConceptRow,
    HeadRow,
    LabelEventRow,
    NamedCollectionRow,
    PictureRow,
    RemovalRow,
    SourceRow,
    StoredCombination,
)

Kind = Literal["picture", "concept", "collection", "rule"]


@dataclass(frozen=True)
class Trashed:
    """`id`: of a picture, the number of a concept or collection, or the name of a rule. `name` of a picture:
    the first place it is at. `author`: who put it here, which nobody kept of concepts and collections. What
    comes back with it: labelled pictures of a concept or labels of a picture, versions, pictures."""

    kind: Kind
    id: str
    name: str
    author: str
    when: datetime
    labels: int = 0
    versions: int = 0
    pictures: int = 0


class TrashStore(Store):
    """Reads alone."""

    def page(self, kind: Kind | None, limit: int, offset: int = 0) -> list[Trashed]:
        """What was put here last comes first; of one kind, or of all."""
        parts = [part for name, part in _PARTS.items() if kind in (None, name)]
        rows = (parts[0] if kind else union_all(*parts)).subquery()
        query = select(rows).order_by(rows.c.moment.desc(), rows.c.kind, rows.c.id.desc())
        with self._database.read() as session:
            page = [Trashed(*row) for row in session.execute(query.limit(limit).offset(offset))]
            found = {
                of: look_up(session, [one.id for one in page if one.kind == of])
                for of, look_up in _LOOK_UP.items()
            }
        return [replace(one, **_of(one, found[one.kind])) for one in page]

    def find(self, kind: Literal["concept", "collection"], name: str) -> int | None:
        """The number of the last one with this name. What is here has given its key up, and only Python
        folds case as keys do."""
        rows = _PARTS[kind].subquery()
        found = self._database.rows(select(rows.c.id, rows.c.name).order_by(rows.c.moment.desc()))
        return next((int(row.id) for row in found if key_of(row.name) == key_of(name)), None)


# What there is in the trash

_P, _C, _N, _R = PictureRow, ConceptRow, NamedCollectionRow, StoredCombination


def _part(kind: Kind, id: Any, name: Any, author: Any, moment: Any) -> Select[Any, Any, Any, Any, Any]:
    named = {"kind": literal(kind), "id": id, "name": name, "author": author, "moment": moment}
    return select(*(column.label(label) for label, column in named.items()))


_PARTS: dict[Kind, Select[Any, Any, Any, Any, Any]] = {
    "picture": _part("picture", _P.id, literal(""), literal(""), _P.removed).where(
        _P.removed.is_not(None), _P.id != PURGED
    ),
    "concept": _part("concept", cast(_C.id, String), _C.name, literal(""), _C.deleted).where(not_(IN_USE)),
    "collection": _part("collection", cast(_N.id, String), _N.name, literal(""), _N.removed).where(
        _N.removed.is_not(None)
    ),
    "rule": _part("rule", _R.name, _R.name, _R.author, _R.created).where(
        _R.removed.is_(True), _R.id.in_(select(func.max(_R.id)).group_by(_R.key))
    ),
}


# What comes back with each, looked up for one page at a time


def _of(one: Trashed, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: by_id[one.id] for name, by_id in found.items() if one.id in by_id}


def _pictures(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    s, r, e = SourceRow, RemovalRow, LabelEventRow
    first = select(s.picture_id, func.min(s.uri)).where(s.picture_id.in_(ids)).group_by(s.picture_id)
    last = select(r.picture_id, r.author).where(r.picture_id.in_(ids)).order_by(r.sequence)
    return {
        "name": _by_first(session, first),
        "author": _by_first(session, last),
        "labels": _by_first(session, _count(e.picture_id, e.sequence, ids)),
    }


def _concepts(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    e = LabelEventRow
    return {
        "labels": _by_first(session, _count(e.concept_id, e.picture_id.distinct(), map(int, ids))),
        "versions": _by_first(session, _count(HeadRow.concept_id, HeadRow.id, map(int, ids))),
    }


def _collections(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    member = CollectionPictureRow
    its = _count(member.collection_id, member.picture_id, map(int, ids)).where(member.until.is_(None))
    return {"pictures": _by_first(session, its)}


def _rules(session: Session, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    its = select(_R.name, _R.members).where(_R.key.in_([key_of(name) for name in names])).order_by(_R.id)
    members = _by_first(session, its)
    return {"versions": {name: len(found) for name, found in members.items()}}


_LOOK_UP: dict[Kind, Callable[[Session, Sequence[str]], dict[str, dict[str, Any]]]] = {
    "picture": _pictures,
    "concept": _concepts,
    "collection": _collections,
    "rule": _rules,
}


def _count(column: Any, what: Any, values: Iterable[Any]) -> Select[Any, int]:
    return select(column, func.count(what)).where(column.in_(list(values))).group_by(column)


def _by_first(session: Session, query: Select[Any, Any]) -> dict[str, Any]:
    return {str(row[0]): row[1] for row in session.execute(query)}
