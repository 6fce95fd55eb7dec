"""What heads say of many pictures, with where each picture is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concepts.library.collection import Collection
from storage.places import texts_of
from storage.vectors.protocol import VectorReader

AT_ONCE = 32_768  # of fewer at once the threads hinder each other, of more the memory is slower than the work
READERS = 2  # of places at a time: the database needs a processor for each
AHEAD = 6  # reads that may be done before they are asked for: whoever asks takes some, and then writes
FEW = 8  # times fewer pictures than the library has are looked up instead of read through


class Placed(NamedTuple):
    """(n,) ids and the first place of each, "" where there is none any more, and products (n, k)."""

    ids: pa.StringArray
    places: pa.StringArray
    products: NDArray[np.float64]


def with_places(
    collection: Collection, reader: VectorReader, columns: NDArray[np.float64]
) -> Iterator[Placed]:
    """All that are in the reader, by id, with their vectors · columns (d, k). Streams: while some are in work
    the places of the next are read."""
    read_through = FEW * len(reader.ids) > collection.library.counts().pictures
    places = _read_through if read_through else _looked_up
    coming: deque[tuple[pa.StringArray, Future[pa.StringArray], NDArray[np.float64]]] = deque()
    with ThreadPoolExecutor(READERS) as threads:
        for ids, products in reader.products(columns, AT_ONCE):
            texts = texts_of(ids)
            coming.append((texts, threads.submit(places, collection, texts), products))
            if len(coming) > AHEAD:
                yield _placed(collection, *coming.popleft())
        while coming:
            yield _placed(collection, *coming.popleft())


def _placed(
    collection: Collection,
    ids: pa.StringArray,
    places: Future[pa.StringArray],
    products: NDArray[np.float64],
) -> Placed:
    found = places.result()
    if removed := collection.removed.hidden().ids:  # since the vectors were read
        found = pc.if_else(pc.is_in(ids, pa.array(removed, pa.string())), "", found)
    return Placed(ids, found, products)


def _read_through(collection: Collection, ids: pa.StringArray) -> pa.StringArray:
    known, places = collection.places.between(ids[0].as_py(), ids[-1].as_py())
    if known.equals(ids):
        return places
    return pc.fill_null(places.take(pc.index_in(ids, known)), "")  # the first of equal ones


def _looked_up(collection: Collection, ids: pa.StringArray) -> pa.StringArray:
    asked = ids.to_pylist()
    found = collection.paths(asked)
    return pa.array([found.get(picture_id, "") for picture_id in asked], pa.string())
