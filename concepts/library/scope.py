"""What a concept looks in, as a reader of vectors and as a set of ids: the one place where a frame becomes
pictures. Whatever lists, searches, scores or counts for a concept gets its reader here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from cachetools import LRUCache, cachedmethod

from storage.collections import NamedCollections
from storage.database import Database, once_a_moment
from storage.frames import AsItWas, ConceptFrames, Frame, members_at
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader

COLLECTIONS_KEPT = 24  # in memory: 64 bytes a picture
TOGETHER_KEPT = 4  # frames of several collections: 64 bytes a picture
READERS_KEPT = 16  # 8 bytes a picture of the frame each


class Frames:
    """Members of collections and readers of frames, kept until one of them changes: of a million pictures
    none is asked for again as long as nothing has changed."""

    def __init__(self, database: Database, whole: Callable[[], VectorReader]) -> None:
        """`whole`: the vectors of the library as they are now."""
        self.concepts = ConceptFrames(database)
        self._named = NamedCollections(database)
        self._whole = whole
        self._lock = threading.Lock()  # of these
        self._members: LRUCache[tuple[int, int], PictureIds] = LRUCache(COLLECTIONS_KEPT)
        self._together: LRUCache[str, PictureIds] = LRUCache(TOGETHER_KEPT)
        self._readers: LRUCache[tuple[str, str], VectorReader] = LRUCache(READERS_KEPT)

    def now(self, concept_id: int) -> Frame:
        return once_a_moment((self, concept_id), lambda: self.concepts.now(concept_id))

    def common(self, concept_ids: Iterable[int]) -> VectorReader:
        """The vectors of what all of these concepts look in."""
        found = self._whole()
        for frame in {self.now(concept_id).key: self.now(concept_id) for concept_id in concept_ids}.values():
            found = self.within(found, frame)
        return found

    def within(self, whole: VectorReader, frame: Frame) -> VectorReader:
        """Those of the pictures of a frame."""
        return whole if frame.is_whole else self._reader(whole, frame)

    @cachedmethod(
        lambda self: self._readers,
        lambda _, whole, frame: (whole.version, frame.key),
        lambda self: self._lock,
    )
    def _reader(self, whole: VectorReader, frame: Frame) -> VectorReader:
        known = whole.ids
        rows = np.unique(np.concatenate([self._ids(one).rows_of(known) for one in frame.collections]))
        return whole.within(known.only(rows), frame.key)

    def ids(self, frame: Frame) -> PictureIds:
        """Of the pictures of a frame of named collections, those without a vector too."""
        if len(frame.collections) == 1:
            return self._ids(frame.collections[0])
        return self._all_ids(frame)

    @cachedmethod(lambda self: self._together, lambda _, frame: frame.key, lambda self: self._lock)
    def _all_ids(self, frame: Frame) -> PictureIds:
        return PictureIds.together([self._ids(one) for one in frame.collections])

    def among(self, concept_id: int, picture_ids: Iterable[str]) -> list[str]:
        """Those of these pictures that the concept looks at."""
        given = list(picture_ids)
        inside = self.has(self.now(concept_id), given)
        return [picture for picture, is_in in zip(given, inside, strict=True) if is_in]

    def has(self, frame: Frame, picture_ids: Sequence[str]) -> list[bool]:
        """Whether each picture is, or was, in a frame."""
        if frame.is_whole:
            return [True] * len(picture_ids)
        there = np.zeros(len(picture_ids), dtype=bool)
        for one in frame.collections if picture_ids else ():
            there |= self._ids(one).places(picture_ids) >= 0
        return [bool(is_in) for is_in in there]

    # By no name: a rename changes no picture.
    @cachedmethod(lambda self: self._members, lambda _, one: (one.id, one.change), lambda self: self._lock)
    def _ids(self, one: AsItWas) -> PictureIds:
        return PictureIds.of(self._named.ids(members_at(one)))
