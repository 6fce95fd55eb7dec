"""Every vector as one array, read, searched and scored. Exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage.errors import UnknownPictureError
from storage.vectors.digests import Digests, parts, sound
from storage.vectors.ids import PictureIds, Rows, located
from storage.vectors.neighbours import neighbours_of
from storage.vectors.products import Multiply, multiplied, on_processor
from storage.vectors.protocol import BATCH, Neighbours
from storage.vectors.scores import Scores, smallest

BLOCK = 2**18  # rows whose products with all queries are in memory at a time
TOGETHER = 1024  # rows that are multiplied exactly at a time
MOST_PRODUCTS = 256 * 1024**2  # bytes of them that are made before any is asked for
MOST_LIKELY = 0.1  # of the pictures: what is allowed and no more is looked at whole
SLACK = 1e-4  # float32 can't be wrong by more on unit vectors, so no true hit is cut off

Likely = Callable[[NDArray[np.float32]], NDArray[np.bool_]]  # query (d,) → (n,) which places to look at


class ExactCopy:
    """One state of the vectors, on disk or in memory. Never changes.

    `likely`, where it is set, is how a search is kept to a part of vectors that are too many to be read.
    """

    def __init__(
        self,
        version: str,
        ids: NDArray[np.bytes_],
        vectors: NDArray[np.float16],
        rows: NDArray[np.integer] | None = None,
        multiply: Multiply = on_processor,
        digests: Digests | None = None,
    ) -> None:
        """ids (n,) ascending; vectors (m, d); rows (n,) where in `vectors` that of each id is, None where
        row i belongs to ids[i]. Rows that no id has are of before. `multiply`: for scores and searches.
        digests (m,): None where none were kept."""
        self.version = version
        self.ids = PictureIds(ids)
        self.dimension = int(vectors.shape[1])
        self.known = ids
        self._vectors = np.asarray(vectors)  # of a mapped file, too: its own type takes longer to look into
        self._rows = rows
        self._multiply = multiply
        self._digests = digests
        self.likely: Likely | None = None

    def count(self) -> int:
        return len(self.ids)

    def missing(self, ids: Sequence[str]) -> list[str]:
        wanted = list(dict.fromkeys(ids))
        _, there = located(self.known, wanted)
        return [picture_id for picture_id, known in zip(wanted, there, strict=True) if not known]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        places, there = located(self.known, ids)
        if not there.all():
            unknown = np.flatnonzero(~there)
            raise UnknownPictureError(
                f"{len(unknown)} of {len(ids)} pictures have no vector, the first is {ids[unknown[0]]}. "
                "Add them to the library first."
            )
        return self._vectors[self._at(places)].astype(np.float32)

    def sound(self, places: Rows) -> NDArray[np.bool_]:
        """(n,) whether the vectors at these places of the order are finite and as they were written."""
        rows = self._at(places)
        digests = None if self._digests is None else self._digests[rows]
        return sound(self.known[places], self._vectors[rows], digests)

    @property
    def has_digests(self) -> bool:
        return self._digests is not None

    def is_sound(self) -> bool:
        return all(self.sound(np.arange(part.start, part.stop)).all() for part in parts(len(self.known)))

    def batches(self, size: int = BATCH) -> Iterator[tuple[PictureIds, NDArray[np.float16]]]:
        for start in range(0, len(self.ids), size):
            ids = PictureIds(self.known[start : start + size])
            yield ids, self.halves(np.arange(start, start + len(ids)))

    def products(
        self, columns: NDArray[np.float64], size: int = BATCH
    ) -> Iterator[tuple[PictureIds, NDArray[np.float64]]]:
        # To read on is faster than to pick, as long as there is room for what comes out.
        at_once = len(self._vectors) * columns.shape[1] * columns.itemsize <= MOST_PRODUCTS
        whole = multiplied(self._vectors, columns) if at_once else None
        for start in range(0, len(self.ids), size):
            ids = PictureIds(self.known[start : start + size])
            rows = self._at(np.arange(start, start + len(ids)))
            yield ids, multiplied(self._vectors, columns, rows) if whole is None else whole[rows]

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
    ) -> Scores:
        """Needs a few MB besides the answer, which is the same whatever the number of processors."""
        places = None if allowed is None else allowed.rows_in(self.known)
        values = self._products(np.asarray(weights, dtype=np.float32), places)
        values += np.asarray(bias, dtype=np.float32)
        return Scores(self.ids if places is None else PictureIds(self.known, places), values)

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        """Whatever may be among the first k is multiplied again in float64, row by row: a float32 product
        depends in its last bit on where the row stands, so twins would come in any order.

        With `likely` only what is likely is looked at, unless that is no less than what is allowed."""
        if not len(queries) or k < 1:
            return [[] for _ in queries]
        places = None if allowed is None else allowed.rows_in(self.known)
        if self.likely and (places is None or len(places) > MOST_LIKELY * len(self.ids)):
            return [found for query in queries for found in self._in(query[None], k, self._of(query, places))]
        return self._in(queries, k, places)

    def _of(self, query: NDArray[np.floating], places: Rows | None) -> Rows:
        assert self.likely is not None
        near = self.likely(np.asarray(query, np.float32))
        return np.flatnonzero(near) if places is None else places[near[places]]

    def _in(
        self, queries: NDArray[np.floating], k: int, places: Rows | None
    ) -> list[list[tuple[str, float]]]:
        rows = self._searched(places)
        columns = np.asarray(queries, dtype=np.float32).T
        likely = [_Likely(k, SLACK * float(np.linalg.norm(query))) for query in queries]
        for part, rough in self._blocks(columns, rows):
            for found, column in zip(likely, rough.T, strict=True):
                found.add(part, column)
        return [self._exact(query, found.rows, k) for query, found in zip(queries, likely, strict=True)]

    def neighbours(self, k: int) -> Neighbours:
        return neighbours_of(self, k)

    def halves(self, places: Rows) -> NDArray[np.float16]:
        """(n, d) as they are kept, of the ids at these places of the order."""
        return np.take(self._vectors, self._at(places), axis=0)

    # Inside: a place is one in the order of the ids, a row one of the vectors

    def _at(self, places: Rows) -> Rows:
        return places if self._rows is None else self._rows[places].astype(np.int64)

    @cached_property
    def _place(self) -> Rows:
        """(m,) the place of the id of each row, -1 for a row of before."""
        places = np.full(len(self._vectors), -1, dtype=np.int64)
        places[self._at(np.arange(len(self.ids)))] = np.arange(len(self.ids))
        return places

    def _searched(self, places: Rows | None) -> Rows | None:
        """The rows of these places, ascending; None for every row there is."""
        if places is None:
            if len(self.ids) == len(self._vectors):
                return None
            places = np.arange(len(self.ids))
        return places if self._rows is None else np.sort(self._at(places))

    def _blocks(
        self, columns: NDArray[np.float32], rows: Rows | None
    ) -> Iterator[tuple[Rows, NDArray[np.float32]]]:
        """Some rows (b,) at a time, ascending, with their products (b, k)."""
        span = len(self._vectors) if rows is None else int(rows[-1] - rows[0]) + 1 if len(rows) else 0
        first = 0 if rows is None or not span else int(rows[0])
        if rows is not None and len(rows) < span / 2:
            for start in range(0, len(rows), BLOCK):
                part = rows[start : start + BLOCK]
                yield part, self._multiply(self._vectors, columns, part)
            return
        for start in range(first, first + span, BLOCK):  # to read on is faster than to pick
            stop = min(start + BLOCK, first + span)
            products = self._multiply(self._vectors, columns, slice(start, stop))
            if rows is None:
                yield np.arange(start, stop), products
            else:
                part = rows[slice(*np.searchsorted(rows, (start, stop)))]
                yield part, products[part - start]

    def _exact(self, query: NDArray[np.floating], rows: Rows, k: int) -> list[tuple[str, float]]:
        places = np.sort(rows if self._rows is None else self._place[rows])
        rows = self._at(places)
        weights = np.asarray(query, dtype=np.float64)
        exact = np.empty(len(rows))
        for start in range(0, len(rows), TOGETHER):
            part = slice(start, start + TOGETHER)
            exact[part] = (self._vectors[rows[part]] * weights).sum(axis=1)
        best = smallest(-exact, k)
        return list(zip(self.ids.at(places[best]), exact[best].tolist(), strict=True))

    def _products(self, columns: NDArray[np.float32], places: Rows | None) -> NDArray[np.float32]:
        """columns (d,) or (d, k) → vectors · columns of these places, (n,) or (n, k)."""
        if places is not None and len(places) < len(self._vectors) / 2:
            return self._multiply(self._vectors, columns, self._at(places))
        whole = self._multiply(self._vectors, columns)
        if places is None:
            return whole if self._rows is None else whole[self._rows]
        return whole[self._at(places)]


class _Likely:
    """The rows that may be among the k highest once they are multiplied exactly."""

    def __init__(self, k: int, slack: float) -> None:
        self.rows: Rows = np.empty(0, dtype=np.int64)
        self._k = k
        self._slack = slack
        self._rough = np.empty(0, dtype=np.float32)
        self._least = np.float32(-np.inf)

    def add(self, rows: Rows, rough: NDArray[np.float32]) -> None:
        """rows (b,) above all that came before, with their products rounded to float32 (b,)."""
        near = rough >= self._least
        self.rows = np.concatenate([self.rows, rows[near]])
        self._rough = np.concatenate([self._rough, rough[near]])
        if len(self.rows) > self._k:
            place = len(self.rows) - self._k
            self._least = np.float32(np.partition(self._rough, place)[place] - self._slack)
            near = self._rough >= self._least
            self.rows, self._rough = self.rows[near], self._rough[near]
