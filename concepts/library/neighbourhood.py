"""Which pictures of the library look alike: its neighbour graph, kept on disk.

A small library's is made when it is asked for, and so is that of a part of the library, whose pictures have
too few of their nearest others among themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from cachetools import LRUCache

from concepts.learning.base import NeighbourGraph
from concepts.learning.scorers import NEIGHBOURS
from concepts.library.collection import collection_of
from concepts.use_cases import App, service
from storage.vectors.graph import KeptGraph
from storage.vectors.reader import Neighbours, VectorReader

LARGEST = 20_000  # pictures: every one is compared with every other, 10 seconds of one processor
LARGEST_KEPT = 100_000  # of which the graph is read: who ranks by it reads all vectors as float32, too
GRAPHS_KEPT = 4
QUICK = 2_000  # in half a second: so few are not worth a thread
TOO_FEW = 0.02  # of the pictures have fewer neighbours left than are asked for

Kept = Callable[[], KeptGraph | None]


class Neighbourhood:
    """The graphs of the last few states of the vectors, and of what concepts look in of them, that were asked
    about, in memory: 120 bytes a picture."""

    def __init__(self, kept: Kept = lambda: None) -> None:
        """`kept`: the graph on disk of the whole library, where it has an encoder."""
        self._of_library = kept
        self._making = threading.Lock()
        self._lock = threading.Lock()  # of what is kept, which is asked for while another graph is made
        self._kept: LRUCache[str, NeighbourGraph] = LRUCache(GRAPHS_KEPT)
        self._begun = ""

    def fits(self, vectors: VectorReader) -> bool:
        """Whether there can be a graph: of a larger library there is one once a job has made it."""
        count = vectors.count()
        of_library = count <= LARGEST_KEPT and not vectors.is_of_parts and bool(self._made())
        return count <= LARGEST or of_library

    def graph(self, vectors: VectorReader) -> NeighbourGraph | None:
        """Made where it isn't kept, which takes a while; None for a library that is too large for it."""
        with self._making:
            kept = self._known(vectors.version)
            if kept is None and (found := self._found(vectors)) is not None:
                kept = NeighbourGraph(found.rows, found.products)
                with self._lock:
                    self._kept[vectors.version] = kept
            return kept

    def _known(self, version: str) -> NeighbourGraph | None:
        with self._lock:
            return self._kept.get(version)

    def at_once(self, vectors: VectorReader) -> NeighbourGraph | None:
        """What `graph` gives where that is kept; None, and it is begun aside, where it isn't."""
        version = vectors.version
        kept = self._known(version)
        if kept is not None:
            return kept
        if vectors.count() <= QUICK:
            return self.graph(vectors)
        state = f"{version} by {self._made()}"
        if self._begun != state and self.fits(vectors):
            self._begun = state
            threading.Thread(target=self.graph, args=(vectors,), name="neighbours", daemon=True).start()
        return None

    def _made(self) -> str:
        """Of which state of the vectors there is a graph on disk."""
        of_library = self._of_library()
        made = of_library.made() if of_library else None
        return made.version if made else ""

    def _found(self, vectors: VectorReader) -> Neighbours | None:
        count = vectors.count()
        kept = QUICK < count <= LARGEST_KEPT and not vectors.is_of_parts
        found = self._on_disk(vectors) if kept else None
        if found is not None or count > LARGEST:
            return found
        return vectors.neighbours(NEIGHBOURS)

    def _on_disk(self, vectors: VectorReader) -> Neighbours | None:
        """None where too many aren't in the graph yet, or have lost theirs to a frame or the bin."""
        of_library = self._of_library()
        graph = of_library.newest() if of_library else None
        if graph is None or not vectors.count():
            return None
        found = graph.among(vectors.ids, NEIGHBOURS)
        short = (found.rows[:, -1] == np.arange(len(found.rows))).mean()
        return found if short <= TOO_FEW or vectors.count() > LARGEST else None


@service
def neighbourhood_of(app: App) -> Neighbourhood:
    """The neighbour graphs of an app's pictures."""
    collection = collection_of(app)
    return Neighbourhood(lambda: None if collection.library.encoder() is None else collection.stored().graph)
