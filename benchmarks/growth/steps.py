"""The kinds of work, each on a library of one size: what it costs in seconds of the processor, of all threads
together."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.growth import made_up
from benchmarks.growth.made_up import A_WRITE, CONCEPT, DIMENSION
from concepts.labelling.contact_sheet import wall_pictures
from concepts.workbench import Workbench
from concepts.workbench.trash import MOST
from storage.pictures.duplicates import near_groups
from storage.vectors.graph import A_CLUSTER, SEED
from storage.vectors.nearest import clustered
from storage.vectors.stored import StoredIndex

TOP = 100
NEXT = 10  # pictures to ask about
SHARE = 100  # one in so many is new, or deleted
ENOUGH, MOST_TIMES = 1.0, 5  # seconds; what is quicker is done again, up to so many times

Work = Callable[[], object]


@dataclass(frozen=True)
class Cost:
    """`processor` and `clock` in seconds, the median of the times it was done."""

    work: str
    processor: float
    clock: float
    more: str = ""


def costs_of(work: str, do: Work, *, once: bool = False) -> Cost:
    spent: list[tuple[float, float]] = []
    while not spent or (not once and len(spent) < MOST_TIMES and sum(p for p, _ in spent) < ENOUGH):
        clock, processor = time.perf_counter(), time.process_time()
        do()
        spent.append((time.process_time() - processor, time.perf_counter() - clock))
    return Cost(work, median(p for p, _ in spent), median(c for _, c in spent))


def of_files(folder: Path, count: int) -> Iterator[Cost]:
    """Tiny pictures into an empty library, and the same folder again."""
    pictures = folder / "pictures"
    made_up.draw(pictures, count)
    bench = made_up.opened(folder / "home")
    try:

        def add() -> None:
            done = bench.library.add([pictures]).wait()
            assert done.added + done.unchanged == count, done

        yield costs_of("add tiny pictures", add, once=True)
        yield costs_of("add the same folder again", add)
    finally:
        bench.close()


def of_library(folder: Path, count: int, vectors: np.ndarray) -> Iterator[Cost]:
    """`count` rows in SQL, whose vectors (count, d) are given."""
    bench = made_up.opened(folder / "home")
    try:
        ids = made_up.rows_of(bench, count)
        stored = bench.context.collection.stored()
        yield from _of_vectors(stored, folder / "home" / "vectors", ids, vectors)
        yield from _of_a_concept(bench, folder)
        yield from _of_leaving(bench, ids)
    finally:
        bench.close()


def _of_vectors(stored: StoredIndex, vectors_at: Path, ids: list[str], vectors: np.ndarray) -> Iterator[Cost]:
    count, later = len(ids), len(ids) // SHARE

    def write(start: int, stop: int) -> None:
        for first in range(start, stop, A_WRITE):
            last = min(first + A_WRITE, stop)
            stored.write(ids[first:last], vectors[first:last])

    yield costs_of("write vectors", lambda: write(0, count - later), once=True)
    again = StoredIndex(vectors_at, stored.fingerprint, DIMENSION)
    yield costs_of("open", lambda: len(again.snapshot().ids), once=True)
    copy = stored.snapshot()
    weights = np.random.default_rng(1).standard_normal(DIMENSION).astype(np.float32)
    copy.search(weights[None], TOP)  # so that the file is in memory
    yield costs_of("score all", lambda: copy.scores(weights))
    yield costs_of(f"first {TOP}", lambda: copy.search(weights[None], TOP))
    clusters = max(count // A_CLUSTER, 1)
    yield costs_of("clusters", lambda: clustered(copy, clusters, SEED, _unheard), once=count > A_WRITE)
    cost = costs_of("neighbour graph", lambda: stored.graph.bring_up_to_date(_unheard, anew=True), once=True)
    yield _with_recall(cost, stored)
    write(count - later, count)


def _with_recall(cost: Cost, stored: StoredIndex) -> Cost:
    made = stored.graph.made()
    assert made is not None
    said = f"recall {made.recall:.4f}, first {TOP} {made.recall_top:.4f}, {made.clusters} clusters"
    return Cost(cost.work, cost.processor, cost.clock, said)


def _of_a_concept(bench: Workbench, folder: Path) -> Iterator[Cost]:
    made_up.answers(bench)
    yield costs_of(
        "candidates for a concept", lambda: bench.concept(CONCEPT).definition.mine().wait(), once=True
    )
    bench.concept(CONCEPT).labels.next_pictures(NEXT)  # draws what measures
    yield costs_of(
        f"next {NEXT} to ask, 2,000 answers", lambda: bench.concept(CONCEPT).labels.next_pictures(NEXT)
    )
    yield costs_of("train on 2,000 answers", lambda: bench.concept(CONCEPT).versions.train().wait())
    concept = bench.context.concept(CONCEPT)
    yield costs_of("a wall", lambda: wall_pictures(bench.context.dataset(concept), []))
    yield costs_of("scores as Parquet", lambda: bench.rules.write_table_to(folder / "scores.parquet").wait())


def _of_leaving(bench: Workbench, ids: list[str]) -> Iterator[Cost]:
    library = bench.context.collection.library

    def look_for_near() -> None:
        library.set_near_groups(near_groups(*library.hashes()))

    look_for_near()  # writes those that the made-up rows haven't
    yield costs_of("near-duplicates of all", look_for_near)
    leaving = ids[::SHARE]

    def delete() -> None:
        for start in range(0, len(leaving), MOST):
            bench.trash.put(pictures=[*leaving[start : start + MOST]], author="synthetic")
        bench.trash.empty(author="synthetic").wait()

    yield costs_of("delete 1 % for good", delete, once=True)


def peak_memory() -> int:
    """Bytes that this process had at most, mapped files in it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _unheard(done: int, of: int) -> None:
    pass
