"""What the vectors of a library take on disk, and how much is too much."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.vectors.ids import ID_TYPE
from storage.vectors.tables import BucketTables

MOST = 2.0  # times what the vectors themselves take, in the table or in its copy
SPARE = 64 * 1024**2  # bytes that are never too much


@dataclass(frozen=True)
class DiskUse:
    """Bytes: `table` with its versions of before, the `copy` that is read, the `graph` of neighbours, and
    what is there of `others`, encoders the library had. `least`: what the vectors themselves take, once."""

    table: int
    copy: int
    graph: int
    others: int
    least: int

    @property
    def is_too_much(self) -> bool:
        return max(self.table, self.copy) > MOST * self.least + SPARE


@dataclass
class PurgedVectors:
    """How many there were, in the `tables` of how many encoders, each written anew; and of how many other
    pictures one of them was a neighbour (`lists`)."""

    vectors: int = 0
    tables: int = 0
    lists: int = 0


def disk_use(
    folder: Path, fingerprint: str, vectors: int, dimension: int, bucket: BucketTables | None = None
) -> DiskUse:
    """Of the encoder with this fingerprint, which has so many vectors of so many numbers. What a bucket holds
    of other encoders isn't counted."""
    kinds = {kind: bytes_in(folder / f"{fingerprint}.{kind}") for kind in ("lance", "matrix", "graph")}
    each = dimension * np.dtype(np.float16).itemsize + ID_TYPE.itemsize
    return DiskUse(
        table=kinds["lance"] if bucket is None else bucket.bytes_of(fingerprint),
        copy=kinds["matrix"],
        graph=kinds["graph"],
        others=bytes_in(folder) - sum(kinds.values()),
        least=vectors * each,
    )


def bytes_in(folder: Path) -> int:
    """What goes meanwhile counts nothing."""
    found = 0
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            found += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return found
