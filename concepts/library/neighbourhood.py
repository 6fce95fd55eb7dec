"""Which pictures of the library look alike: its neighbour graph, made once for every state of the library."""

from __future__ import annotations

import threading

from concepts.learning.base import NeighbourGraph
from concepts.learning.neighbours import NEIGHBOURS
from storage.vectors.protocol import VectorReader

LARGEST = 20_000  # pictures: every one is compared with every other, 45 seconds on two busy cores
QUICK = 2_000  # in half a second: so few are not worth a thread


class Neighbourhood:
    """The graph of the newest version of the vectors that was asked about, in memory: 120 bytes a picture."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._kept: tuple[str, NeighbourGraph] | None = None
        self._begun = ""

    def fits(self, vectors: VectorReader) -> bool:
        return vectors.count() <= LARGEST

    def graph(self, vectors: VectorReader) -> NeighbourGraph | None:
        """Made where it isn't kept, which takes a while; None for a library that is too large for it."""
        if not self.fits(vectors):
            return None
        with self._making:
            if self._kept is None or self._kept[0] != vectors.version:
                found = vectors.neighbours(NEIGHBOURS)
                self._kept = vectors.version, NeighbourGraph(found.rows, found.products)
            return self._kept[1]

    def at_once(self, vectors: VectorReader) -> NeighbourGraph | None:
        """What `graph` gives where that is kept; None, and it is begun aside, where it isn't."""
        kept, version = self._kept, vectors.version
        if kept is not None and kept[0] == version:
            return kept[1]
        if vectors.count() <= QUICK:
            return self.graph(vectors)
        if self._begun != version and self.fits(vectors):
            self._begun = version
            threading.Thread(target=self.graph, args=(vectors,), name="neighbours", daemon=True).start()
        return None
