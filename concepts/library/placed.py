"""Vectors of many pictures with where each picture is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from concepts.encoders.base import Vectors
from concepts.library.collection import Collection
from storage.vectors.protocol import VectorReader

AT_ONCE = 8192
FEW = 8  # times fewer pictures than the library has are looked up instead of read through


def with_places(
    collection: Collection, reader: VectorReader
) -> Iterator[tuple[list[str], list[str], Vectors]]:
    """Ids, the first place of each ("" where there is none any more) and vectors (n, d), by id. Streams."""
    read_through = FEW * len(reader.ids) > collection.library.counts().pictures
    places = Places(collection.library.first_places()) if read_through else None
    for ids, vectors in reader.batches(AT_ONCE):
        if places is not None:
            yield ids, places.of(ids), vectors
        else:
            found = collection.paths(ids)
            yield ids, [found.get(picture_id, "") for picture_id in ids], vectors


class Places:
    """What comes by id, looked up by ids that rise from call to call."""

    def __init__(self, by_id: Iterable[dict[str, str]]) -> None:
        self._coming = iter(by_id)
        self._last = ""
        self._held: list[dict[str, str]] = []  # the last of them may have ids that are asked for later

    def of(self, ids: Sequence[str]) -> list[str]:
        """ "" for those that don't come."""
        while ids and self._last < ids[-1]:
            part = next(self._coming, None)
            if part is None:
                break
            if part:
                self._held.append(part)
                self._last = next(reversed(part))
        found: dict[str, str] = {}
        for part in self._held:
            found = found | part if found else part
        del self._held[:-1]
        return [found.get(picture_id, "") for picture_id in ids]
