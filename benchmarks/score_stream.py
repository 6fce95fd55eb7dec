"""Rows a second and peak memory of scoring a stream of synthetic vectors to CSV and Parquet.

    python -m benchmarks.score_stream

Each figure is from a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DIMENSION, BATCH = 64, 256


def measure(rows: int, suffix: str) -> str:
    import numpy as np
    from bundles import make_facts, make_head

    from concepts.bundle.heads import BundleHead
    from concepts.bundle.load import Bundle
    from concepts.bundle.score import schema_of, score_rows, write_scores
    from concepts.bundle.scorer import Outputs

    rng = np.random.default_rng(0)
    head = make_head(rng.normal(size=DIMENSION))
    bundle = Bundle((BundleHead(head),), make_facts(head))

    def batches() -> Iterator[tuple[list[str], list[str], Outputs]]:
        for start in range(0, rows, BATCH):
            numbers = range(start, min(start + BATCH, rows))
            vectors = rng.normal(size=(len(numbers), DIMENSION)).astype(np.float32)
            paths = [f"/pictures/{n // 1000}/{n}.jpg" for n in numbers]
            yield [f"{n:064x}" for n in numbers], paths, bundle.outputs(vectors)

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"scores{suffix}"
        start = time.perf_counter()
        counts = write_scores(score_rows(bundle, batches()), schema_of(bundle), out)
        seconds = time.perf_counter() - start
        size = out.stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{suffix:9} {counts.rows:9,} rows {counts.rows / seconds:9,.0f} rows/s {peak:6.0f} MB peak "
        f"{size:6.1f} MB file"
    )


def main() -> None:
    if len(sys.argv) == 3:
        print(measure(int(sys.argv[1]), sys.argv[2]), flush=True)
        return
    for suffix in (".csv", ".parquet"):
        for rows in (100_000, 1_000_000):
            subprocess.run([sys.executable, "-m", "benchmarks.score_stream", str(rows), suffix], check=True)


if __name__ == "__main__":
    main()
