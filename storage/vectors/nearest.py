"""The nearest others of many pictures, and every picture in one of a few hundred clusters of like ones:
k-means on the sphere.

Which ones look alike is asked for by contact sheets, by batches that shall not be five near-copies, and to
compare a picture with those it may be like instead of with all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import Flags, Floats, Rows, parts
from storage.vectors.products import as_floats, one_blas_thread
from storage.vectors.reader import VectorReader

SAMPLE = 64  # pictures a centre is found with
ROUNDS = 8  # centres need not be settled: every picture is compared with several clusters
TOGETHER = 1024  # pictures compared at a time
WINDOW = 8192  # with so many others: a block of products is 32 MB

Heard = Callable[[int, int], None]  # how much of how much is done; may raise to stop
Asked = TypeVar("Asked")
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Clusters:
    """centres (c, d), unit length; of (n,) which one each picture is in, by place."""

    centres: Floats
    of: NDArray[np.int32]

    def members(self) -> list[Rows]:
        """The places in each cluster, ascending."""
        ends = np.cumsum(np.bincount(self.of, minlength=len(self.centres)))
        return np.split(np.argsort(self.of, kind="stable"), ends[:-1])

    def nearest(self, count: int) -> Rows:
        """(c, count) of each cluster the ones with the nearest centres, itself first."""
        cosine = self.centres @ self.centres.T
        np.fill_diagonal(cosine, np.inf)
        return np.argsort(-cosine, axis=1, kind="stable")[:, :count]

    def likely(self, query: Floats, probed: int) -> Flags:
        """(n,) whether a picture is in one of the `probed` clusters whose centres have the highest products
        with a query (d,)."""
        chosen = np.zeros(len(self.centres), dtype=bool)
        chosen[np.argsort(-(self.centres @ query), kind="stable")[:probed]] = True
        found: Flags = chosen[self.of]
        return found


def clustered(copy: VectorReader, count: int, seed: int, heard: Heard) -> Clusters:
    """In `count` clusters, the same for the same seed. Takes n · count · d products, and as many again for
    the centres, which are found with `SAMPLE` pictures each."""
    rng = np.random.default_rng(seed)
    n = len(copy.ids)
    if not count:
        return Clusters(np.empty((0, copy.dimension), np.float32), np.empty(0, np.int32))
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
    return Clusters(centres, assigned(copy, np.arange(n), centres, heard))


def assigned(copy: VectorReader, places: Rows, centres: Floats, heard: Heard) -> NDArray[np.int32]:
    """(m,) the nearest centre of each picture at these places."""

    def nearest(some: Rows) -> NDArray[np.int32]:
        found: NDArray[np.int32] = (as_floats(copy.halves(some)) @ centres.T).argmax(axis=1).astype(np.int32)
        return found

    some = [places[part] for part in parts(len(places), WINDOW)]
    return np.concatenate([np.empty(0, np.int32), *side_by_side(nearest, some, heard)])


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


def merged(rows: Rows, products: Floats, k: int) -> tuple[Rows, Floats]:
    """The k highest of each row where its others (m, c) stand side by side with their products (m, c)."""
    columns, values = highest(products, k)
    return np.take_along_axis(rows, columns, axis=1), values


def windows(copy: VectorReader) -> Iterator[tuple[int, Floats]]:
    """Every vector as float32, some at a time, with the place of the first."""
    for places in parts(len(copy.ids), WINDOW):
        yield int(places[0]), as_floats(copy.halves(places))


def exactly(copy: VectorReader, places: Rows, k: int) -> tuple[NDArray[np.int32], Floats]:
    """The k nearest others, k < n, of the pictures at these places (m,): their places (m, k) and products, of
    all there are."""
    queries = as_floats(copy.halves(places))
    best = np.empty((len(places), 0), np.int64)
    values = np.empty((len(places), 0), np.float32)
    for start, some in windows(copy):
        found = queries @ some.T
        inside = np.flatnonzero((places >= start) & (places < start + len(some)))
        found[inside, places[inside] - start] = -np.inf
        columns, products = highest(found, min(k, len(some)))
        best, values = np.concatenate([best, columns + start], 1), np.concatenate([values, products], 1)
        if best.shape[1] > k:
            best, values = merged(best, values, k)
    return best.astype(np.int32), values


def side_by_side(work: Callable[[Asked], Found], asked: list[Asked], heard: Heard) -> Iterator[Found]:
    """`work` on each, in their order, on every processor but one: that is the person's. Stops at the next one
    where `heard` raises."""
    workers = max((os.cpu_count() or 1) - 1, 1)
    with one_blas_thread, ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(asked), workers):
            yield from pool.map(work, asked[start : start + workers])
            heard(min(start + workers, len(asked)), len(asked))
