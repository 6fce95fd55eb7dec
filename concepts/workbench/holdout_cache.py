"""What a concept keeps apart from training, known until it changes: it is asked for with every answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache, cachedmethod

from concepts.library.collection import Collection
from storage.concepts import Certifying, ConceptStore

CONCEPTS_KEPT = 100  # some hundred ids each


@dataclass(frozen=True)
class Apart:
    """`evaluation`: what measures, by how it was drawn; `certifying`: what measures nothing; `kept`: all that
    nothing learns from. As the methods of `ConceptStore` have them."""

    evaluation: Mapping[str, str]
    certifying: Mapping[str, Certifying]
    kept: frozenset[str]


class HoldoutCache:
    """Read again where something was drawn for the concept, it looks elsewhere, or pictures were removed."""

    def __init__(self, collection: Collection, store: ConceptStore) -> None:
        self._collection, self._store = collection, store
        self._lock = threading.Lock()
        self._known: LRUCache[tuple[int, int, int, str], Apart] = LRUCache(CONCEPTS_KEPT)

    def _state(self, concept_id: int) -> tuple[int, int, int, str]:
        return (
            concept_id,
            self._store.last_drawn(concept_id),
            self._collection.removed.hidden().version,
            self._collection.frames.now(concept_id).key,
        )

    @cachedmethod(lambda self: self._known, _state, lambda self: self._lock)
    def now(self, concept_id: int) -> Apart:
        return Apart(
            self._store.evaluation_pictures(concept_id),
            self._store.certifying_pictures(concept_id),
            frozenset(self._store.kept_apart(concept_id)),
        )
