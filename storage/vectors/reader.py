"""The vectors of one encoder by picture id, as one array that is read, searched and scored. Exact.

A concept, the trash and a scope are sets of ids: what leaves pictures out is a reader of fewer ids over the
same array, and nothing is written or copied for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import UnknownError
from storage.vectors.ids import AT_ONCE, Flags, Floats, Halves, Keys, PictureIds, Rows, located, parts
from storage.vectors.products import multiplied

if TYPE_CHECKING:
    from storage.vectors.snapshot import Blocks

BLOCK = 2**18  # rows whose products with all queries are in memory at a time
JOINED = 2**16  # where they are joined, which takes memory of its own
TOGETHER = 1024  # rows that are multiplied exactly at a time
NEIGHBOURS_TOGETHER = 256  # pictures whose neighbours are looked for at once
MOST_PRODUCTS = 256 * 1024**2  # bytes of them that are made before any is asked for
SLACK = 1e-4  # float32 can't be wrong by more on unit vectors, so no true hit is cut off


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest others of every picture: rows (n, k) are places in the reader's ids, products (n, k) the
    dot products with them, the highest first."""

    rows: Rows
    products: Floats


@dataclass(frozen=True, eq=False)
class Scores:
    """values (n,) belong to the n ids in their order; (n, k) where k heads were asked at once, which
    `top`, `bottom` and `nearest` can't order."""

    ids: PictureIds
    values: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def top(self, n: int, start: int = 0) -> list[tuple[str, float]]:
        """The n highest behind the first `start`, highest first, equal ones by id."""
        return self._first(-self.values, n, start)

    def bottom(self, n: int, start: int = 0) -> list[tuple[str, float]]:
        """The n lowest behind the first `start`, lowest first, equal ones by id."""
        return self._first(self.values, n, start)

    def nearest(self, value: float, n: int, start: int = 0) -> list[tuple[str, float]]:
        """The n nearest to `value` behind the first `start`, nearest first, equally near ones by id."""
        return self._first(np.abs(self.values - np.float32(value)), n, start)

    def among(self, ids: PictureIds) -> Scores:
        """The scores of these ids alone, each of which must have one."""
        return Scores(ids, self.values[ids.rows_of(self.ids)])

    def of(self, picture_ids: Sequence[str]) -> list[tuple[str, float]]:
        """Those of these pictures that have one, in their order."""
        place = self.ids.places(picture_ids)
        return [(i, float(self.values[row])) for i, row in zip(picture_ids, place, strict=True) if row >= 0]

    def _first(self, keys: Floats, n: int, start: int) -> list[tuple[str, float]]:
        places = smallest(keys, start + n)[start:]
        return list(zip(self.ids.at(places), self.values[places].tolist(), strict=True))


def smallest(keys: NDArray[np.floating[Any]], n: int) -> Rows:
    """(min(n, len(keys)),) places of the n smallest, smallest first, equal ones in their order."""
    if n < 1:
        return np.empty(0, dtype=np.int64)
    if n >= len(keys):
        return np.argsort(keys, kind="stable")
    places = np.flatnonzero(keys <= np.partition(keys, n - 1)[n - 1])
    return places[np.argsort(keys[places], kind="stable")[:n]]


class VectorReader:
    """One state of the vectors, on disk or in memory. Never changes.

    `ids` are listed, searched, scored and compared; `allowed` leaves others of them out, and an id in it that
    has no vector is passed over. `version` is another one whenever a vector or `ids` is another one; never
    that of another index.
    """

    def __init__(
        self,
        version: str,
        ids: Keys,
        vectors: Halves,
        rows: NDArray[np.integer] | None = None,
        blocks: Blocks | None = None,
    ) -> None:
        """ids (n,) ascending; vectors (m, d); rows (n,) where in `vectors` that of each id is, None where
        row i belongs to ids[i]. Rows that no id has are of before. `blocks`: of vectors on disk, which are
        compared with what was written before they are used; a damaged one raises `DamagedIndexError`."""
        self.version = version
        self.ids = PictureIds(ids)
        self.dimension = int(vectors.shape[1])
        self.known = ids
        self._mapped = np.asarray(vectors)  # of a mapped file, too: its own type takes longer to look into
        self._rows = rows
        self._on_disk = blocks
        self._hidden: frozenset[str] = frozenset()
        self._whole = self  # before it was narrowed
        self.is_of_parts = False  # which look like others than the pictures do

    # Fewer pictures of the same state

    def without(self, hidden: Collection[str], version: str) -> VectorReader:
        """A reader that knows nothing of the `hidden`. `version`: another one whenever they are others."""
        fewer = copy(self)
        fewer.version, fewer.ids, fewer._hidden = version, self.ids.without(hidden), frozenset(hidden)
        return fewer

    def within(self, ids: PictureIds, key: str) -> VectorReader:
        """A reader of these `ids`, each one of its own; `key` is another one whenever they are.

        `vectors` and `missing` answer for every picture as before: whoever names a picture has it already,
        and a label of one outside may still teach.
        """
        fewer = copy(self)
        fewer.version, fewer.ids = f"{self.version} in {key}", ids
        return fewer

    def of_parts(self, count: int, direction: Floats, version: str) -> VectorReader:
        """Where each vector is `count` side by side that are equally long: a reader of one of them for each
        picture, that with the highest dot product with `direction` (dimension / count,). Shares the array."""
        whole = self._vectors()
        each = whole.reshape(len(whole) * count, self.dimension // count)
        best = multiplied(each, direction).reshape(-1, count).argmax(axis=1)
        rows = self._at(np.arange(len(self.known)))
        found = VectorReader(version, self.known, each, rows * count + best[rows])
        found.is_of_parts = True
        return found

    # Reading

    def count(self) -> int:
        return len(self.ids)

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those without a vector, each once, in the order given."""
        wanted = list(dict.fromkeys(ids))
        _, there = located(self.known, wanted)
        return [one for one, known in zip(wanted, there, strict=True) if not known or one in self._hidden]

    def vectors(self, ids: Sequence[str]) -> Floats:
        """(n, d) in the order of ids. Raises `UnknownError` where one has no vector."""
        rows = self._rows_of(ids)
        return self._vectors(rows)[rows].astype(np.float32)

    def parts_of(self, ids: Sequence[str], count: int) -> list[int]:
        """Of a reader of one of `count` parts of each picture: which part it is, of these pictures."""
        parts_of_them: list[int] = (self._rows_of(ids) % count).tolist()
        return parts_of_them

    def _rows_of(self, ids: Sequence[str]) -> Rows:
        """(n,) where in the array the vectors of these ids are. Raises `UnknownError` likewise."""
        if removed := self._hidden.intersection(ids):
            raise UnknownError(
                f"{len(removed)} of {len(ids)} pictures were removed from the library: {min(removed)} …",
                "picture",
            )
        places, there = located(self.known, ids)
        if not there.all():
            unknown = np.flatnonzero(~there)
            raise UnknownError(
                f"{len(unknown)} of {len(ids)} pictures have no vector, the first is {ids[unknown[0]]}. "
                "Add them to the library first.",
                "picture",
            )
        return self._at(places)

    def batches(self, size: int = AT_ONCE) -> Iterator[tuple[PictureIds, Halves]]:
        """Every id with its vector (≤ size, d), by id: in half precision, as they are kept, for who reads all
        of them to convert what is in work."""
        for places in self._parts(size):
            yield PictureIds(self.known[places]), self.halves(places)

    def products(
        self, columns: NDArray[np.float64], size: int = AT_ONCE
    ) -> Iterator[tuple[PictureIds, NDArray[np.float64]]]:
        """columns (d, k) → every id with its vector · columns, (≤ size, k) in float64, by id."""
        # To read on is faster than to pick, as long as there is room for what comes out.
        room = len(self._mapped) * columns.shape[1] * columns.itemsize <= MOST_PRODUCTS
        at_once = room and 2 * len(self.ids) >= len(self._mapped)
        whole = multiplied(self._vectors(), columns) if at_once else None
        for places in self._parts(size):
            rows = self._at(places)
            found = multiplied(self._vectors(rows), columns, rows) if whole is None else whole[rows]
            yield PictureIds(self.known[places]), found

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
        joined: Callable[[Floats], Floats] | None = None,
    ) -> Scores:
        """weights (d,) or (d, k) → vectors · weights + bias, in float32; `joined` makes one of the k of each
        picture, (n, k) → (n,) or (n, m). Needs a few MB besides the answer, which is the same whatever the
        number of processors."""
        places, columns = self._places(allowed), np.asarray(weights, dtype=np.float32)
        rows = self._rows if places is None else self._at(places)
        picked = self._picked(rows)
        if joined is None:
            values = multiplied(self._vectors(picked), columns, picked)
        else:
            values = np.concatenate([joined(some) for _, some in self._blocks(columns, picked, JOINED)])
        if rows is not None and picked is None:
            values = values[rows]
        values += np.asarray(bias, dtype=np.float32)
        return Scores(self.ids if allowed is None else PictureIds(self.known, places), values)

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        """queries (q, d) → for each the k ids with the highest dot products, highest first, equal ones by id.

        Whatever may be among the first k is multiplied again in float64, row by row: a float32 product
        depends in its last bit on where the row stands, so twins would come in any order.
        """
        if not len(queries) or k < 1:
            return [[] for _ in queries]
        places = self._places(allowed)
        if places is None and len(self.known) < len(self._mapped):
            places = np.arange(len(self.known))
        rows = None if places is None else np.sort(self._at(places))
        picked = self._picked(rows)
        likely = [_Likely(k, SLACK * float(np.linalg.norm(query))) for query in queries]
        for block, rough in self._blocks(np.asarray(queries, dtype=np.float32).T, picked, BLOCK):
            if rows is None:
                part = np.arange(block.start, block.stop)
            elif picked is not None:
                part = picked[block]
            else:
                part = rows[slice(*np.searchsorted(rows, (block.start, block.stop)))]
                rough = rough[part - block.start]
            for found, column in zip(likely, rough.T, strict=True):
                found.add(part, column)
        return [self._exact(query, found.rows, k) for query, found in zip(queries, likely, strict=True)]

    def neighbours(self, k: int) -> Neighbours:
        """The k nearest others of every picture (fewer in a smaller library), equally near ones by id. Exact:
        n² · d products, 2-4 seconds for 5,000 pictures of 1,280 dimensions on two cores."""
        n = len(self.ids)
        k = max(min(k, n - 1), 0)
        rows, products = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
        row = 0
        for ids, vectors in self.batches(NEIGHBOURS_TOGETHER) if k else ():
            for itself, hits in zip(ids, self.search(vectors, k + 1), strict=True):
                # Of more than k twins the picture itself may be none of the first.
                others = [hit for hit in hits if hit[0] != itself][:k]
                rows[row] = self.ids.places([other for other, _ in others])
                products[row] = [product for _, product in others]
                row += 1
        return Neighbours(rows, products)

    # For the rest of this package: a place is one in the order of all ids, a row one of the vectors

    def halves(self, places: Rows) -> Halves:
        """(n, d) as they are kept, of the ids at these places of the order."""
        rows = self._at(places)
        return np.take(self._vectors(rows), rows, axis=0)

    def as_they_lie(self, places: Rows) -> Halves:
        """The same, damaged or not."""
        return np.take(self._mapped, self._at(places), axis=0)

    def touch(self) -> None:
        """Compares all with what was written. Raises `DamagedIndexError`."""
        self._vectors()

    def look_again(self) -> None:
        """The same, whatever was compared before."""
        if self._on_disk is not None:
            self._on_disk.look_again()

    def sound(self) -> Flags:
        """(n,) whether the block of each vector is as it was written."""
        rows = self._at(np.arange(len(self.known)))
        return np.ones(len(rows), bool) if self._on_disk is None else self._on_disk.are_sound(rows)

    # Inside

    def _vectors(self, rows: NDArray[np.integer] | slice | None = None) -> Halves:
        """The whole array, of which these rows, or all, are as they were written."""
        if self._on_disk is not None:
            self._on_disk.touch(rows)
        return self._mapped

    def _at(self, places: Rows) -> Rows:
        return places if self._rows is None else self._rows[places].astype(np.int64)

    def _places(self, allowed: PictureIds | None = None) -> Rows | None:
        """Those that are allowed of those that are listed, ascending; None for every place there is."""
        if len(self.ids) == len(self.known):
            return None if allowed is None else allowed.rows_in(self.known)
        return (self.ids if allowed is None else allowed.within(self.ids)).rows_in(self.known)

    def _parts(self, size: int) -> Iterator[Rows]:
        """Places of what is listed, so many at a time."""
        places = self._places()
        for part in parts(len(self.ids), size):
            yield part if places is None else places[part]

    @cached_property
    def _place(self) -> Rows:
        """(m,) the place of the id of each row, -1 for a row of before."""
        places = np.full(len(self._mapped), -1, dtype=np.int64)
        places[self._at(np.arange(len(self.known)))] = np.arange(len(self.known))
        return places

    def _picked(self, rows: NDArray[np.integer] | None) -> Rows | None:
        """These rows where there are few of them, else None: to read all there are is then as fast."""
        return None if rows is None or 2 * len(rows) >= len(self._mapped) else rows.astype(np.int64)

    def _blocks(self, columns: Floats, rows: Rows | None, size: int) -> Iterator[tuple[slice, Floats]]:
        """Products (b, k) with `size` of these rows, or of all, at a time, and which; one block at least."""
        count = len(self._mapped) if rows is None else len(rows)
        for start in range(0, max(count, 1), size):
            block = slice(start, min(start + size, count))
            part = block if rows is None else rows[block]
            yield block, multiplied(self._vectors(part), columns, part)

    def _exact(self, query: NDArray[np.floating], rows: Rows, k: int) -> list[tuple[str, float]]:
        places = np.sort(rows if self._rows is None else self._whole._place[rows])
        rows = self._at(places)
        weights = np.asarray(query, dtype=np.float64)
        exact = np.empty(len(rows))
        for start in range(0, len(rows), TOGETHER):
            part = slice(start, start + TOGETHER)
            exact[part] = (self._mapped[rows[part]] * weights).sum(axis=1)  # which were touched by now
        best = smallest(-exact, k)
        return list(zip(PictureIds(self.known).at(places[best]), exact[best].tolist(), strict=True))


class _Likely:
    """The rows that may be among the k highest once they are multiplied exactly."""

    def __init__(self, k: int, slack: float) -> None:
        self.rows: Rows = np.empty(0, dtype=np.int64)
        self._k = k
        self._slack = slack
        self._rough = np.empty(0, dtype=np.float32)
        self._least = np.float32(-np.inf)

    def add(self, rows: Rows, rough: Floats) -> None:
        """rows (b,) above all that came before, with their products rounded to float32 (b,)."""
        near = rough >= self._least
        self.rows = np.concatenate([self.rows, rows[near]])
        self._rough = np.concatenate([self._rough, rough[near]])
        if len(self.rows) > self._k:
            place = len(self.rows) - self._k
            self._least = np.float32(np.partition(self._rough, place)[place] - self._slack)
            near = self._rough >= self._least
            self.rows, self._rough = self.rows[near], self._rough[near]
