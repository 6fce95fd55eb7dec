"""What files from elsewhere say of pictures: captions, which can be searched, and any other columns."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Database, insert_new
from storage.removed import shown
from storage.tables import PictureColumnRow

CAPTION = "caption"  # the one column that is searched
LONGEST_NAME = 80
LONGEST_VALUE = 10_000  # characters
AT_ONCE = 1000
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True)
class PictureColumn:
    """One value of one column of a picture, and the name of the file that said so."""

    picture_id: str
    name: str
    value: str
    file: str


class PictureColumns:
    """All reads and writes of their table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, columns: Iterable[PictureColumn]) -> int:
        """In one transaction; how many are new. The same again changes nothing."""
        rows = [
            {
                "picture_id": column.picture_id,
                "name": column.name[:LONGEST_NAME],
                "digest": hashlib.sha256(column.value.encode()).hexdigest()[:32],
                "value": column.value,
                "folded": column.value.casefold() if column.name == CAPTION else None,
                "file": column.file[:200],
            }
            for column in columns
        ]
        added = 0
        with self._database.write("picture columns") as session:
            for start in range(0, len(rows), AT_ONCE):
                added += len(insert_new(session, PictureColumnRow, rows[start : start + AT_ONCE]))
        return added

    def of(self, picture_id: str) -> list[PictureColumn]:
        """Everything that was said of a picture, captions first."""
        query = select(PictureColumnRow).where(PictureColumnRow.picture_id == picture_id)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(PictureColumnRow.name, PictureColumnRow.digest))
            found = [PictureColumn(row.picture_id, row.name, row.value, row.file) for row in rows]
        return sorted(found, key=lambda column: column.name != CAPTION)

    def captions(self, picture_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Picture id → its captions."""
        found: dict[str, tuple[str, ...]] = {}
        query = select(PictureColumnRow.picture_id, PictureColumnRow.value)
        with self._database.read() as session:
            for start in range(0, len(picture_ids), AT_ONCE):
                rows = session.execute(
                    query.where(
                        PictureColumnRow.picture_id.in_(picture_ids[start : start + AT_ONCE]),
                        PictureColumnRow.name == CAPTION,
                    ).order_by(PictureColumnRow.digest)
                )
                for picture_id, value in rows:
                    found[picture_id] = (*found.get(picture_id, ()), value)
        return found

    def with_words(self, text: str, limit: int, offset: int = 0) -> list[PictureColumn]:
        """Captions that hold every word of a text, whatever their case, by picture. Reads through the
        captions: a million take about a second."""
        words = _WORD.findall(text.casefold())
        if not words:
            return []
        query = select(PictureColumnRow).where(PictureColumnRow.name == CAPTION)
        query = query.where(shown(PictureColumnRow.picture_id))
        for word in words:
            query = query.where(PictureColumnRow.folded.contains(word, autoescape=True))
        query = query.order_by(PictureColumnRow.picture_id, PictureColumnRow.digest)
        with self._database.read() as session:
            rows = session.scalars(query.limit(limit).offset(offset))
            return [PictureColumn(row.picture_id, row.name, row.value, row.file) for row in rows]
