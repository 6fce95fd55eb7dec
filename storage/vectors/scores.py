"""One number a picture, and the only place where the highest of them are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import PictureIds, Rows


@dataclass(frozen=True, eq=False)
class Scores:
    """values (n,) belong to the n ids in their order; (n, k) where k heads were asked at once, which
    `top`, `bottom` and `nearest` can't order."""

    ids: PictureIds
    values: NDArray[np.float32]

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

    def _first(self, keys: NDArray[np.float32], n: int, start: int) -> list[tuple[str, float]]:
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
