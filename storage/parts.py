"""Parts of pictures: what people framed, and which part a concept is judged by."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.database import Store
from storage.tables import FocusRow, FramedPart

Box = tuple[float, float, float, float]


class PartStore(Store):
    """All reads and writes of frames and focuses. Rows are added, never changed."""

    def keep(self, concept_id: int, picture_id: str, box: Box | None, author: str) -> None:
        """Keeps what was framed in a picture, or that nothing is any more."""
        kept = None if box is None else list(box)
        with self._database.write() as session:
            row = FramedPart(concept_id=concept_id, picture_id=picture_id, box=kept, author=author)
            session.add(row)

    def boxes(self, concept_id: int) -> dict[str, Box]:
        """Picture id → what is framed in it, in the order in which it was."""
        newest = select(func.max(FramedPart.id)).where(FramedPart.concept_id == concept_id)
        query = select(FramedPart).where(FramedPart.id.in_(newest.group_by(FramedPart.picture_id)))
        rows = self._database.scalars(query.order_by(FramedPart.id))
        return {row.picture_id: (*row.box,) for row in rows if row.box is not None}

    def last_frame(self, concept_id: int) -> int:
        """The number of the newest change to what is framed; 0 before the first."""
        query = select(func.max(FramedPart.id)).where(FramedPart.concept_id == concept_id)
        return self._database.scalar(query) or 0

    def add_focus(self, row: FocusRow) -> None:
        with self._database.write() as session:
            session.add(row)

    def focus(self, concept_id: int, encoder: str) -> FocusRow | None:
        """The newest for vectors of this encoder; None where whole pictures are judged."""
        query = select(FocusRow).where(FocusRow.concept_id == concept_id, FocusRow.encoder == encoder)
        row = self._database.scalar(query.order_by(FocusRow.id.desc()).limit(1))
        return None if row is None or row.direction is None else row

    def by_fingerprint(self, concept_id: int, fingerprint: str) -> FocusRow | None:
        """The one that gives vectors of this fingerprint, perhaps an older one."""
        query = select(FocusRow).where(FocusRow.concept_id == concept_id)
        return self._database.scalar(query.where(FocusRow.fingerprint == fingerprint).limit(1))

    def in_use(self, encoder: str) -> list[FocusRow]:
        """The newest of each concept that is judged by parts, as this encoder sees them."""
        newest = select(func.max(FocusRow.id)).where(FocusRow.encoder == encoder)
        query = select(FocusRow).where(FocusRow.id.in_(newest.group_by(FocusRow.concept_id)))
        return self._database.scalars(query.where(FocusRow.direction.is_not(None)).order_by(FocusRow.id))
