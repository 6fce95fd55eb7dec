"""Pictures that are no pictures of the library: what is kept of examples that came from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, update

from storage.database import Store, insert_new
from storage.errors import UnknownError
from storage.tables import OutsidePictureRow


@dataclass(frozen=True, eq=False)
class OutsidePicture:
    """`vector` (d,), rounded to float16 as the index keeps its own, is of the encoder with this
    fingerprint."""

    id: str
    perceptual_hash: str | None
    fingerprint: str
    vector: NDArray[np.float32]


class OutsidePictures(Store):
    """All reads and writes of their table. A picture stays when it is no example any more: an older
    definition may be the newest again."""

    def add(self, concept_id: int, picture: OutsidePicture, rendition: bytes, author: str) -> bool:
        """Whether it is new: the same picture again changes nothing. `rendition` is a JPEG to look at and to
        embed anew."""
        row = {
            "picture_id": picture.id,
            "concept_id": concept_id,
            "perceptual_hash": picture.perceptual_hash,
            "rendition": rendition,
            "fingerprint": picture.fingerprint,
            "vector": _bytes(picture.vector),
            "author": author,
        }
        with self._database.write() as session:
            return bool(insert_new(session, OutsidePictureRow, [row]))

    def discard(self, concept_id: int, picture_id: str) -> None:
        """Of one that no definition names."""
        row = delete(OutsidePictureRow).where(OutsidePictureRow.picture_id == picture_id)
        with self._database.write() as session:
            session.execute(row.where(OutsidePictureRow.concept_id == concept_id))

    def of(self, concept_id: int, picture_ids: Sequence[str]) -> list[OutsidePicture]:
        """Those of these that are kept with the concept, by id."""
        if not picture_ids:
            return []
        query = select(
            OutsidePictureRow.picture_id,
            OutsidePictureRow.perceptual_hash,
            OutsidePictureRow.fingerprint,
            OutsidePictureRow.vector,
        ).where(OutsidePictureRow.picture_id.in_(picture_ids), OutsidePictureRow.concept_id == concept_id)
        rows = self._database.rows(query.order_by(OutsidePictureRow.picture_id))
        return [
            OutsidePicture(row[0], row[1], row[2], np.frombuffer(row[3], dtype="<f2").astype(np.float32))
            for row in rows
        ]

    def rendition(self, picture_id: str) -> bytes:
        """JPEG. Raises `UnknownError`."""
        query = select(OutsidePictureRow.rendition).where(OutsidePictureRow.picture_id == picture_id).limit(1)
        found = self._database.scalar(query)
        if found is None:
            raise UnknownError(f"No picture has the id {picture_id[:80]}.", "picture")
        return found

    def embedded_otherwise(self, fingerprint: str) -> list[str]:
        """Ids of those whose vector is of another encoder."""
        query = select(OutsidePictureRow.picture_id).distinct()
        query = query.where(OutsidePictureRow.fingerprint != fingerprint).order_by(
            OutsidePictureRow.picture_id
        )
        return self._database.scalars(query)

    def embed(self, vectors: Mapping[str, NDArray[np.float32]], fingerprint: str) -> None:
        """Replaces the vectors (d,) of these pictures by those of another encoder."""
        with self._database.write() as session:
            for picture_id, vector in vectors.items():
                changed = {"vector": _bytes(vector), "fingerprint": fingerprint}
                rows = update(OutsidePictureRow).where(OutsidePictureRow.picture_id == picture_id)
                session.execute(rows.values(**changed))


def _bytes(vector: NDArray[np.float32]) -> bytes:
    return np.asarray(vector, dtype="<f2").tobytes()
