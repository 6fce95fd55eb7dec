"""Which part of each picture a concept is judged by, as a reader of vectors: the one place where a focus
becomes vectors. Whatever learns, asks, measures or scores for a concept gets its reader and encoder here."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from concepts.encoders.base import Encoder
from concepts.encoders.parts import BOXES, AllParts, FocusedEncoder, PartsEncoder, best_part, focus_of
from concepts.errors import NO_FRAME, DiscernError
from concepts.jobs.progress import Listener
from storage.database import Database, once_a_moment
from storage.parts import Box, PartStore
from storage.tables import FocusRow
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader

if TYPE_CHECKING:
    from concepts.library.collection import Collection

READERS_KEPT = 8  # 80 bytes a picture each
SAMPLED = 1_000  # pictures of whose parts the mean and the covariance are


class Parts:
    """Which part of each picture a concept is judged by. Without a focus it is the whole picture."""

    def __init__(self, database: Database, collection: Collection) -> None:
        self.store = PartStore(database)
        self._collection = collection
        self._lock = threading.Lock()
        self._readers: LRUCache[tuple[str, str], VectorReader] = LRUCache(READERS_KEPT)

    def focus(self, concept_id: int) -> FocusRow | None:
        recorded = self._collection.library.encoder()
        if recorded is None:
            return None
        key = ("focus", self, concept_id)
        return once_a_moment(key, lambda: self.store.focus(concept_id, recorded.fingerprint))

    def fingerprint(self, concept_id: int) -> str:
        """Of the vectors that the concept learns from. Raises `DiscernError`."""
        focus = self.focus(concept_id)
        return focus.fingerprint if focus else self._collection.recorded().fingerprint

    def fingerprints(self) -> dict[int, str]:
        """Concept id → `fingerprint`, of the concepts that are judged by parts."""
        return {focus.concept_id: focus.fingerprint for focus in self._in_use()}

    def has_been(self, concept_id: int, fingerprint: str) -> bool:
        """Whether the concept was judged by vectors of this fingerprint with the library's encoder: of whole
        pictures, or of another part of them."""
        encoder = self._collection.recorded().fingerprint
        focus = self.store.by_fingerprint(concept_id, fingerprint)
        return fingerprint == encoder or (focus is not None and focus.encoder == encoder)

    def encoder(self, concept_id: int) -> Encoder:
        """That gives a picture the vector that the concept learns from."""
        focus, encoder = self.focus(concept_id), self._collection.encoder()
        return FocusedEncoder(_able(encoder), _direction(focus)) if focus else encoder

    def seen(self, concept_id: int) -> tuple[str, VectorReader]:
        """The fingerprint of what the concept learns from, and a reader of it: the vector of the picked part
        of every picture whose parts were embedded, or of every whole one."""
        focus = self.focus(concept_id)
        if focus is None:
            return self._collection.recorded().fingerprint, self._collection.index()
        return focus.fingerprint, self._reader(focus)

    def reader_of(self, concept_id: int, fingerprint: str) -> VectorReader:
        """As the concept once saw: with a fingerprint that `has_been`."""
        focus = self.store.by_fingerprint(concept_id, fingerprint)
        return self._collection.index() if focus is None or focus.direction is None else self._reader(focus)

    def missing(self, concept_id: int, ids: PictureIds) -> int:
        """How many of these pictures can't be judged yet: their parts weren't embedded."""
        focus = self.focus(concept_id)
        if focus is None:
            return 0
        everything = self._collection.parts_index(focus.parts).snapshot()
        return len(ids) - len(ids.rows_in(everything.known))

    def boxes(self, concept_id: int, picture_ids: Sequence[str]) -> dict[str, Box]:
        """Picture id → the part that is judged; none of pictures whose parts weren't embedded."""
        focus = self.focus(concept_id)
        if focus is None:
            return {}
        reader = self._reader(focus)
        missing = set(reader.missing(picture_ids))
        known = [one for one in picture_ids if one not in missing]
        return dict(zip(known, (BOXES[part] for part in reader.parts_of(known, len(BOXES))), strict=True))

    def _reader(self, focus: FocusRow) -> VectorReader:
        hidden = self._collection.removed.hidden()  # first: of what is purged meanwhile there is no vector
        everything = self._collection.parts_index(focus.parts).snapshot()
        key = (everything.version, focus.fingerprint)
        with self._lock:
            reader = self._readers.get(key)
            if reader is None:
                version = f"{everything.version} through {focus.fingerprint}"
                reader = self._readers[key] = everything.of_parts(len(BOXES), _direction(focus), version)
        return reader.without(hidden.ids, f"{reader.version}-{hidden.version}") if hidden.ids else reader

    # What jobs do

    def embed_all(self, listener: Listener) -> VectorReader:
        """The vectors of all parts, those of one picture side by side. Embeds what has none yet."""
        every = AllParts(_able(self._collection.encoder()))
        self._collection.embed_parts(every, listener)
        return self._collection.parts_index(str(every.fingerprint)).snapshot()

    def keep_up(self, listener: Listener) -> None:
        """Embeds the parts of pictures that have come, where any concept is judged by parts, and picks each
        concept's: a screen would wait for it."""
        in_use = self._in_use()
        if in_use:
            self.embed_all(listener)
        for focus in in_use:
            self._reader(focus)

    def _in_use(self) -> list[FocusRow]:
        recorded = self._collection.library.encoder()
        return self.store.in_use(recorded.fingerprint) if recorded else []

    def focus_on(self, concept_id: int, boxes: Mapping[str, Box]) -> None:
        """Has the concept judged by the part that is like those in the boxes (picture id → box), whose parts
        have been embedded. Raises `ConflictError` without any."""
        newest, encoder = self.store.last_frame(concept_id), _able(self._collection.encoder())
        every = str(AllParts(encoder).fingerprint)
        index = self._collection.parts_index(every).snapshot()
        missing = set(index.missing(list(boxes)))
        places = {one: best_part(box) for one, box in boxes.items() if one not in missing}
        if not boxes:
            raise NO_FRAME()
        if not places:
            raise DiscernError("The framed pictures can't be read. Reconnect their folder, or frame others.")
        of_framed = index.vectors(list(places)).reshape(len(places), len(BOXES), -1)
        _, sample = next(iter(index.batches(SAMPLED)))  # ids are hashes: by chance
        some = sample.reshape(-1, encoder.dimension).astype(np.float32)
        direction = focus_of(of_framed[np.arange(len(places)), list(places.values())], some)
        row = FocusRow(
            concept_id=concept_id,
            encoder=str(encoder.fingerprint),
            parts=every,
            fingerprint=str(FocusedEncoder(encoder, direction).fingerprint),
            direction=direction.astype("<f4").tobytes(),
            last_frame=newest,
        )
        self.store.add_focus(row)

    def use_whole(self, concept_id: int) -> None:
        encoder = self._collection.recorded().fingerprint
        row = FocusRow(
            concept_id=concept_id,
            encoder=encoder,
            parts="",
            fingerprint=encoder,
            direction=None,
            last_frame=self.store.last_frame(concept_id),
        )
        self.store.add_focus(row)


def _able(encoder: Encoder) -> PartsEncoder:
    if not hasattr(encoder, "encode_parts"):  # one that visitors share passes on what it is asked for
        raise DiscernError(
            f"Only the built-in encoder looks at parts of pictures, and this library has {encoder.name}."
        )
    return cast(PartsEncoder, encoder)


def _direction(focus: FocusRow) -> NDArray[np.float32]:
    assert focus.direction is not None
    return np.frombuffer(focus.direction, "<f4").astype(np.float32)
