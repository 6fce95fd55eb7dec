"""Which part of every picture a concept looks at, as a reader of vectors: the one place where a focus becomes
vectors. Whatever learns, asks, measures or scores for a concept gets its reader and its encoder here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from concepts.encoders.base import Encoder
from concepts.encoders.parts import (
    BOXES,
    AllParts,
    FocusedEncoder,
    PartsEncoder,
    focus_of,
    framed,
    picked,
)
from concepts.errors import DiscernError, NotEnoughLabelsError
from concepts.jobs.progress import Listener
from storage.database import Database, once_a_moment
from storage.parts import Box, PartStore
from storage.tables import FocusRow
from storage.vectors.ids import AT_ONCE, parts
from storage.vectors.reader import VectorReader

if TYPE_CHECKING:
    from concepts.library.collection import Collection

READERS_KEPT = 4  # 8 bytes a picture each
SAMPLED = 1_000  # pictures of whose parts the mean and the covariance are


class OtherPartError(DiscernError):
    """A version was trained on another part of the pictures than the concept looks at now."""

    http_status = 409
    in_terminal = "Train again (discern concept train)."
    on_screen = "Train again on Check."

    def __init__(self, version: int) -> None:
        super().__init__(f"Version {version} was trained on another part of the pictures.")


class Parts:
    """What concepts look at of their pictures. A concept without a focus looks at whole ones."""

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
        """Of the vectors that the concept learns from. Raises `EmptyLibraryError`."""
        focus = self.focus(concept_id)
        return focus.fingerprint if focus else self._collection.recorded().fingerprint

    def seen_in(self, concept_id: int) -> dict[str, Box]:
        """What is framed, of a concept that looks at parts."""
        return self.store.framed(concept_id) if self.focus(concept_id) else {}

    def has_been(self, concept_id: int, fingerprint: str) -> bool:
        """Whether the concept has looked at vectors of this fingerprint with the library's encoder: of whole
        pictures, or of another part of them."""
        encoder = self._collection.recorded().fingerprint
        return fingerprint in (encoder, *self.store.looked_through(concept_id, encoder))

    def encoder(self, concept_id: int) -> Encoder:
        """That gives a picture the vector that the concept looks at."""
        focus = self.focus(concept_id)
        encoder = self._collection.encoder()
        if focus is None:
            return encoder
        return FocusedEncoder(_able(encoder), _direction(focus))

    def reader(self, concept_id: int) -> VectorReader:
        """The vector of the picked part of every picture that was looked at in parts; or the whole ones'."""
        focus, whole = self.focus(concept_id), self._collection.index()
        if focus is None:
            return whole
        everything = self._collection.parts_index(focus.parts).snapshot()
        key = (f"{everything.version} {whole.version}", focus.fingerprint)
        with self._lock:
            reader = self._readers.get(key)
            if reader is None:
                dimension = self._collection.recorded().dimension
                reader = self._readers[key] = _picked_of(everything, whole, dimension, focus)
            return reader

    def boxes(self, concept_id: int, picture_ids: Sequence[str]) -> dict[str, Box]:
        """Picture id → the part that is looked at; none of pictures that weren't looked at in parts."""
        if self.focus(concept_id) is None:
            return {}
        reader = self.reader(concept_id)
        missing = set(reader.missing(picture_ids))
        known = [one for one in picture_ids if one not in missing]
        rows = reader.rows_of(known).tolist()
        return {one: BOXES[row % len(BOXES)] for one, row in zip(known, rows, strict=True)}

    # What a job does

    def look(self, concept_id: int, listener: Listener) -> None:
        """Looks at the parts of every picture that has no vectors of them yet, and has the concept look at
        the part that is like what was framed.

        Raises `NotEnoughLabelsError` where nothing is framed.
        """
        newest, boxes = self.store.last_framed(concept_id), self.store.framed(concept_id)
        if not boxes:
            raise NotEnoughLabelsError(
                "Frame what counts in at least one picture first: its part is then looked for in all others.",
                needed=1,
            )
        encoder, index = _able(self._collection.encoder()), self.look_at_all(listener)
        missing = set(index.missing(list(boxes)))
        known = {one: framed(box) for one, box in boxes.items() if one not in missing}
        if not known:
            raise DiscernError("None of the files of the framed pictures can be read any more.")
        of_framed = index.vectors(list(known)).reshape(len(known), len(BOXES), -1)
        _, sample = next(iter(index.batches(SAMPLED)))  # ids are hashes: by chance
        some = sample.reshape(-1, encoder.dimension).astype(np.float32)
        direction = focus_of(of_framed[np.arange(len(known)), list(known.values())], some)
        row = FocusRow(
            concept_id=concept_id,
            encoder=str(encoder.fingerprint),
            parts=str(AllParts(encoder).fingerprint),
            fingerprint=str(FocusedEncoder(encoder, direction).fingerprint),
            direction=direction.astype("<f4").tobytes(),
            framed=newest,
        )
        self.store.look_through(row)

    def look_at_all(self, listener: Listener) -> VectorReader:
        """The vectors of all parts, those of one picture side by side, of pictures that have come too."""
        every = AllParts(_able(self._collection.encoder()))
        self._collection.embed_parts(every, listener)
        return self._collection.parts_index(str(every.fingerprint)).snapshot()

    def bring_up_to_date(self, concept_id: int, listener: Listener) -> None:
        """What a concept that looks at parts has not seen: new frames, and new pictures."""
        focus = self.focus(concept_id)
        if focus and focus.framed < self.store.last_framed(concept_id) and self.store.framed(concept_id):
            self.look(concept_id, listener)
        else:
            self.look_at_new(concept_id, listener)

    def look_at_new(self, concept_id: int, listener: Listener) -> None:
        """At the parts of pictures that have come, where the concept looks at parts."""
        if self.focus(concept_id):
            self.look_at_all(listener)

    def look_at_whole(self, concept_id: int) -> None:
        encoder = self._collection.recorded().fingerprint
        row = FocusRow(
            concept_id=concept_id,
            encoder=encoder,
            parts="",
            fingerprint=encoder,
            direction=None,
            framed=self.store.last_framed(concept_id),
        )
        self.store.look_through(row)


def _able(encoder: Encoder) -> PartsEncoder:
    if not isinstance(encoder, PartsEncoder):
        raise DiscernError(
            f"Only the built-in encoder looks at parts of pictures, and this library has {encoder.name}."
        )
    return encoder


def _direction(focus: FocusRow) -> NDArray[np.float32]:
    assert focus.direction is not None
    return np.frombuffer(focus.direction, "<f4").astype(np.float32)


def _picked_of(
    everything: VectorReader, whole: VectorReader, dimension: int, focus: FocusRow
) -> VectorReader:
    """A reader of the picked part of every picture that `whole` shows and that was looked at in parts."""
    ids = whole.ids.within(everything.ids)
    direction, places = _direction(focus), ids.rows_in(everything.known)
    found = np.empty(len(places), np.int64)
    for some in parts(len(places), AT_ONCE // len(BOXES)):
        vectors = everything.halves(places[some]).reshape(len(some), len(BOXES), dimension)
        found[some] = picked(vectors, direction)
    version = f"{everything.version} of {whole.version} through {focus.fingerprint}"
    return everything.of_parts(len(BOXES), ids, found, version)
