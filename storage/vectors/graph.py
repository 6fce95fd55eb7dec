"""The neighbour graph of one encoder's vectors: the nearest others of every picture.

Up to `EXACTLY` pictures all are compared with all. In a larger library a picture is compared with those of
its own and the nearest clusters, and how many of its true neighbours that finds is measured on a sample.

It is made as a whole in the background. A picture added later is in no list until the next graph is made. On
disk, beside the snapshot:

    <name>/ids.npy, rows.npy, products.npy, of.npy, centres.npy   see `Graph`
    <name>/made                                                   see `Made`, with the digests of these

A folder appears whole or not at all, and the newest is the graph. What is damaged is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from storage.files import read_kept, write_kept
from storage.vectors.ids import ID_TYPE, Floats, Keys, PictureIds, located, parts
from storage.vectors.nearest import (
    TOGETHER,
    Clusters,
    Heard,
    clustered,
    exactly,
    highest,
    side_by_side,
    windows,
)
from storage.vectors.products import as_floats
from storage.vectors.reader import Likely, Neighbours, VectorReader

KEPT = 30  # neighbours of each picture
EXACTLY = 20_000  # pictures: all with all takes 10 s of one processor for 512 numbers, and of 100,000 190 s
A_CLUSTER = 1_000  # pictures, in a library too large for that
PROBED = 16  # clusters whose pictures each is compared with then
FOR_A_QUERY = 16  # one in so many clusters is looked at for a query, no fewer, where all would take too long
SEED = 0
SAMPLED = 1_000  # pictures that the recall is measured on
TOP, QUERIES = 100, 50  # and what queries find

MADE = "made"
UNFINISHED = "unfinished-"
ARRAYS = {
    "ids": ID_TYPE,
    "rows": np.dtype(np.int32),
    "products": np.dtype(np.float32),
    "of": np.dtype(np.int32),
    "centres": np.dtype(np.float32),
}

Indexes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Graph:
    """rows (n, k) the places of each picture's nearest others, nearest first, -1 behind the last; products
    (n, k) with them. recall: how many of its true neighbours a picture has here, on average over `SAMPLED`;
    recall_top: how many of the first `TOP` for a query are found by looking at what is `likely` alone, on
    average over `QUERIES`."""

    version: str  # of the vectors
    ids: Keys
    rows: Indexes
    products: Floats
    clusters: Clusters
    recall: float
    recall_top: float

    def among(self, ids: PictureIds, k: int) -> Neighbours:
        """The k nearest of each of these pictures among these.

        Where fewer than k are left of those that are kept, the picture itself is in their place with the
        product 0; so it is for all k of one that came later.
        """
        places, there = located(self.ids, ids.keys)
        here, n = places[there], len(ids)
        place = np.full(len(self.ids) + 1, -1, np.int64)  # the last for no neighbour
        place[here] = np.flatnonzero(there)
        k = max(min(k, n - 1), 0)
        rows = np.full((n, max(k, self.rows.shape[1])), -1, np.int64)
        products = np.zeros(rows.shape, np.float32)
        rows[there, : self.rows.shape[1]] = place[self.rows[here]]
        products[there, : self.rows.shape[1]] = self.products[here]
        rows, products = packed(rows, products)
        none = rows < 0
        rows, products = np.where(none, np.arange(n)[:, None], rows), np.where(none, np.float32(0), products)
        return Neighbours(rows[:, :k], products[:, :k])

    def likely(self, copy: VectorReader) -> Likely:
        """Where to look in vectors (n, d) of the same or a later state: in the clusters that have most to do
        with a query, and at what is in none yet."""
        places, there = located(self.ids, copy.known)
        of = np.full(len(copy.ids), -1, np.int32)
        of[there] = self.clusters.of[places[there]]
        clusters = Clusters(self.clusters.centres, of)
        new = ~there
        probed = max(FOR_A_QUERY, len(clusters.centres) // FOR_A_QUERY)
        return lambda query: clusters.likely(query, probed) | new


def packed(rows: NDArray[np.integer], products: Floats) -> tuple[NDArray[np.integer], Floats]:
    """With those that are -1 behind the others, which stay in their order."""
    if not (rows < 0).any():
        return rows, products
    order = np.argsort(rows < 0, axis=1, kind="stable")
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(products, order, axis=1)


def built(copy: VectorReader, heard: Heard) -> Graph:
    """The graph of these vectors, the same each time."""
    n = len(copy.ids)
    k = min(KEPT, max(n - 1, 0))
    rows, products = np.full((n, KEPT), -1, np.int32), np.zeros((n, KEPT), np.float32)
    clusters = clustered(copy, max(min(n, 1), n // A_CLUSTER), SEED, heard)
    if n <= EXACTLY:
        asked = list(parts(n if k else 0, TOGETHER))
        for part, found in zip(asked, side_by_side(lambda p: exactly(copy, p, k), asked, heard), strict=True):
            rows[part, :k], products[part, :k] = found
        recall = 1.0
    else:
        among_clusters(copy, clusters, rows, products, heard)
        recall = measured(copy, rows)
    graph = Graph(copy.version, copy.known, rows, products, clusters, recall, 1.0)
    return replace(graph, recall_top=measured_top(copy, graph.likely(copy)))


def among_clusters(
    copy: VectorReader, clusters: Clusters, rows: Indexes, products: Floats, heard: Heard
) -> None:
    """Fills rows and products (n, k) by comparing the pictures of each cluster with those of the `PROBED`
    nearest ones, itself first, and with as many more as make k others."""
    members, near = clusters.members(), clusters.nearest(len(clusters.centres))
    sizes = np.array([len(some) for some in members])
    k = rows.shape[1]

    def fill(cluster: int) -> None:
        mine = members[cluster]
        enough = int(np.searchsorted(np.cumsum(sizes[near[cluster]]), k + 1)) + 1
        others = np.concatenate([members[one] for one in near[cluster, : max(PROBED, enough)]])
        vectors = as_floats(copy.halves(others))
        for part in parts(len(mine), TOGETHER // 2):
            found = vectors[part] @ vectors.T
            found[np.arange(len(part)), part] = -np.inf
            columns, values = highest(found, k)
            rows[mine[part]], products[mine[part]] = others[columns], values

    for _ in side_by_side(fill, np.flatnonzero(sizes).tolist(), heard):
        pass


def measured(copy: VectorReader, rows: Indexes) -> float:
    """How many of their k true neighbours these rows (n, k) have, of a sample compared with all."""
    k = rows.shape[1]
    sample = np.sort(
        np.random.default_rng(SEED + 1).choice(len(rows), min(SAMPLED, len(rows)), replace=False)
    )
    true, _ = exactly(copy, sample, k)
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in zip(rows[sample], true, strict=True)]))


def measured_top(copy: VectorReader, likely: Likely) -> float:
    """How many of the first `TOP` are among what is likely, for queries that are between three pictures each,
    as what a person gives as examples, or teaches, is. What words find may be further off."""
    if len(copy.ids) <= TOP:
        return 1.0
    rng = np.random.default_rng(SEED + 2)
    shown = as_floats(copy.halves(rng.integers(len(copy.ids), size=3 * QUERIES)))
    queries = shown.reshape(QUERIES, 3, -1).sum(axis=1)
    found = []
    for query, products in zip(queries, multiplied_by(copy, queries), strict=True):
        first = np.argpartition(-products, TOP)[:TOP]
        found.append(likely(query)[first].mean())
    return float(np.mean(found))


def multiplied_by(copy: VectorReader, queries: Floats) -> Floats:
    """(q, n) products with every vector."""
    return np.concatenate([queries @ some.T for _, some in windows(copy)], axis=1)


# On disk


@dataclass(frozen=True)
class Made:
    """version: of the vectors. recall: how many of its true neighbours a picture has, recall_top: how many
    of the first hundred a query finds in the likely clusters, on average. made: when, UTC."""

    version: str
    pictures: int
    clusters: int
    recall: float
    recall_top: float
    seconds: float
    made: str


class KeptGraph:
    """The graph of one encoder's vectors. Who brings it up to date holds a lock; anybody may read it."""

    def __init__(self, folder: Path, snapshot: Callable[[], VectorReader]) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._newest: tuple[str, Graph] | None = None

    def newest(self) -> Graph | None:
        """As it was made last, whatever the vectors are now."""
        folder = self._whole()
        if folder is None:
            return None
        newest = self._newest
        if newest is None or newest[0] != folder.name:
            with contextlib.suppress(OSError, ValueError, KeyError):
                newest = self._newest = folder.name, _read(folder)
                return newest[1]
            return None
        return newest[1]

    def made(self) -> Made | None:
        """What is known of it, without reading it."""
        folder = self._whole()
        with contextlib.suppress(OSError, ValueError, TypeError):
            return _made(folder)[0] if folder else None
        return None

    def bring_up_to_date(self, heard: Heard, *, anew: bool = False) -> Graph:
        """Of the vectors as they are now: made whole where they have changed, or `anew`."""
        with self._locked():
            copy, old = self._snapshot(), None if anew else self.newest()
            if old is not None and old.version == copy.version:
                return old
            begun = time.monotonic()
            graph = built(copy, heard)
            return self._publish(graph, time.monotonic() - begun)

    def remove(self) -> None:
        """It is made again when it is asked for."""
        with self._locked():
            shutil.rmtree(self._folder, ignore_errors=True)

    # Inside

    def _locked(self) -> FileLock:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder.with_suffix(".graph-lock"))

    def _whole(self) -> Path | None:
        with contextlib.suppress(OSError):
            folders = [one for one in self._folder.iterdir() if not one.name.startswith(UNFINISHED)]
            return max(folders, key=lambda one: one.name, default=None)
        return None

    def _publish(self, graph: Graph, seconds: float) -> Graph:
        """What a killed process left goes, too."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020}-{uuid4().hex[:8]}"
        unfinished = self._folder / f"{UNFINISHED}{name}"
        unfinished.mkdir()
        for array in ARRAYS:
            np.save(unfinished / f"{array}.npy", _array(graph, array), allow_pickle=False)
        made = Made(
            version=graph.version,
            pictures=len(graph.ids),
            clusters=len(graph.clusters.centres),
            recall=graph.recall,
            recall_top=graph.recall_top,
            seconds=round(seconds, 1),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        digests = {array: _digest_of(unfinished / f"{array}.npy") for array in ARRAYS}
        write_kept(unfinished / MADE, json.dumps([asdict(made), digests]).encode())
        folder = self._folder / name
        unfinished.rename(folder)
        for other in self._folder.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        read = _read(folder)
        self._newest = name, read
        return read


def fits(graph: Graph, copy: VectorReader) -> bool:
    return int(graph.clusters.centres.shape[1]) == copy.dimension


def _array(graph: Graph, name: str) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = getattr(graph.clusters if name in ("of", "centres") else graph, name)
    return found


def _made(folder: Path) -> tuple[Made, dict[str, str]]:
    """With the digests of the other files. Raises `ValueError`."""
    made, digests = json.loads(read_kept(folder / MADE) or b"")
    return Made(**made), digests


def _digest_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read(folder: Path) -> Graph:
    """Raises `ValueError` for one that isn't whole."""
    made, digests = _made(folder)
    found = {}
    for name, kind in ARRAYS.items():
        file = folder / f"{name}.npy"
        if _digest_of(file) != digests[name]:
            raise ValueError(f"{file} is damaged.")
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        if array.dtype != kind or (name != "centres" and len(array) != made.pictures):
            raise ValueError(f"{folder} is not a whole graph.")
        found[name] = array
    clusters = Clusters(found.pop("centres"), found.pop("of"))
    return Graph(made.version, clusters=clusters, recall=made.recall, recall_top=made.recall_top, **found)
