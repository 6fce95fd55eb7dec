"""Times the vector index against NumPy arrays in memory, in the same run.

    python benchmarks/vectors.py --rows 100000 --dim 512

The ratio says how many times longer the index takes than NumPy for the same work. Vectors are random.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from storage.vectors.lance import LanceIndex

TOP = 100
WRITE = 20_000  # rows a write


def timed(work: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of the fastest run."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


class PeakMemory(threading.Thread):
    """The most memory a block takes above what it began with, mapped files left out (Linux)."""

    def __enter__(self) -> PeakMemory:
        self.grown = 0
        self._began_with = self._own()
        self._done = threading.Event()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        while not self._done.wait(0.01):
            self.grown = max(self.grown, self._own() - self._began_with)

    def _own(self) -> int:
        resident, shared = Path("/proc/self/statm").read_text().split()[1:3]
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def random_unit(rows: int, dim: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    vectors = np.empty((rows, dim), np.float16)
    for start in range(0, rows, WRITE):
        part = rng.standard_normal((min(WRITE, rows - start), dim), dtype=np.float32)
        vectors[start : start + len(part)] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def measure(folder: Path, rows: int, dim: int) -> None:
    ids = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(rows)]
    vectors = random_unit(rows, dim)
    weights = np.random.default_rng(1).standard_normal(dim).astype(np.float32)
    index = LanceIndex(folder, "benchmark", dim)

    def write() -> None:
        for start in range(0, rows, WRITE):
            index.write(ids[start : start + WRITE], vectors[start : start + WRITE])

    def stream() -> None:
        for _ in index.batches():
            pass

    writing = timed(write)
    small = timed(lambda: index.write(ids[:256], vectors[:256]), repeats=3)
    missing = timed(lambda: index.missing(ids[:256]), repeats=3)
    with PeakMemory() as memory:
        rebuilding = timed(index.snapshot)
    scoring = timed(lambda: index.scores(weights), repeats=3)
    several = timed(lambda: index.scores(np.tile(weights[:, None], 16)), repeats=3)
    searching = timed(lambda: index.search(weights[None], TOP), repeats=3)
    most = index.ids.without(ids[: rows // 100])
    leaving_out = timed(lambda: index.search(weights[None], TOP, most), repeats=3)
    streaming = timed(stream)
    fetching = timed(lambda: index.vectors(ids[:1000]), repeats=3)

    order = np.argsort(ids)
    copying = timed(lambda: np.take(vectors, order, axis=0))
    to_float = timed(lambda: vectors.astype(np.float32))
    saving = timed(lambda: np.save(folder / "baseline.npy", vectors))
    picking = timed(lambda: vectors[:1000].astype(np.float32), repeats=3)
    floats = vectors.astype(np.float32)
    product = timed(lambda: floats @ weights, repeats=3)
    products = timed(lambda: floats @ np.tile(weights[:, None], 16), repeats=3)
    topping = timed(lambda: np.argpartition(-(floats @ weights), TOP)[:TOP], repeats=3)

    print(f"{rows:,} × {dim} float16, {os.cpu_count()} processors")
    print(f"{'':34}{'index s':>9}{'NumPy s':>9}{'ratio':>8}  NumPy does")
    for name, ours, theirs, what in (
        (f"write, {WRITE:,} rows each", writing, saving, "np.save"),
        ("make the memory-mapped copy", rebuilding, copying, "sort the rows in memory"),
        ("score all, one head", scoring, product, "float32 product in memory"),
        ("score all, 16 heads", several, products, "float32 product in memory"),
        (f"search, first {TOP}", searching, topping, "float32 product and argpartition"),
        (f"search, first {TOP}, 1 % left out", leaving_out, topping, "float32 product and argpartition"),
        ("stream all as float32", streaming, to_float, "astype(float32)"),
        ("fetch 1,000 by id", fetching, picking, "slice and astype"),
    ):
        print(f"{name:34}{ours:9.3f}{theirs:9.3f}{ours / theirs:8.1f}  {what}")
    print(f"write 256 rows again {small:.3f} s; missing of 256 ids {missing:.3f} s")
    print(
        f"memory while the copy was made: at most {memory.grown / 2**20:.0f} MiB more, mapped files left out"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), arguments.rows, arguments.dim)


if __name__ == "__main__":
    main()
