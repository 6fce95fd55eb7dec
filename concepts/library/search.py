"""Pictures of the library nearest to words, to other pictures, or to both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from collections.abc import Collection as Ids
from typing import TYPE_CHECKING

import numpy as np

from concepts.encoders.base import Vectors
from concepts.library.collection import Collection

if TYPE_CHECKING:
    from storage.vectors.exact import Matrix

WORDS_OF_EXAMPLES = 4
DEPTH = 400  # nearest pictures remembered of each text; near-duplicates and hidden ones fall out later


NearestNouns = Callable[[Vectors, int], list[str]]


class Finder:
    """Nearest pictures by text, remembered until the library's vectors change: after an edit of one query
    only that one is searched for again."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._matrix: Matrix | None = None
        self._nearest: dict[str, list[str]] = {}

    def find_each(self, texts: Sequence[str], n: int, hidden: Ids[str]) -> list[list[str]]:
        """For each text at most n ids, best first, none of them hidden, one of pictures that look alike."""
        matrix = self._collection.matrix()
        with self._lock:
            if matrix is not self._matrix:
                self._matrix, self._nearest = matrix, {}
            self._search([text for text in dict.fromkeys(texts) if text not in self._nearest], matrix)
            nearest = [self._nearest[text] for text in texts]
        return [self._distinct(ids, n, hidden) for ids in nearest]

    def _search(self, texts: Sequence[str], matrix: Matrix) -> None:
        """All new texts in one pass over the vectors."""
        if not texts or not len(matrix):
            self._nearest.update((text, []) for text in texts)
            return
        scores = matrix.scores(self._collection.text_vectors(texts).T)
        depth = min(DEPTH, len(matrix))
        for text, column in zip(texts, scores.T, strict=True):
            top = np.argpartition(-column, depth - 1)[:depth]
            best = top[np.lexsort((top, -column[top]))]
            self._nearest[text] = [matrix.ids[row].decode() for row in best]

    def _distinct(self, ids: Sequence[str], n: int, hidden: Ids[str]) -> list[str]:
        shown = [i for i in ids if i not in hidden][: 4 * n]
        groups = self._collection.library.near_groups(shown)
        first = {group: i for i, group in reversed(list(zip(shown, groups, strict=True)))}
        return [i for i, group in zip(shown, groups, strict=True) if first[group] == i][:n]


def words_of_examples(examples: Sequence[str], collection: Collection, nearest: NearestNouns) -> list[str]:
    """Nouns for what the example pictures (ids) show, by `nearest` (vector, n) → nouns. Only the embedded
    encoder has pictures and nouns in one space; with another there are none."""
    recorded = collection.library.encoder()
    if not examples or recorded is None or recorded.name != "embedded":
        return []
    from concepts.encoders.embedded import FEATURES  # loads torch

    shown = collection.index().vectors(list(examples))[:, FEATURES:].mean(axis=0)
    return nearest(shown, WORDS_OF_EXAMPLES)
