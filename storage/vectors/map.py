"""The map of one encoder's vectors: a place on a plane for each picture, near those that look like it.

Drawn by t-SNE (van der Maaten & Hinton, JMLR 2008; openTSNE interpolates the forces, Linderman et al., Nature
Methods 2019) from the neighbour graph. Pictures that come later are on the map that is drawn next.

On disk it is one file beside the copy of the vectors. What can't be read is drawn again.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from storage.files import read_kept, write_kept
from storage.vectors.graph import Graph, Heard
from storage.vectors.ids import Floats, Keys, PictureIds
from storage.vectors.products import as_floats
from storage.vectors.reader import VectorReader

SAMPLED = 10_000  # pictures that say what the principal components are
FEWEST = 16  # t-SNE needs some; fewer lie as their first two principal components have them
# Steps. The nearest of 5,421 groceries were of the same of 81 classes for 85 % (86 % as vectors, 16 % on two
# principal components), and no more after 500 steps.
EARLY, LATER = 125, 250
TOLD_EACH = 5  # steps
NEAREST = 20  # neighbours that a picture is drawn to
# A smaller map is drawn by one thread. On busy processors, 60 pictures take two threads 12 s and one 0.03 s.
MANY = 10_000
SEED = 0


@dataclass(frozen=True, eq=False)
class Map:
    """places (n, 2) from -1 to 1, of the pictures with these ids (n,), ascending."""

    version: str  # of the vectors
    ids: Keys
    places: Floats

    def without(self, ids: Collection[str]) -> Map:
        kept = np.setdiff1d(np.arange(len(self.ids)), PictureIds.of(ids).rows_in(self.ids))
        return Map(self.version, self.ids[kept], self.places[kept])


def drawn(copy: VectorReader, graph: Graph, heard: Heard) -> Map:
    """The map of these vectors, from their graph: it begins on the first two principal components, as a part
    of a large library has them."""
    from sklearn.decomposition import PCA

    n = len(copy.known)
    if n < 3:
        few = np.stack([np.linspace(-0.5, 0.5, n), np.zeros(n)], axis=1).astype(np.float32)
        return Map(copy.version, copy.known, few)
    some = np.sort(np.random.default_rng(SEED).permutation(n)[:SAMPLED])
    found = PCA(2, random_state=SEED).fit(as_floats(copy.halves(some)))
    places = np.asarray(copy.scores(found.components_.T).values - found.components_ @ found.mean_)
    if n >= FEWEST:
        places = _by_tsne(graph, places, heard)
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    scaled = places / max(float(np.abs(places).max()), 1e-9)
    return Map(copy.version, copy.known, scaled.astype(np.float32))


def _by_tsne(graph: Graph, begun: Floats, heard: Heard) -> Floats:
    """(n, 2)"""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import rescale
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    k = min(NEAREST, len(graph.ids) - 1)  # so many every picture has
    rows, products = np.asarray(graph.rows[:, :k], np.int64), np.asarray(graph.products[:, :k], np.float64)
    distances = np.sqrt(np.maximum(2 - 2 * products, 0))
    alike = PerplexityBasedNN(knn_index=PrecomputedNeighbors(rows, distances), perplexity=k / 3)
    threads = 1 if len(graph.ids) < MANY else -1
    found = TSNEEmbedding(rescale(begun, inplace=False), alike, n_jobs=threads, random_state=SEED)
    for before, steps, how in (
        (0, EARLY, {"exaggeration": 12, "momentum": 0.5}),
        (EARLY, LATER, {"momentum": 0.8}),
    ):

        def tell(step: int, error: float, places: object, before: int = before) -> None:
            heard(before + step, EARLY + LATER)

        found = found.optimize(steps, callbacks=tell, callbacks_every_iters=TOLD_EACH, **how)
    return np.asarray(found, np.float32)


class KeptMap:
    """The map of one encoder's vectors on disk. Who draws it holds a lock."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[int, Map] | None = None

    @property
    def bytes(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    def newest(self) -> Map | None:
        """As it was drawn last, whatever the vectors are now."""
        try:
            written = self._file.stat().st_mtime_ns
        except OSError:
            return None
        if self._read is None or self._read[0] != written:
            content = read_kept(self._file)
            if content is None:
                return None
            with np.load(io.BytesIO(content), allow_pickle=False) as found:
                self._read = written, Map(str(found["version"]), found["ids"], found["places"])
        return self._read[1]

    def draw(self, copy: VectorReader, graph: Graph, heard: Heard, *, anew: bool = False) -> Map:
        """The map of the vectors as they are now; drawn only where they have changed, or `anew`."""
        with self._locked():
            old = None if anew else self.newest()
            if old is not None and old.version == graph.version:
                return old
            now = drawn(copy, graph, heard)
            self._write(now)
            return now

    def purge(self, ids: Collection[str]) -> None:
        """Leaves nothing of these pictures."""
        with self._locked():
            old = self.newest()
            if old is None:
                self._file.unlink(missing_ok=True)
            elif len((left := old.without(ids)).ids) < len(old.ids):
                self._write(left)

    def _write(self, drawn: Map) -> None:
        content = io.BytesIO()
        np.savez(content, version=np.array(drawn.version), ids=drawn.ids, places=drawn.places)
        write_kept(self._file, content.getvalue())

    def _locked(self) -> FileLock:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._file.with_suffix(".map-lock"))
