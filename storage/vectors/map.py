"""The map of one encoder's vectors: a place on a plane for each picture, near those that look like it.

Drawn by t-SNE (van der Maaten & Hinton, JMLR 2008; openTSNE interpolates the forces, Linderman et al., Nature
Methods 2019) from the neighbour graph. Pictures that come later stand amid their nearest neighbours, and
nothing moves.

On disk it is one file beside the copy of the vectors. What can't be read is drawn again.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from storage.sums import read_kept, write_kept
from storage.vectors.graph import ENOUGH, TOO_MANY, Graph, built
from storage.vectors.ids import Flags, Floats, Keys, PictureIds, Rows, located
from storage.vectors.nearest import Heard
from storage.vectors.products import as_floats
from storage.vectors.reader import VectorReader

LAID_OUT = 10_000  # pictures that are drawn at once: a minute of two processors
FEWEST = 16  # t-SNE needs some; fewer lie as their first two principal components have them
# Steps. The nearest of 5,421 groceries were of the same of 81 classes for 85 % (86 % as vectors, 16 % on two
# principal components), and no more after 500 steps; from 1,000 that were drawn first, for 84 % after 100.
EARLY, LATER, AFTERWARDS = 125, 250, 100
TOLD_EACH = 5  # steps
AMID = 3  # placed neighbours
ROUNDS = 10  # in which those without a place look for neighbours that have one
APART = 0.004  # of the width of the map, so that twins don't hide each other
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
    """The map of these vectors, from their graph."""
    return Map(copy.version, copy.known, _laid_out(copy, graph, heard))


def brought_to(before: Map, graph: Graph) -> Map | None:
    """The map of a newer graph, where everything stays that was there. None where so much is new that the
    map is better drawn again."""
    rows, there = located(before.ids, graph.ids)
    if (~there).sum() > TOO_MANY * len(graph.ids):
        return None
    places = np.zeros((len(graph.ids), 2), np.float32)
    places[there] = before.places[rows[there]]
    return Map(graph.version, graph.ids, _amid(places, there, graph))


def _laid_out(copy: VectorReader, graph: Graph, heard: Heard) -> Floats:
    """(n, 2) from -1 to 1. Many begin amid some that are laid out first (Kobak & Berens, Nature
    Communications 2019), the others on their first two principal components."""
    from sklearn.decomposition import PCA

    n = len(copy.known)
    if n < 3:
        return np.stack([np.linspace(-0.5, 0.5, n), np.zeros(n)], axis=1).astype(np.float32)
    if n > LAID_OUT:
        some = np.sort(np.random.default_rng(SEED).choice(n, LAID_OUT, replace=False))
        few = VectorReader(copy.version, copy.known[some], copy.halves(some))
        places, there = np.zeros((n, 2), np.float32), np.zeros(n, bool)
        places[some], there[some] = _laid_out(few, built(few, lambda done, of: None), heard), True
        return _scaled(_by_tsne(graph, _amid(places, there, graph), 0, AFTERWARDS, heard))
    begun = PCA(2, random_state=SEED).fit_transform(as_floats(copy.halves(np.arange(n))))
    return _scaled(begun if n < FEWEST else _by_tsne(graph, begun, EARLY, LATER, heard))


def _scaled(places: Floats) -> Floats:
    places = places - (places.max(axis=0) + places.min(axis=0)) / 2
    scaled: Floats = (places / max(float(np.abs(places).max()), 1e-9)).astype(np.float32)
    return scaled


def _by_tsne(graph: Graph, begun: Floats, early: int, later: int, heard: Heard) -> Floats:
    """(n, 2) after so many steps, of which the early ones exaggerate."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import rescale
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    k = min(ENOUGH, len(graph.ids) - 1)  # so many every picture has
    rows, products = np.asarray(graph.rows[:, :k], np.int64), np.asarray(graph.products[:, :k], np.float64)
    distances = np.sqrt(np.maximum(2 - 2 * products, 0))
    alike = PerplexityBasedNN(knn_index=PrecomputedNeighbors(rows, distances), perplexity=k / 3)
    found = TSNEEmbedding(rescale(begun, inplace=False), alike, n_jobs=-1, random_state=SEED)
    for before, steps, how in (
        (0, early, {"exaggeration": 12, "momentum": 0.5}),
        (early, later, {"momentum": 0.8}),
    ):

        def tell(step: int, error: float, places: object, before: int = before) -> None:
            heard(before + step, early + later)

        found = found.optimize(steps, callbacks=tell, callbacks_every_iters=TOLD_EACH, **how)
    return np.asarray(found, np.float32)


def _amid(places: Floats, there: Flags, graph: Graph) -> Floats:
    """places (n, 2) with those that aren't `there` yet amid their nearest neighbours that are; who has none
    stands where its cluster is."""
    left = np.flatnonzero(~there)
    shaken = np.random.default_rng(SEED).normal(0, APART, (len(places), 2)).astype(np.float32)
    there = there.copy()
    for _ in range(ROUNDS):
        near = np.asarray(graph.rows[left])
        placed = (near >= 0) & there[near]
        placed &= placed.cumsum(axis=1) <= AMID
        count = placed.sum(axis=1)
        now = left[count > 0]
        if not len(now):
            break
        sums = np.where(placed[..., None], places[near], 0).sum(axis=1)
        places[now] = sums[count > 0] / count[count > 0, None] + shaken[now]
        there[now] = True
        left = left[count == 0]
    for row in left if there.any() else ():
        places[row] = places[there][_of_its_cluster(graph, there, int(row))].mean(axis=0) + shaken[row]
    return places


def _of_its_cluster(graph: Graph, there: Flags, row: int) -> Rows:
    """Of those that are there; all of them where there are none."""
    same = np.flatnonzero(graph.clusters.of[there] == graph.clusters.of[row])
    return same if len(same) else np.arange(int(there.sum()))


class KeptMap:
    """The map of one encoder's vectors on disk. Who brings it up to date holds a lock."""

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

    def bring_up_to_date(
        self, copy: VectorReader, graph: Graph, heard: Heard, *, anew: bool = False
    ) -> tuple[Map, int]:
        """The map of the vectors as they are now, and how many of their pictures got a place."""
        with self._locked():
            old = None if anew else self.newest()
            if old is not None and old.version == graph.version:
                return old, 0
            now = brought_to(old, graph) if old is not None else None
            placed = len(graph.ids) if now is None or old is None else len(np.setdiff1d(now.ids, old.ids))
            now = now or drawn(copy, graph, heard)
            self._write(now)
            return now, placed

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
