"""Ids and vectors made up by the tests, and a reader over them in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.library.collection import collection_of
from storage.library import PictureFacts
from storage.pictures.files import Source
from storage.vectors.ids import ID_TYPE
from storage.vectors.reader import VectorReader
from storage.vectors.stored import StoredIndex
from storage.vectors.table import LanceIndex

DIMENSION = 8


def picture_ids(count: int, start: int = 0) -> list[str]:
    """In no order."""
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(start, start + count)]


def unit_vectors(count: int, seed: int = 0, dimension: int = DIMENSION) -> NDArray[np.float32]:
    """Unit length, rounded to float16, so that what is read back is equal."""
    raw = np.random.default_rng(seed).standard_normal((count, dimension))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return unit.astype(np.float16).astype(np.float32)


def opened(folder: Path) -> StoredIndex:
    """As another process opens it."""
    return StoredIndex(folder, "enc-1", DIMENSION)


def contents(vectors: VectorReader | StoredIndex | LanceIndex) -> dict[str, tuple[float, ...]]:
    reader = vectors if isinstance(vectors, VectorReader) else vectors.snapshot()
    pairs = (pair for ids, rows in reader.batches() for pair in zip(ids, rows.tolist(), strict=True))
    return {picture_id: tuple(row) for picture_id, row in pairs}


def in_memory(ids: Sequence[str], vectors: NDArray[np.floating], version: str = "1") -> VectorReader:
    """vectors (n, d), row i for ids[i]."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    known = np.array([ids[place] for place in order], dtype=ID_TYPE)
    return VectorReader(version, known, np.asarray(vectors)[np.array(order, dtype=int)].astype(np.float16))


def add_made_up(bench: Any, ids: Sequence[str], counting: Collection[str]) -> None:
    """To the library of an `App`: random vectors, of which those that count lie on one side."""
    index = collection_of(bench).stored()
    vectors = np.random.default_rng(0).standard_normal((len(ids), index.dimension)).astype(np.float32)
    vectors[[one in counting for one in ids], 0] += 2 * np.sqrt(index.dimension)
    facts = [(Source(f"/made-up/{i}.jpg", 1, 1), PictureFacts(i, 1, "JPEG", 64, 48, None)) for i in ids]
    collection_of(bench).library.adding.record(facts, [], index.fingerprint)
    index.write(ids, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
