"""Sets of picture ids that stay cheap at a million: sorted bytes instead of one Python string an id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

ID_TYPE = np.dtype("S64")
AT_ONCE = 8192  # ids, or vectors: a few megabytes

_IN_ID = np.array([chr(code).isascii() and chr(code).isalnum() for code in range(256)])

Rows = NDArray[np.int64]
Keys = NDArray[np.bytes_]  # ids as they are kept
Halves = NDArray[np.float16]  # vectors as they are kept
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


class PictureIds:
    """An immutable set of picture ids, in ascending order.

    It takes 64 bytes an id; what `without` leaves shares them and takes 8 more.
    """

    def __init__(self, known: Keys, rows: Rows | None = None) -> None:
        """known (m,) ascending, each id once; rows (n,) ascending: which of them, None for all."""
        self._known = known
        self._rows = rows

    @classmethod
    def of(cls, ids: Iterable[str]) -> PictureIds:
        """What can be no picture's id is left out."""
        if isinstance(ids, PictureIds):
            return ids
        return cls(np.setdiff1d(encoded(list(ids)), np.zeros(1, ID_TYPE)))

    @classmethod
    def together(cls, sets: Sequence[PictureIds]) -> PictureIds:
        """What any of them has."""
        return cls(np.unique(np.concatenate([one._known[one._places] for one in sets])))

    def __len__(self) -> int:
        return len(self._known if self._rows is None else self._rows)

    def __iter__(self) -> Iterator[str]:
        for places in parts(len(self), AT_ONCE):
            yield from self.at(places)

    def __contains__(self, picture_id: object) -> bool:
        if not isinstance(picture_id, str):
            return False
        (row,), (there,) = located(self._known, [picture_id])
        if there and self._rows is not None:
            place = np.searchsorted(self._rows, row)
            there = place < len(self._rows) and self._rows[place] == row
        return bool(there)

    def at(self, places: Rows) -> list[str]:
        """The ids at these places of the order, 0 to n - 1."""
        rows = places if self._rows is None else self._rows[places]
        return [picture_id.decode() for picture_id in self._known[rows].tolist()]

    @property
    def keys(self) -> Keys:
        """(n,) as they are kept, in order: 64 bytes each, the last of which are 0 where an id has fewer."""
        return self._known[self._places]

    def places(self, ids: Sequence[str]) -> Rows:
        """(n,) where in the order each of these is, -1 for one that isn't in the set."""
        rows, there = located(self._known, ids)
        if self._rows is None:
            return np.where(there, rows, -1)
        places = np.searchsorted(self._rows, rows)
        there &= places < len(self._rows)
        there[there] = self._rows[places[there]] == rows[there]
        return np.where(there, places, -1)

    def without(self, others: Iterable[str]) -> PictureIds:
        kept = np.zeros(len(self._known), dtype=bool)
        kept[slice(None) if self._rows is None else self._rows] = True
        kept[PictureIds.of(others).rows_in(self._known)] = False
        return PictureIds(self._known, np.flatnonzero(kept))

    @property
    def _places(self) -> Rows | slice:
        return slice(None) if self._rows is None else self._rows

    def within(self, others: PictureIds) -> PictureIds:
        """Those that the other set has, too. Takes no time where one set was made from the other."""
        if others is self:
            return self
        return others.only(self.rows_of(others))

    def rows_of(self, others: PictureIds) -> Rows:
        """(k,) ascending places in `others` of the ids that both sets have."""
        rows = self.rows_in(others._known)
        if others._rows is None:
            return rows
        return np.flatnonzero(np.isin(others._rows, rows, assume_unique=True))

    def only(self, places: Rows) -> PictureIds:
        """Those at these places, which ascend, of the order. Shares the ids."""
        return PictureIds(self._known, places if self._rows is None else self._rows[places])

    def rows_in(self, known: Keys) -> Rows:
        """(k,) ascending rows of `known` (m,), itself ascending, whose ids are in this set. Takes no time
        where this set was made from `known`."""
        if self._known is known:
            return np.arange(len(known)) if self._rows is None else self._rows
        rows, there = located(known, self._known if self._rows is None else self._known[self._rows])
        return rows[there]


def parts(count: int, size: int) -> Iterator[Rows]:
    """Places 0 to count - 1, at most `size` at a time."""
    for start in range(0, count, size):
        yield np.arange(start, min(start + size, count))


def encoded(ids: Sequence[str]) -> Keys:
    """(n,) as they are kept; what can be no picture's id is empty, which none is."""
    try:
        array = np.array(ids, dtype="S")
    except UnicodeEncodeError:
        array = np.array([picture_id if picture_id.isascii() else "" for picture_id in ids], dtype="S")
    if array.dtype.itemsize > ID_TYPE.itemsize:
        array = np.where(np.char.str_len(array) > ID_TYPE.itemsize, b"", array)
    return array.astype(ID_TYPE)


def checked(ids: Sequence[str]) -> Keys:
    """(n,) as they are kept. Raises `ValueError` where one can be no picture's: that is letters and digits of
    ASCII, at least one and no more than 64."""
    keys = encoded(ids)
    # Counted all at once: to ask each is a third of writing its vector.
    if not all(ids) or int(_IN_ID[keys.view(np.uint8)].sum()) != sum(map(len, ids)):
        wrong = [one for one in ids if not (one.isascii() and one.isalnum() and len(one) <= ID_TYPE.itemsize)]
        raise ValueError(f"{wrong[0]!r} is not a picture id.")
    return keys


def order_of(ids: Keys) -> Rows:
    """(n,) where the first, the second and so on of these is in ascending order, as `np.argsort` says. By
    their first eight bytes, which takes a tenth of the time, unless some have the same. Equal ones stay in
    their order."""
    first = beginnings(ids)
    order = np.argsort(first)
    first = first[order]
    return order if (first[1:] > first[:-1]).all() else np.argsort(ids, kind="stable")


def located(known: Keys, ids: Sequence[str] | Keys) -> tuple[Rows, Flags]:
    """(n,) rows of `known`, which ascends, and (n,) whether the id is there: else the row says nothing."""
    wanted = ids if isinstance(ids, np.ndarray) else encoded(ids)
    rows = np.searchsorted(known, wanted)
    there = rows < len(known)
    there[there] = known[rows[there]] == wanted[there]
    return rows, there


def first_located(known: Keys, wanted: Keys) -> tuple[Rows, Flags]:
    """The same where ids may be in `known` more than once: the first row of each. By their first eight bytes,
    which takes a fifth of the time, and the others by all."""
    if not len(known):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    rows = np.searchsorted(beginnings(known), beginnings(wanted))
    rows = np.minimum(rows, len(known) - 1)
    same = np.take(_numbers(known), rows, axis=0) == _numbers(wanted)
    if same.all():
        return rows, np.ones(len(rows), bool)
    there = same.all(axis=1)
    rows[~there], there[~there] = located(known, wanted[~there])
    return rows, there


def beginnings(ids: Keys) -> NDArray[np.uint64]:
    """(n,) the first eight bytes of each, in whose order they are."""
    return ids.view(">u8")[:: ID_TYPE.itemsize // 8].astype(np.uint64)


def _numbers(ids: Keys) -> NDArray[np.uint64]:
    """(n, 8) whose rows are equal where the ids are."""
    return ids.view(np.uint64).reshape(len(ids), -1)
