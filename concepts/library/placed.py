"""Vectors of many pictures with where each picture is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from concepts.library.collection import Collection
from storage.vectors.protocol import VectorReader

AT_ONCE = 32_768  # of fewer at once the threads hinder each other, of more the memory is slower than the work
FEW = 8  # times fewer pictures than the library has are looked up instead of read through


Item = TypeVar("Item")
Placed = tuple[list[str], list[str], NDArray[np.float16]]


def with_places(collection: Collection, reader: VectorReader) -> Iterator[Placed]:
    """Ids, the first place of each ("" where there is none any more) and vectors (n, d), by id. Streams, one
    batch ahead of who takes them."""
    return _ahead(_read(collection, reader))


def _read(collection: Collection, reader: VectorReader) -> Iterator[Placed]:
    library = collection.library
    read_through = FEW * len(reader.ids) > library.counts().pictures
    for ids, vectors in reader.batches(AT_ONCE):
        places = library.first_places(ids[0], ids[-1]) if read_through else collection.paths(ids)
        for removed in collection.removed.hidden().ids & places.keys():  # since the vectors were looked at
            del places[removed]
        yield ids, [places.get(picture_id, "") for picture_id in ids], vectors


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same; while one is in work the next is made in a thread."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
