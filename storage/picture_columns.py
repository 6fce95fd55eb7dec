"""What files from elsewhere say of pictures, and the words in them: those, captions and keywords can be
searched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.database import Store, insert_new
from storage.removed import shown
from storage.tables import PictureColumn as PictureColumn
from storage.tables import PictureRow

CAPTION, KEYWORDS = "caption", "keywords"
WORDS = "words in the picture"  # as they were read; empty where there are none
SEARCHED = (CAPTION, KEYWORDS, WORDS)
LONGEST_NAME = 80
LONGEST_VALUE = 10_000  # characters
SAFETY = ("punsafe", "NSFW", "nsfw")  # LAION's: how likely it is unsafe, 0 to 1, and the same in a word
UNSAFE_WORDS = ("NSFW", "UNSURE", "LIKELY")
_WORD = re.compile(r"\w+", re.UNICODE)


class PictureColumns(Store):
    """All reads and writes of their table."""

    def add(self, columns: Iterable[PictureColumn]) -> int:
        """In one transaction; how many are new. The same again changes nothing."""
        with self._database.write("picture columns") as session:
            return add_columns(session, columns)

    def of(self, picture_id: str) -> list[PictureColumn]:
        """Everything that was said of a picture, captions first."""
        query = select(PictureColumn).where(PictureColumn.picture_id == picture_id)
        found = self._database.scalars(query.order_by(PictureColumn.name, PictureColumn.digest))
        return sorted((one for one in found if one.value), key=lambda column: column.name != CAPTION)

    def has_safety(self) -> bool:
        """Whether anything is said of how safe a picture is."""
        named = select(PictureColumn.name).where(PictureColumn.name.in_(SAFETY)).limit(1)
        return bool(self._database.scalars(named))

    def captions(self, picture_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Picture id → its captions."""
        found: dict[str, tuple[str, ...]] = {}
        c = PictureColumn
        query = select(c.picture_id, c.value).where(c.name == CAPTION).order_by(c.digest)
        for picture_id, value in self._database.rows_among(query, c.picture_id, picture_ids):
            found[picture_id] = (*found.get(picture_id, ()), value)
        return found

    def with_words(self, text: str, limit: int, offset: int) -> list[PictureColumn]:
        """Captions, keywords or words in pictures that hold every word of a text, whatever their case, by
        picture. Reads through them: a million take about a second."""
        words = _WORD.findall(text.casefold())
        if not words:
            return []
        query = select(PictureColumn).where(PictureColumn.name.in_(SEARCHED))
        query = query.where(shown(PictureColumn.picture_id))
        for word in words:
            query = query.where(PictureColumn.folded.contains(word, autoescape=True))
        query = query.order_by(PictureColumn.picture_id, PictureColumn.digest)
        return self._database.scalars(query.limit(limit).offset(offset))

    def unread(self, limit: int, after: str = "") -> list[str]:
        """Ids, in order and behind `after`, of pictures in which nobody has looked for words yet."""
        c = PictureColumn
        was_read = select(c.picture_id).where(c.picture_id == PictureRow.id, c.name == WORDS).exists()
        query = select(PictureRow.id).where(PictureRow.id > after, PictureRow.removed.is_(None), ~was_read)
        query = query.order_by(PictureRow.id)
        return self._database.scalars(query.limit(limit))

    def were_read(self) -> int:
        """In how many pictures somebody has looked for words."""
        query = select(func.count()).where(PictureColumn.name == WORDS)
        query = query.where(shown(PictureColumn.picture_id))
        return self._database.scalar(query) or 0


def add_columns(session: Session, columns: Iterable[PictureColumn]) -> int:
    """Add columns within the caller's transaction, and return how many."""
    rows = [
        {
            "picture_id": column.picture_id,
            "name": column.name[:LONGEST_NAME],
            "digest": hashlib.sha256(column.value.encode()).hexdigest()[:32],
            "value": column.value,
            "folded": column.value.casefold() if column.name in SEARCHED else None,
            "file": column.file[:200],
        }
        for column in columns
    ]
    return len(insert_new(session, PictureColumn, rows))


def may_be_unsafe(picture_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a file says so of a picture: with a probability of at least a half, or by LAION's words. As a
    number, not EXISTS: of that PostgreSQL makes a join with all pictures. Numbers are compared as text, which
    no database refuses."""
    c = PictureColumn
    half = [c.value.like(f"{start}%") for start in ("0.5", "0.6", "0.7", "0.8", "0.9", "1")]
    punsafe = and_(c.name == SAFETY[0], or_(*half), c.value.not_like("%e%"))
    said = or_(punsafe, and_(c.name.in_(SAFETY[1:]), c.value.in_(UNSAFE_WORDS)))
    return select(func.count()).where(c.picture_id == picture_id, said).scalar_subquery() > 0
