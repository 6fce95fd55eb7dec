"""What heads say of many pictures, with where each picture is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concepts.jobs import Listener
from concepts.library.collection import Collection
from storage.places import texts_of
from storage.removed import Removed
from storage.vectors.ids import PictureIds
from storage.vectors.reader import VectorReader

AT_ONCE = 32_768  # of fewer at once the threads hinder each other, of more the memory is slower than the work
AHEAD = 6  # reads that may be done before they are asked for: whoever asks takes some, and then writes
FEW = 8  # times fewer pictures than the library has are looked up instead of read through


class PlacedScores(NamedTuple):
    """(n,) ids and the first place of each, "" where there is none any more, and products (n, k)."""

    ids: pa.StringArray
    places: pa.StringArray
    products: NDArray[np.float64]


def with_places(
    collection: Collection, reader: VectorReader, columns: NDArray[np.float64], listener: Listener
) -> Iterator[PlacedScores]:
    """All that are in the reader, by id, with their vectors · columns (d, k). Streams: while some are in work
    the places of the next are read."""
    read_through = FEW * len(reader.ids) > collection.library.counts().pictures
    places = collection.places.first if read_through else partial(_looked_up, collection)
    gone = _Gone(collection.removed, reader.ids)
    done, total = 0, len(reader.ids)
    coming: deque[tuple[pa.StringArray, Future[pa.StringArray], NDArray[np.float64]]] = deque()
    with ThreadPoolExecutor(1) as reading:  # a second one would take a processor from whoever writes
        for ids, products in reader.products(columns, AT_ONCE):
            done += len(ids)
            listener(done, total, "")
            coming.append((texts_of(ids), reading.submit(places, ids), products))
            if len(coming) > AHEAD:
                yield _placed(*coming.popleft(), gone)
        while coming:
            yield _placed(*coming.popleft(), gone)


def _placed(
    ids: pa.StringArray, places: Future[pa.StringArray], products: NDArray[np.float64], gone: _Gone
) -> PlacedScores:
    found = places.result()
    if len(removed := gone.now()):
        found = pc.if_else(pc.is_in(ids, removed), "", found)
    return PlacedScores(ids, found, products)


class _Gone:
    """Those of a reader's pictures that came into the bin since their vectors were read."""

    def __init__(self, removed: Removed, ids: PictureIds) -> None:
        self._removed, self._ids = removed, ids
        self._hidden: frozenset[str] = frozenset()
        self._gone = pa.array([], pa.string())

    def now(self) -> pa.StringArray:
        hidden = self._removed.hidden().ids
        if hidden is not self._hidden:
            self._hidden, self._gone = hidden, texts_of(PictureIds.of(hidden).within(self._ids))
        return self._gone


def _looked_up(collection: Collection, ids: PictureIds) -> pa.StringArray:
    asked = list(ids)
    found = collection.paths(asked)
    return pa.array([found.get(picture_id, "") for picture_id in asked], pa.string())
