"""Which pictures of the library look alike: its neighbour graph, made once for every state of the library."""

from __future__ import annotations

import threading

from concepts.learning.base import NeighbourGraph
from concepts.learning.neighbours import NEIGHBOURS
from concepts.library.recent import Recent
from storage.vectors.protocol import VectorReader

LARGEST = 20_000  # pictures: every one is compared with every other, 45 seconds on two busy cores
GRAPHS_KEPT = 4
QUICK = 2_000  # in half a second: so few are not worth a thread


class Neighbourhood:
    """The graphs of the last few states of the vectors, and of what concepts look in of them, that were asked
    about, in memory: 120 bytes a picture."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._kept: Recent[str, NeighbourGraph] = Recent(GRAPHS_KEPT)
        self._begun = ""

    def fits(self, vectors: VectorReader) -> bool:
        return vectors.count() <= LARGEST

    def graph(self, vectors: VectorReader) -> NeighbourGraph | None:
        """Made where it isn't kept, which takes a while; None for a library that is too large for it."""
        if not self.fits(vectors):
            return None
        with self._making:
            kept = self._kept.get(vectors.version)
            if kept is None:
                found = vectors.neighbours(NEIGHBOURS)
                graph = NeighbourGraph(found.rows, found.products)
                kept = self._kept.setdefault(vectors.version, graph)
            return kept

    def at_once(self, vectors: VectorReader) -> NeighbourGraph | None:
        """What `graph` gives where that is kept; None, and it is begun aside, where it isn't."""
        version = vectors.version
        kept = self._kept.get(version)
        if kept is not None:
            return kept
        if vectors.count() <= QUICK:
            return self.graph(vectors)
        if self._begun != version and self.fits(vectors):
            self._begun = version
            threading.Thread(target=self.graph, args=(vectors,), name="neighbours", daemon=True).start()
        return None
