"""The neighbour graph of one encoder's vectors: the nearest others of every picture.

Up to `EXACTLY` pictures all are compared with all. In a larger library a picture is compared with those of
its own and the nearest clusters (k-means on the sphere), and how many of its true neighbours that finds is
measured on a sample.

It is made as a whole in the background. A picture added later is in no list until the next graph is made. On
disk, beside the snapshot:

    <name>/ids.npy, rows.npy, products.npy   see `Graph`
    <name>/made                              see `Made`, with the digests of these

A folder appears whole or not at all, and the newest is the graph. What is damaged is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from storage.files import read_kept, write_kept
from storage.vectors.ids import Floats, Keys, PictureIds, Rows, located, parts
from storage.vectors.products import as_floats, one_blas_thread
from storage.vectors.reader import Neighbours, VectorReader

KEPT = 30  # neighbours of each picture
EXACTLY = 20_000  # pictures: all with all takes 10 s of one processor for 512 numbers, and of 100,000 190 s
A_CLUSTER = 1_000  # pictures, in a library too large for that
PROBED = 16  # clusters whose pictures each is compared with then
SEED = 0
SAMPLED = 1_000  # pictures that the recall is measured on
SAMPLE = 64  # pictures a centre is found with
ROUNDS = 8  # centres need not be settled: every picture is compared with several clusters
TOGETHER = 1024  # pictures compared at a time
WINDOW = 8192  # with so many others: a block of products is 32 MB

MADE = "made"
UNFINISHED = "unfinished-"
ARRAYS = ("ids", "rows", "products")

Indexes = NDArray[np.int32]
Heard = Callable[[int, int], None]  # how much of how much is done; may raise to stop
Asked = TypeVar("Asked")
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Graph:
    """rows (n, k) the places of each picture's nearest others, nearest first, -1 behind the last; products
    (n, k) with them. recall: how many of its true neighbours a picture has here, on average of `SAMPLED`."""

    version: str  # of the vectors
    ids: Keys
    rows: Indexes
    products: Floats
    recall: float
    clusters: int = 0

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
        order = np.argsort(rows < 0, axis=1, kind="stable")[:, :k]
        rows, products = np.take_along_axis(rows, order, axis=1), np.take_along_axis(products, order, axis=1)
        none = rows < 0
        return Neighbours(
            np.where(none, np.arange(n)[:, None], rows), np.where(none, np.float32(0), products)
        )


def built(copy: VectorReader, heard: Heard) -> Graph:
    """The graph of these vectors, the same each time."""
    n = len(copy.ids)
    k = min(KEPT, max(n - 1, 0))
    rows, products = np.full((n, KEPT), -1, np.int32), np.zeros((n, KEPT), np.float32)
    if n <= EXACTLY:
        asked = list(parts(n if k else 0, TOGETHER))
        for part, found in zip(asked, side_by_side(lambda p: exactly(copy, p, k), asked, heard), strict=True):
            rows[part, :k], products[part, :k] = found
        return Graph(copy.version, copy.known, rows, products, 1.0)
    centres, of = clustered(copy, n // A_CLUSTER, heard)
    _fill(copy, centres, of, rows, products, heard)
    sample = np.sort(np.random.default_rng(SEED + 1).choice(n, min(SAMPLED, n), replace=False))
    true, _ = exactly(copy, sample, k)
    shared = [len(np.intersect1d(a, b)) / k for a, b in zip(rows[sample], true, strict=True)]
    return Graph(copy.version, copy.known, rows, products, float(np.mean(shared)), len(centres))


def clustered(copy: VectorReader, count: int, heard: Heard) -> tuple[Floats, Indexes]:
    """Of `count` clusters the centres (count, d), unit length, and in which each picture is (n,): the same
    each time. Takes n · count · d products, and as many again for the centres, which are found with `SAMPLE`
    pictures each."""
    rng = np.random.default_rng(SEED)
    n = len(copy.ids)
    sample = as_floats(copy.halves(np.sort(rng.choice(n, min(SAMPLE * count, n), replace=False))))
    centres = sample[rng.choice(len(sample), count, replace=False)]
    for _ in range(ROUNDS):
        of = np.concatenate(
            [(sample[s : s + WINDOW] @ centres.T).argmax(axis=1) for s in range(0, len(sample), WINDOW)]
        )
        heard(0, n)
        order, sizes = np.argsort(of, kind="stable"), np.bincount(of, minlength=count)
        some = np.flatnonzero(sizes)
        centres[some] = np.add.reduceat(sample[order], (np.cumsum(sizes) - sizes)[some], axis=0)
        centres[sizes == 0] = sample[rng.choice(len(sample), int((sizes == 0).sum()), replace=False)]
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)

    def nearest(some: Rows) -> Indexes:
        found: Indexes = (as_floats(copy.halves(some)) @ centres.T).argmax(axis=1).astype(np.int32)
        return found

    return centres, np.concatenate(list(side_by_side(nearest, list(parts(n, WINDOW)), heard)))


def _fill(
    copy: VectorReader, centres: Floats, of: Indexes, rows: Indexes, products: Floats, heard: Heard
) -> None:
    """Fills rows and products (n, k) by comparing the pictures of each cluster with those of the `PROBED`
    nearest ones, itself first, and with as many more as make k others."""
    sizes, k = np.bincount(of, minlength=len(centres)), rows.shape[1]
    members = np.split(np.argsort(of, kind="stable"), np.cumsum(sizes)[:-1])
    cosine = centres @ centres.T
    np.fill_diagonal(cosine, np.inf)
    near = np.argsort(-cosine, axis=1, kind="stable")

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


def exactly(copy: VectorReader, places: Rows, k: int) -> tuple[Indexes, Floats]:
    """The k nearest others, k < n, of the pictures at these places (m,): their places (m, k) and products, of
    all there are."""
    queries = as_floats(copy.halves(places))
    best = np.empty((len(places), 0), np.int64)
    values = np.empty((len(places), 0), np.float32)
    for window in parts(len(copy.ids), WINDOW):
        start = int(window[0])
        found = queries @ as_floats(copy.halves(window)).T
        inside = np.flatnonzero((places >= start) & (places < start + len(window)))
        found[inside, places[inside] - start] = -np.inf
        columns, products = highest(found, min(k, len(window)))
        best, values = np.concatenate([best, columns + start], 1), np.concatenate([values, products], 1)
        if best.shape[1] > k:
            columns, values = highest(values, k)
            best = np.take_along_axis(best, columns, axis=1)
    return best.astype(np.int32), values


def highest(products: Floats, k: int) -> tuple[Rows, Floats]:
    """products (m, c), c ≥ k → the columns (m, k) of the k highest of each row, highest first, and those.

    A partition of values is 20 times as fast as one of places, so the k-th is found first and then all that
    reach it. Of equal ones the first count.
    """
    m, c = products.shape
    least = np.partition(products, c - k, axis=1)[:, c - k, None]
    row, column = np.nonzero(products >= least)
    if len(row) > m * k:  # more than one is as high as the k-th
        higher = products[row, column] > least[row, 0]
        order = np.lexsort((column, ~higher, row))
        ends = np.cumsum(np.bincount(row, minlength=m))
        of_row = np.arange(len(row)) - np.repeat(ends - np.diff(ends, prepend=0), np.diff(ends, prepend=0))
        column = column[order][of_row < k]
    columns = column.reshape(m, k)
    values = np.take_along_axis(products, columns, axis=1)
    order = np.lexsort((columns, -values), axis=1)
    return np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)


def side_by_side(work: Callable[[Asked], Found], asked: list[Asked], heard: Heard) -> Iterator[Found]:
    """`work` on each, in their order, on every processor but one: that is the person's. Stops at the next one
    where `heard` raises."""
    workers = max((os.cpu_count() or 1) - 1, 1)
    with one_blas_thread, ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(asked), workers):
            yield from pool.map(work, asked[start : start + workers])
            heard(min(start + workers, len(asked)), len(asked))


# On disk


@dataclass(frozen=True)
class Made:
    """version: of the vectors. recall: how many of its true neighbours a picture has, on average. made: when,
    UTC."""

    version: str
    pictures: int
    clusters: int
    recall: float
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
            try:
                newest = self._newest = folder.name, _read(folder)
            except (OSError, ValueError, TypeError, KeyError):
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
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"{time.time_ns():020}-{uuid4().hex[:8]}"
            unfinished = self._folder / f"{UNFINISHED}{name}"
            unfinished.mkdir()
            for array in ARRAYS:
                np.save(unfinished / f"{array}.npy", getattr(graph, array), allow_pickle=False)
            made = Made(
                version=graph.version,
                pictures=len(graph.ids),
                clusters=graph.clusters,
                recall=graph.recall,
                seconds=round(time.monotonic() - begun, 1),
                made=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            digests = {array: _digest_of(unfinished / f"{array}.npy") for array in ARRAYS}
            write_kept(unfinished / MADE, json.dumps([asdict(made), digests]).encode())
            folder = self._folder / name
            unfinished.rename(folder)
            for other in self._folder.iterdir():  # what a killed process left goes, too
                if other != folder:
                    shutil.rmtree(other, ignore_errors=True)
            read = _read(folder)
            self._newest = name, read
            return read

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
    for name in ARRAYS:
        file = folder / f"{name}.npy"
        if _digest_of(file) != digests[name]:
            raise ValueError(f"{file} is damaged.")
        found[name] = np.load(file, mmap_mode="r", allow_pickle=False)
    return Graph(made.version, recall=made.recall, clusters=made.clusters, **found)
