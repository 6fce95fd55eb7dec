"""The nearest others of many pictures at once: products of whole blocks, and the highest of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from storage.vectors.blas import one_blas_thread
from storage.vectors.exact import ExactCopy
from storage.vectors.ids import Rows
from storage.vectors.products import as_floats

TOGETHER = 1024  # pictures compared at a time
WINDOW = 8192  # with so many others: a block of products is 32 MB

Floats = NDArray[np.float32]
Heard = Callable[[int, int], None]  # how much of how much is done; may raise to stop
Asked = TypeVar("Asked")
Found = TypeVar("Found")


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


def windows(copy: ExactCopy, size: int = WINDOW) -> Iterator[tuple[int, Floats]]:
    """Every vector as float32, some at a time, with the place of the first."""
    for start in range(0, len(copy.ids), size):
        yield start, as_floats(copy.halves(np.arange(start, min(start + size, len(copy.ids)))))


def exactly(copy: ExactCopy, places: Rows, k: int) -> tuple[NDArray[np.int32], Floats]:
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
