"""Times ways to find the nearest others of every picture, and the first hundred for a query, beside comparing
all with all.

    python benchmarks/neighbours.py --rows 10000 --dim 512 --features features.npy --engines exact clusters

Each engine runs in a process of its own; those whose package isn't installed are passed over. `--features`
(n, d) float16 or float32 of real pictures are made more: a picture lies between one, one of its ten nearest
and one of that one's, with a little noise. Without them the vectors are mixtures of 400 kinds. Processor
seconds are those of all threads and say more than the clock on a machine that others use. `--sample` asks for
the neighbours of so many pictures alone where an engine answers one by one, and says what all would take.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module  # what is compared needn't be there
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from storage.vectors import graph as graphs
from storage.vectors.graph import among_clusters, brought_to, built
from storage.vectors.ids import ID_TYPE
from storage.vectors.nearest import clustered, exactly
from storage.vectors.reader import VectorReader

K = graphs.KEPT
TRUE = 500  # pictures that recall is measured on
QUERIES, TOP = 100, 100
THREADS = 2


def unheard(done: int, of: int) -> None:
    pass


@dataclass
class Measured:
    """Seconds by the clock and of all processors: to make the index and to ask it for all neighbours."""

    neighbours: np.ndarray | None = None  # (m, k) of the sampled pictures
    build: tuple[float, float] = (0.0, 0.0)
    ask: tuple[float, float] = (0.0, 0.0)
    top: np.ndarray | None = None  # (QUERIES, TOP)
    query: float = 0.0  # processor seconds a query
    disk: int = 0
    more: dict[str, Any] = field(default_factory=dict)


class Clock:
    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __call__(self, times: float = 1) -> tuple[float, float]:
        now = time.perf_counter(), time.process_time()
        return (now[0] - self._began[0]) * times, (now[1] - self._began[1]) * times


def copy_of(vectors: np.ndarray, first: int = 0) -> VectorReader:
    names = np.arange(first, first + len(vectors))
    return VectorReader("1", np.char.mod("%064d", names).astype(ID_TYPE), vectors)


# Engines: vectors (n, d) float16, the pictures asked about (m,), queries → what was measured


def exact(vectors: np.ndarray, asked: np.ndarray, queries: np.ndarray) -> Measured:
    copy, clock = copy_of(vectors), Clock()
    rows, _ = exactly(copy, asked, K)
    ask, clock = clock(len(vectors) / len(asked)), Clock()
    found = copy.search(queries, TOP)
    top = np.array([[int(one) for one, _ in hits] for hits in found])
    return Measured(rows, (0, 0), ask, top, clock()[1] / len(queries))


def by_clusters(probed: int) -> Callable[..., Measured]:
    def run(vectors: np.ndarray, asked: np.ndarray, queries: np.ndarray) -> Measured:
        graphs.PROBED = probed
        copy, clock = copy_of(vectors), Clock()
        clusters = clustered(copy, max(len(vectors) // graphs.A_CLUSTER, 1), 0, unheard)
        build, clock = clock(), Clock()
        rows = np.full((len(vectors), K), -1, np.int32)
        among_clusters(copy, clusters, rows, np.zeros(rows.shape, np.float32), unheard)
        ask, clock = clock(), Clock()
        probed_for_query = max(graphs.FOR_A_QUERY, len(clusters.centres) // graphs.FOR_A_QUERY)
        copy.likely = lambda query: clusters.likely(query, probed_for_query)
        top = np.array([[int(one) for one, _ in hits] for hits in copy.search(queries, TOP)])
        disk = rows.size * 8 + len(rows) * 76
        return Measured(rows[asked], build, ask, top, clock()[1] / len(queries), disk)

    return run


def following(vectors: np.ndarray, asked: np.ndarray, queries: np.ndarray) -> Measured:
    """One in a hundred is new, another one in a hundred gone. Its lists are tested elsewhere."""
    some = len(vectors) // 100
    graph, clock = built(copy_of(vectors[:-some]), unheard), Clock()
    followed = brought_to(graph, copy_of(vectors[some:], some), unheard)
    return Measured(ask=clock(), more={"compared": some if followed else len(vectors)})


def faiss_index(factory: str, **settings: int) -> Callable[..., Measured]:
    def run(vectors: np.ndarray, asked: np.ndarray, queries: np.ndarray) -> Measured:
        clock = Clock()
        faiss = import_module("faiss")
        importing, clock = clock()[0], Clock()
        faiss.omp_set_num_threads(THREADS)
        floats = vectors.astype(np.float32)
        name = factory.format(lists=max(len(vectors) // 1000, 1))
        index = faiss.index_factory(vectors.shape[1], name, faiss.METRIC_INNER_PRODUCT)
        space = faiss.ParameterSpace()
        for setting, value in settings.items():
            space.set_index_parameter(index, setting, value)
        index.train(floats)
        index.add(floats)
        build, clock = clock(), Clock()
        _, rows = index.search(floats[asked], K + 1)
        ask, clock = clock(len(vectors) / len(asked)), Clock()
        _, top = index.search(queries.astype(np.float32), TOP)
        disk = len(faiss.serialize_index(index))
        return Measured(rows, build, ask, top, clock()[1] / len(queries), disk, {"import": importing})

    return run


def usearch(vectors: np.ndarray, asked: np.ndarray, queries: np.ndarray) -> Measured:
    clock = Clock()
    usearch_index = import_module("usearch.index")
    importing, clock = clock()[0], Clock()
    index = usearch_index.Index(ndim=vectors.shape[1], metric="ip", dtype="f16", expansion_search=128)
    index.add(np.arange(len(vectors)), vectors, threads=THREADS)
    build, clock = clock(), Clock()
    rows = index.search(vectors[asked], K + 1, threads=THREADS).keys.astype(np.int64)
    ask, clock = clock(len(vectors) / len(asked)), Clock()
    top = index.search(queries.astype(np.float16), TOP, threads=THREADS).keys.astype(np.int64)
    size = index.serialized_length
    return Measured(rows, build, ask, top, clock()[1] / len(queries), size, {"import": importing})


def pynndescent(vectors: np.ndarray, asked: np.ndarray, queries: np.ndarray) -> Measured:
    clock = Clock()
    descent = import_module("pynndescent").NNDescent
    importing, floats = clock()[0], vectors.astype(np.float32)
    clock = Clock()
    descent(floats[:2000], metric="dot", n_neighbors=K + 1, random_state=0, n_jobs=THREADS)
    compiling, clock = clock()[1], Clock()
    index = descent(floats, metric="dot", n_neighbors=K + 1, random_state=0, n_jobs=THREADS)
    rows, _ = index.neighbor_graph
    return Measured(rows[asked], clock(), more={"import": importing, "compiling": compiling})


ENGINES: dict[str, Callable[..., Measured]] = {
    "exact": exact,
    "clusters": by_clusters(graphs.PROBED),
    **{f"clusters-{probed}": by_clusters(probed) for probed in (4, 8, 32)},
    "following": following,
    "faiss-ivf": faiss_index("IVF{lists},SQfp16", nprobe=16),
    "faiss-hnsw": faiss_index("HNSW32,SQfp16", efConstruction=80, efSearch=128),
    "usearch": usearch,
    "pynndescent": pynndescent,
}


# Vectors


def made_up(rows: int, dim: int, features: Path | None) -> np.ndarray:
    rng = np.random.default_rng(0)
    if features is None:
        kinds, vectors = rng.standard_normal((400, dim)).astype(np.float32), np.empty((rows, dim), np.float16)
        for start in range(0, rows, 20_000):  # a million as float32 would take several GB
            some = vectors[start : start + 20_000]
            of = kinds[rng.integers(400, size=len(some))]
            some[:] = _unit(of + 1.5 * rng.standard_normal(some.shape, np.float32))
        return vectors
    real = np.load(features).astype(np.float32)
    if dim < real.shape[1]:  # its principal components
        real = real - real.mean(axis=0)
        real = real @ np.linalg.svd(real, full_matrices=False)[2][:dim].T
    real = _unit(real).astype(np.float32)
    if rows <= len(real):
        return real[rng.permutation(len(real))[:rows]].astype(np.float16)
    near, _ = exactly(copy_of(real.astype(np.float16)), np.arange(len(real)), 10)
    parts = [real.astype(np.float16)]
    for start in range(len(real), rows, 20_000):
        one = rng.integers(len(real), size=min(20_000, rows - start))
        two = near[one, rng.integers(10, size=len(one))]
        three = near[two, rng.integers(10, size=len(one))]
        share = rng.dirichlet([1, 1, 1], size=len(one)).astype(np.float32)[:, :, None]
        mixed = _unit((share * np.stack([real[one], real[two], real[three]], 1)).sum(axis=1))
        noise = rng.standard_normal(mixed.shape, np.float32) * np.float32(0.3 / dim**0.5)
        parts.append(_unit(mixed + noise))
    return np.concatenate(parts)[rng.permutation(rows)]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


# One process each


def one_engine(name: str, vectors: Path, sample: int) -> None:
    mapped = np.load(vectors, mmap_mode="r")
    truth = np.load(vectors.with_suffix(".npz"))
    asked = np.random.default_rng(2).permutation(len(mapped))[: max(sample, TRUE)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    measured = ENGINES[name](mapped, asked, truth["queries"])
    said: dict[str, Any] = {
        "engine": name,
        "rows": len(mapped),
        "dim": mapped.shape[1],
        "build": measured.build,
        "ask": measured.ask,
        "query": measured.query,
        "memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
        "disk": measured.disk,
        **measured.more,
    }
    if measured.neighbours is not None:
        found = zip(asked[:TRUE], measured.neighbours[:TRUE], truth["rows"], strict=True)
        said["recall"] = float(np.mean([_shared(rows[rows != it][:K], true) for it, rows, true in found]))
    if measured.top is not None:
        found_top = zip(measured.top, truth["top"], strict=True)
        said["recall_top"] = float(np.mean([_shared(rows, true) for rows, true in found_top]))
    print(json.dumps(said))


def _shared(rows: np.ndarray, true: np.ndarray) -> float:
    return len(np.intersect1d(rows, true)) / len(true)


def prepare(folder: Path, rows: int, dim: int, features: Path | None) -> Path:
    path = folder / f"{rows}-{dim}.npy"
    if not path.with_suffix(".npz").exists():
        vectors = made_up(rows, dim, features)
        np.save(path, vectors)
        copy, rng = copy_of(vectors), np.random.default_rng(2)
        true, _ = exactly(copy, rng.permutation(rows)[:TRUE], K)
        # What a head or words ask for lies between pictures, not at one.
        queries = _unit(vectors[rng.integers(rows, size=(QUERIES, 3))].astype(np.float32).sum(axis=1))
        top = np.array([[int(one) for one, _ in hits] for hits in copy.search(queries, TOP)])
        np.savez(path.with_suffix(".npz"), rows=true, queries=queries, top=top)
    return path


def told(said: dict[str, Any]) -> str:
    build, ask = said["build"], said["ask"]
    top = f"{said['recall_top']:.3f} {said['query'] * 1000:8.2f}" if "recall_top" in said else " " * 14
    more = ", ".join(f"{name} {said[name]:.1f} s" for name in ("import", "compiling") if name in said)
    return (
        f"{said['rows']:>9,} × {said['dim']:<5}{said['engine']:12}{build[1]:9.1f}{ask[1]:9.1f}"
        f"{build[0] + ask[0]:9.1f}{said.get('recall', float('nan')):8.3f}  {top}{said['memory'] / 2**20:8.0f}"
        f"{said['disk'] / 2**20:8.0f}  {more}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--sample", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/discern-neighbours"))
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one_engine(given.engines[0], given.one, given.sample)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    print(
        f"{'':17}{'':12}{'processor s':>18}{'clock s':>9}{'recall':>8}"
        f"  {'top 100 ms':>14}{'MB':>8}{'disk MB':>8}"
    )
    for rows in given.rows:
        vectors = prepare(given.folder, rows, given.dim, given.features)
        for engine in given.engines:
            command = [sys.executable, __file__, "--one", str(vectors), "--engines", engine]
            done = subprocess.run([*command, "--sample", str(given.sample)], capture_output=True, text=True)
            lines = done.stdout.splitlines()
            print(
                told(json.loads(lines[-1])) if lines else f"{engine}: {done.stderr.splitlines()[-1]}",
                flush=True,
            )


if __name__ == "__main__":
    main()
