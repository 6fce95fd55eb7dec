"""`GET /api/v1/concepts` with many concepts, as a ratio to the same request with few.

    python -m benchmarks.concept_list --few 5 --many 500

The concepts are real ones of the Workbench over a synthetic library (rows in SQL, no vectors), each with
an evaluation set, a pool and simulated answers. The baseline is the same request in the same run, over a
data folder of its own with the few.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from fastapi.testclient import TestClient

from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.adding import PictureFacts
from storage.labels import Author, NewLabel
from storage.library import LibraryEncoder
from storage.pictures.files import Source
from web.server import create_app

PICTURES = 2000
POOL = 200
ANSWERS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=5)
    parser.add_argument("--many", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        benches = [build(Path(folder) / str(n), n) for n in (options.few, options.many)]
        clients = [TestClient(create_app(bench), base_url="http://127.0.0.1") for bench in benches]
        first = [seconds(client) for client in clients]
        rounds = [[seconds(client) for client in clients] for _ in range(options.repeats)]
        for bench in benches:
            bench.close()
    few, many = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"first request: {options.few} concepts {first[0]:.3f} s, {options.many} concepts {first[1]:.3f} s")
    print(f"after that: {few * 1000:.1f} ms and {many * 1000:.1f} ms, ratio {many / few:.2f}")


def seconds(client: TestClient) -> float:
    started = time.perf_counter()
    client.get("/api/v1/concepts").raise_for_status()
    return time.perf_counter() - started


def build(home: Path, count: int) -> Workbench:
    bench = Workbench(load_settings(home=home))
    library = bench.context.collection.library
    library.set_encoder(LibraryEncoder("synthetic", "float32", "synthetic", 8))
    ids = [f"{n:064x}" for n in range(PICTURES)]
    facts = [(Source(f"/synthetic/{i}.jpg", 1, 1), PictureFacts(i, 1, "JPEG", 64, 48, None)) for i in ids]
    library.adding.record(facts, [], "synthetic")
    author = Author("simulation", "simulated")
    for number in range(count):
        name = f"Concept {number}"
        bench.concepts.begin(name, f"A synthetic concept, number {number}.")
        concept = bench.context.concept(name)
        bench.context.store.add_candidates(concept.id, [(i, ["random"]) for i in ids[:POOL]], 1)
        labels = [
            NewLabel(f"{number}-{n}", i, "yes" if n % 3 else "no", author, 1)
            for n, i in enumerate(ids[:ANSWERS])
        ]
        bench.context.log.append(concept.id, labels)
    return bench


if __name__ == "__main__":
    main()
