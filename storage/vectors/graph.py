"""The neighbour graph of one encoder's vectors: the nearest others of every picture, as they come and go.

Up to `EXACTLY` pictures all are compared with all. In a larger library a picture is compared with those of
its own and the nearest clusters, and how many of its true neighbours that finds is measured on a sample.

On disk, beside the copy of the vectors it is made from:

    <name>/ids.npy, rows.npy, products.npy, marks.npy, of.npy, centres.npy   see `Graph`
    <name>/made.json                                                        see `Made`
    <name>/files.sums                                                       of all these

A folder appears whole or not at all, and the newest is the graph. What can't be read is made again.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from storage.sums import changed, write_sums
from storage.vectors.ids import ID_TYPE, Floats, Keys, PictureIds, Rows, located, parts
from storage.vectors.nearest import (
    TOGETHER,
    Clusters,
    Heard,
    assigned,
    clustered,
    exactly,
    highest,
    merged,
    side_by_side,
    windows,
)
from storage.vectors.products import as_floats
from storage.vectors.reader import Likely, Neighbours, VectorReader

KEPT = 30  # neighbours of each picture
ENOUGH = 20  # left of them after others were deleted; with fewer they are looked for again
EXACTLY = 20_000  # pictures: all with all takes 10 s of one processor for 512 numbers, and of 100,000 190 s
A_CLUSTER = 1_000  # pictures, in a library too large for that
PROBED = 16  # clusters whose pictures each is compared with then
FOR_A_QUERY = 16  # one in so many clusters is looked at for a query, no fewer, where all would take too long
SEED = 0
SAMPLED = 1_000  # pictures that the recall is measured on
TOP, QUERIES = 100, 50  # and what queries find
TOO_MANY = 0.2  # of a library is new: to begin anew is quicker then
FEW = 2_000  # pictures of a library that is compared in a moment

MADE, FILES = "made.json", "files.sums"
UNFINISHED = "unfinished-"
ARRAYS = {
    "ids": ID_TYPE,
    "rows": np.dtype(np.int32),
    "products": np.dtype(np.float32),
    "marks": np.dtype(np.uint64),
    "of": np.dtype(np.int32),
    "centres": np.dtype(np.float32),
}

Indexes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Graph:
    """rows (n, k) the places of each picture's nearest others, nearest first, -1 behind the last; products
    (n, k) with them. marks (n,) tell whether a vector is the one it was. recall: how many of its true
    neighbours a picture has here, on average over `SAMPLED`; recall_top: how many of the first `TOP` for a
    query are found by looking at what is `likely` alone, on average over `QUERIES`."""

    version: str  # of the vectors
    ids: Keys
    rows: Indexes
    products: Floats
    marks: NDArray[np.uint64]
    clusters: Clusters
    recall: float
    recall_top: float

    def among(self, ids: PictureIds, k: int) -> Neighbours | None:
        """The k nearest of each of these pictures among these; None where one isn't in the graph.

        Where fewer than k are left of those that are kept, the picture itself is in their place with the
        product 0.
        """
        here = ids.rows_in(self.ids)
        if len(here) < len(ids):
            return None
        place = np.full(len(self.ids) + 1, -1, np.int64)  # the last for no neighbour
        place[here] = np.arange(len(here))
        rows, products = packed(place[self.rows[here]], self.products[here])
        k = max(min(k, len(here) - 1), 0)
        none = rows < 0
        rows = np.where(none, np.arange(len(here))[:, None], rows)
        short = max(k - rows.shape[1], 0)
        rows = np.pad(rows, ((0, 0), (0, short)), mode="edge") if len(rows) else rows.reshape(0, k)
        products = np.pad(np.where(none, 0, products), ((0, 0), (0, short))).astype(np.float32)
        if short:
            rows[:, -short:] = np.arange(len(here))[:, None]
        return Neighbours(rows[:, :k].astype(np.int64, copy=False), products[:, :k])

    def without(self, ids: Collection[str]) -> tuple[Graph, int]:
        """What is left without these pictures, and in how many lists of others one of them was."""
        gone = PictureIds.of(ids).rows_in(self.ids)
        if not len(gone):
            return self, 0
        kept = np.setdiff1d(np.arange(len(self.ids)), gone)
        place = np.full(len(self.ids) + 1, -1, np.int32)  # the last for no neighbour
        place[kept] = np.arange(len(kept))
        rows, products = packed(place[self.rows[kept]], self.products[kept])
        lost = int(np.isin(self.rows[kept], gone).any(axis=1).sum())
        clusters = Clusters(np.asarray(self.clusters.centres), self.clusters.of[kept])
        left = replace(
            self,
            version=f"{self.version} without {len(gone)}",
            ids=self.ids[kept],
            rows=rows.astype(np.int32),
            products=products,
            marks=self.marks[kept],
            clusters=clusters,
        )
        return left, lost

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


def marks_of(copy: VectorReader) -> NDArray[np.uint64]:
    """(n,) a number of each vector's bytes, another one for another vector."""
    odd = np.random.default_rng(SEED).integers(2**63, size=copy.dimension, dtype=np.uint64) * 2 + 1
    found = [np.empty(0, np.uint64)]
    for places in parts(len(copy.ids), TOGETHER):
        vectors = np.ascontiguousarray(copy.halves(places))
        found.append(vectors.view(np.uint16).astype(np.uint64) @ odd)
    return np.concatenate(found)


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
    graph = Graph(copy.version, copy.known, rows, products, marks_of(copy), clusters, recall, 1.0)
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


def brought_to(graph: Graph, copy: VectorReader, heard: Heard) -> Graph | None:
    """The graph of newer vectors from one of older ones: what is gone leaves the lists it was in, what is new
    is compared with all. None where to begin anew is better."""
    known, marks, n = copy.known, marks_of(copy), len(copy.ids)
    places, there = located(graph.ids, known)
    there[there] = graph.marks[places[there]] == marks[there]
    before, now = places[there], np.flatnonzero(there)
    place = np.full(len(graph.ids) + 1, -1, np.int32)  # the last for no neighbour
    place[before] = now
    rows, products = np.full((n, KEPT), -1, np.int32), np.zeros((n, KEPT), np.float32)
    left, with_products = packed(place[graph.rows[before]], graph.products[before])
    rows[now], products[now] = left, with_products
    poor = np.flatnonzero((rows >= 0).sum(axis=1) < ENOUGH)  # the new ones have none
    if n <= FEW or len(graph.ids) <= FEW or len(poor) > min(TOO_MANY * n, _as_long_as_anew(n)):
        return None
    of = np.empty(n, np.int32)
    of[now] = graph.clusters.of[before]
    new = np.flatnonzero(~there)
    of[new] = assigned(copy, new, graph.clusters.centres, lambda done, all_: None)
    linked(copy, rows, products, poor, heard)
    clusters = Clusters(graph.clusters.centres, of)
    recall = graph.recall if graph.recall == 1 else measured(copy, rows)
    return Graph(copy.version, known, rows, products, marks, clusters, recall, graph.recall_top)


def _as_long_as_anew(n: int) -> float:
    """How many pictures are compared with all n while all are compared with those near them."""
    return PROBED * A_CLUSTER + n // A_CLUSTER if n > EXACTLY else n


def linked(copy: VectorReader, rows: Indexes, products: Floats, poor: Rows, heard: Heard) -> None:
    """Compares the pictures at these places with all. They get their nearest others, and come into the lists
    of those that they are nearer to than the last one there: what was exact stays so."""
    least = np.take_along_axis(products, np.maximum((rows >= 0).sum(axis=1) - 1, 0)[:, None], axis=1)[:, 0]
    least[poor] = np.inf  # their lists are made here
    k = rows.shape[1]

    def look(part: Rows) -> tuple[Rows, Floats, list[tuple[Rows, Rows, Floats]]]:
        queries = as_floats(copy.halves(part))
        best, values = np.empty((len(part), 0), np.int64), np.empty((len(part), 0), np.float32)
        nearer = []
        for start, some in windows(copy):
            found = queries @ some.T
            inside = np.flatnonzero((part >= start) & (part < start + len(some)))
            found[inside, part[inside] - start] = -np.inf
            query, column = np.nonzero(found > least[start : start + len(some)])
            nearer.append((column + start, part[query], found[query, column]))
            columns, near = highest(found, min(k, len(some)))
            best, values = np.concatenate([best, columns + start], 1), np.concatenate([values, near], 1)
            if best.shape[1] > k:
                best, values = merged(best, values, k)
        return best, values, nearer

    asked = [poor[part] for part in parts(len(poor), TOGETHER)]
    nearer: list[tuple[Rows, Rows, Floats]] = []
    for part, (best, values, some) in zip(asked, side_by_side(look, asked, heard), strict=True):
        rows[part], products[part] = best, values
        nearer += some
    if nearer:
        inserted(rows, products, *(np.concatenate(column) for column in zip(*nearer, strict=True)))


def inserted(rows: Indexes, products: Floats, into: Rows, others: Rows, values: Floats) -> None:
    """Puts others (m,) with their products (m,) into the lists of these places (m,), each of which keeps its
    k highest. One that is in a list already stays in it once."""
    k = rows.shape[1]
    lists = np.unique(into)
    old, column = np.nonzero(rows[lists] >= 0)
    at = np.concatenate([lists[old], into])
    other = np.concatenate([rows[lists][old, column].astype(np.int64), others])
    product = np.concatenate([products[lists][old, column], values])
    _, once = np.unique(at * len(rows) + other, return_index=True)
    at, other, product = at[once], other[once], product[once]
    order = np.lexsort((other, -product, at))
    at, other, product = at[order], other[order], product[order]
    ends = np.searchsorted(at, lists, side="left")
    place = np.arange(len(at)) - np.repeat(ends, np.diff(ends, append=len(at)))
    first = place < k
    rows[lists], products[lists] = -1, 0
    rows[at[first], place[first]], products[at[first], place[first]] = other[first], product[first]


# On disk


@dataclass(frozen=True)
class Made:
    """version: of the vectors. recall: how many of its true neighbours a picture has, recall_top: how many
    of the first hundred a query finds in the likely clusters, on average. compared: how many pictures'
    neighbours were looked for when it was made last, the others' were kept. made: when, UTC."""

    version: str
    pictures: int
    clusters: int
    recall: float
    recall_top: float
    compared: int
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
            return Made(**json.loads((folder / MADE).read_text())) if folder else None
        return None

    def bring_up_to_date(self, heard: Heard, *, anew: bool = False) -> Graph:
        """Of the vectors as they are now. Only what is new is compared, unless that is much or `anew`."""
        with self._locked():
            copy, old = self._snapshot(), None if anew else self.newest()
            if old is not None and old.version == copy.version:
                return old
            begun = time.monotonic()
            graph = brought_to(old, copy, heard) if old is not None and fits(old, copy) else None
            compared = len(copy.ids)
            if graph is None:
                graph = built(copy, heard)
            elif old is not None:
                compared = int((~np.isin(graph.marks, old.marks)).sum())
            return self._publish(graph, compared, time.monotonic() - begun)

    def purge(self, ids: Collection[str]) -> int:
        """Leaves nothing of these pictures; returns in how many lists of others one of them was."""
        with self._locked():
            graph, made = self.newest(), self.made()
            if graph is None or made is None:
                shutil.rmtree(self._folder, ignore_errors=True)
                return 0
            left, lists = graph.without(ids)
            if len(left.ids) < len(graph.ids):
                self._publish(left, made.compared, made.seconds)
            return lists

    def changed(self) -> Iterator[Path]:
        """Files that aren't as they were written."""
        folder = self._whole()
        if folder is not None and (folder / FILES).exists():  # older versions kept none
            yield from changed(folder / FILES)

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

    def _publish(self, graph: Graph, compared: int, seconds: float) -> Graph:
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
            compared=compared,
            seconds=round(seconds, 1),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        (unfinished / MADE).write_text(json.dumps(asdict(made)))
        write_sums(unfinished / FILES, list(unfinished.iterdir()))
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


def _read(folder: Path) -> Graph:
    """Raises `ValueError` for one that isn't whole."""
    made = Made(**json.loads((folder / MADE).read_text()))
    found = {}
    for name, kind in ARRAYS.items():
        array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        if array.dtype != kind or (name != "centres" and len(array) != made.pictures):
            raise ValueError(f"{folder} is not a whole graph.")
        found[name] = array
    clusters = Clusters(found.pop("centres"), found.pop("of"))
    return Graph(made.version, clusters=clusters, recall=made.recall, recall_top=made.recall_top, **found)
