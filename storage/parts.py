"""Parts of pictures: what people framed, and which part a concept looks at."""

from __future__ import annotations

from sqlalchemy import func, select

from storage.database import Store
from storage.tables import FocusRow, FramedPart

Box = tuple[float, float, float, float]


class PartStore(Store):
    """All reads and writes of framed parts and focuses. Rows are added, never changed."""

    def frame(self, concept_id: int, picture_id: str, box: Box | None, author: str) -> None:
        """Keeps what was framed in a picture, or that nothing is any more."""
        kept = None if box is None else list(box)
        with self._database.write() as session:
            row = FramedPart(concept_id=concept_id, picture_id=picture_id, box=kept, author=author)
            session.add(row)

    def framed(self, concept_id: int) -> dict[str, Box]:
        """Picture id → what is framed in it, in the order in which it was."""
        newest = select(func.max(FramedPart.id)).where(FramedPart.concept_id == concept_id)
        query = select(FramedPart).where(FramedPart.id.in_(newest.group_by(FramedPart.picture_id)))
        rows = self._database.scalars(query.order_by(FramedPart.id))
        return {row.picture_id: (*row.box,) for row in rows if row.box is not None}

    def last_framed(self, concept_id: int) -> int:
        """The number of the newest change to what is framed; 0 before the first."""
        query = select(func.max(FramedPart.id)).where(FramedPart.concept_id == concept_id)
        return self._database.scalar(query) or 0

    def look_through(self, row: FocusRow) -> None:
        with self._database.write() as session:
            session.add(row)

    def looked_through(self, concept_id: int, encoder: str) -> list[str]:
        """The fingerprints of what the concept has looked at so far with this encoder."""
        query = select(FocusRow.fingerprint).where(FocusRow.concept_id == concept_id)
        return self._database.scalars(query.where(FocusRow.encoder == encoder))

    def focus(self, concept_id: int, encoder: str) -> FocusRow | None:
        """The newest for vectors of this encoder; None where whole pictures are looked at."""
        query = select(FocusRow).where(FocusRow.concept_id == concept_id, FocusRow.encoder == encoder)
        row = self._database.scalar(query.order_by(FocusRow.id.desc()).limit(1))
        return None if row is None or row.direction is None else row
