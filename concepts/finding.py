"""What each query of a definition finds: a few pictures to judge it by."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from concepts.definition.document import Revision
from concepts.definition.editing import origin_in_words
from concepts.labels.dataset import Material
from concepts.library.browsing import view_of
from concepts.library.collection import Collection
from concepts.views import QueryView

if TYPE_CHECKING:
    from storage.vectors import Matrix

DEPTH = 400  # nearest pictures remembered of each text; near-duplicates and hidden ones fall out later


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


def query_views(
    material: Material,
    collection: Collection,
    finder: Finder,
    revisions: Sequence[Revision],
    reader: str,
    n: int,
) -> list[QueryView]:
    """The sentence itself and every query of the definition, with what each finds and what it brought."""
    definition = material.revision.definition
    searched = [
        (None, definition.description, True),
        *((i, q.text, q.counts) for i, q in enumerate(definition.queries)),
    ]
    brought = Counter(name for names in material.candidates.values() for name in names)
    if collection.library.encoder() is None:
        found: list[list[str]] = [[] for _ in searched]
    else:
        found = finder.find_each([text for _, text, _ in searched], n, material.reserved)
    pictures = {
        p.id: view_of(p) for p in collection.library.pictures(list({i for ids in found for i in ids}))
    }
    return [
        QueryView(
            index=index,
            text=text,
            counts=counts,
            origin="your sentence"
            if index is None
            else origin_in_words(definition.queries[index], revisions, reader),
            proposed=index is not None and definition.queries[index].origin != "person",
            brought=brought[text],
            found=[pictures[i] for i in ids if i in pictures],
        )
        for (index, text, counts), ids in zip(searched, found, strict=True)
    ]
