"""Vectors: writing, opening, scoring and searching. They are random, of unit length, in half precision."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from benchmarks.limits.rows import Row, Rows, compared, within
from storage.vectors.stored import StoredIndex

TOP = 100
A_WRITE = 20_000  # rows


def rows(folder: Path, count: int, dimension: int = 512) -> Rows:
    """`count` vectors in a folder that is empty."""
    ids, vectors = made_up_vectors(count, dimension)
    written: list[Path] = []

    def write() -> None:
        target = folder / f"index-{len(written)}"
        written.append(target)
        write_all(StoredIndex(target, "made-up", dimension), ids, vectors)

    what = f"{count:,} × {dimension}"
    StoredIndex(folder / "none", "made-up", dimension).write(ids[:1], vectors[:1])  # loads LanceDB
    yield compared(
        f"write {what}",
        10,
        write,
        "np.save",
        lambda: np.save(folder / "least.npy", vectors),
        repeats=2,
        warm=False,
    )
    place = written[-1]
    opened = StoredIndex(place, "made-up", dimension)
    new = [hashlib.sha256(str(-number).encode()).hexdigest() for number in range(1, 257)]

    def add_and_read() -> None:
        opened.write(new, vectors[:256])
        opened.snapshot()

    yield within(f"add 256 pictures to {what} and read them", 1, add_and_read)
    yield within(f"open {what}", 5, lambda: StoredIndex(place, "made-up", dimension).snapshot().ids)
    weights = np.random.default_rng(1).standard_normal(dimension).astype(np.float32)
    before = _own_memory()
    copy = opened.snapshot()
    copy.search(weights[None], TOP)
    yield _memory(f"memory for {what} besides mapped files, in bytes", before, count * dimension * 2)
    floats = vectors.astype(np.float32)
    yield compared(
        f"score {what}",
        1.5,
        lambda: copy.scores(weights),
        "float32 product in memory",
        lambda: floats @ weights,
    )
    several = np.tile(weights[:, None], 16)
    yield compared(
        f"score {what} by 16 versions",
        1.5,
        lambda: copy.scores(several),
        "float32 product in memory",
        lambda: floats @ several,
        repeats=3,
    )
    yield compared(
        f"first {TOP} of {what}",
        2,
        lambda: copy.search(weights[None], TOP),
        "float32 product and argpartition",
        lambda: np.argpartition(-(floats @ weights), TOP)[:TOP],
    )


def _memory(row: str, before: int, matrix: int) -> Row:
    """Bytes in place of seconds: what it grew by, beside the bytes of the matrix."""
    return Row(row, (max(_own_memory() - before, 0),), (matrix,), 0.3, "bytes of the matrix")


def _own_memory() -> int:
    """Bytes that are this process's alone (Linux)."""
    resident, shared = Path("/proc/self/statm").read_text().split()[1:3]
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def made_up_vectors(count: int, dimension: int) -> tuple[list[str], np.ndarray]:
    """Ids, and random vectors (count, dimension) of unit length in half precision."""
    rng = np.random.default_rng(0)
    vectors = np.empty((count, dimension), np.float16)
    for start in range(0, count, A_WRITE):
        part = rng.standard_normal((min(A_WRITE, count - start), dimension), dtype=np.float32)
        vectors[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)], vectors


def write_all(index: StoredIndex, ids: list[str], vectors: np.ndarray) -> None:
    for start in range(0, len(ids), A_WRITE):
        index.write(ids[start : start + A_WRITE], vectors[start : start + A_WRITE])
