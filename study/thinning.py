"""A part of a library that shows what there is: concept-based pruning (Abbas, Rusak et al., ICLR 2024).

    DISCERN_EVAL_DATA=… python -m study.thinning PICTURES.npz

`PICTURES.npz` is what a study of `docs/study/grocery.toml` leaves in its folder. Near-duplicates go first. Of
what is left each cluster keeps more the wider it is and the further from the others it lies, and keeps what
is furthest from its centre. Broken files have to be gone before: what is odd is kept on purpose.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.learning.base import Rows
from storage.vectors.nearest import clustered
from storage.vectors.reader import VectorReader
from study.concept_file import read_concepts
from study.harness import Case, run
from study.pictures import Embedded, people, read_folder, split_of
from study.replay import Replay

CLUSTERS = 64
A_CLUSTER = 10  # pictures at the least, on average
NEAREST = 20  # clusters that another one's distance is taken to
TEMPERATURE = 0.5
LEAST = 0.5  # of an even share, which each cluster keeps
HALVINGS = 60
SHARES = (0.02, 0.05, 0.1, 0.25)
QUARTER = 0.25  # of the pool, that heads are taught by
BUDGETS = (30, 80, 160)
SEEDS = 3

Pick = Callable[[Vectors, Rows, int, int], Rows]  # vectors (n, d), groups (n,), how many, seed → rows


def shared_out(wanted: NDArray[np.float64], low: Rows, high: Rows, total: int) -> Rows:
    """Whole numbers between low and high whose sum is `total` and that are nearest to `wanted`: all are
    raised or lowered by the same until it fits."""
    down, up = float((low - wanted).min()) - 1, float((high - wanted).max()) + 1
    for _ in range(HALVINGS):
        level = (down + up) / 2
        down, up = (level, up) if np.clip(wanted + level, low, high).sum() < total else (down, level)
    exact = np.clip(wanted + up, low, high)
    found = np.maximum(np.floor(exact).astype(np.int64), low)
    for place in np.argsort(found - exact, kind="stable")[: total - int(found.sum())]:
        found[place] += 1
    return found


def thinned(vectors: Vectors, group: Rows, keep: int, seed: int = 0, clusters: int = CLUSTERS) -> Rows:
    """The rows of `keep` pictures, ascending; near-duplicates only where there is too little else."""
    first = np.unique(group, return_index=True)[1]
    if keep >= len(first):
        others = np.setdiff1d(np.arange(len(group)), first)
        return np.sort(np.concatenate([first, others[: keep - len(first)]]))
    names = np.array([f"{row:09}" for row in first], dtype="S9")
    copy = VectorReader("", names, vectors[first].astype(np.float16))
    wanted = max(min(clusters, len(first) // A_CLUSTER), 1)
    found = clustered(copy, wanted, seed, lambda done, all_: None)
    used, of = np.unique(found.of, return_inverse=True)
    centres = found.centres[used]
    from_centre = 1 - np.einsum("nd,nd->n", vectors[first], centres[of])
    sizes = np.bincount(of)
    inside = np.bincount(of, from_centre) / sizes
    between = np.sort(1 - centres @ centres.T, axis=1)[:, 1 : NEAREST + 1].mean(axis=1)
    weight = inside / inside.mean() * (between / between.mean()) if len(used) > 1 else inside
    share = np.exp((weight - weight.max()) / TEMPERATURE)
    low = np.minimum(sizes, int(LEAST * keep / len(used)))
    counts = shared_out(keep * share / share.sum(), low, sizes, keep)
    order = np.lexsort((-from_centre, of))
    place = np.arange(len(of)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(first[order[place < counts[of[order]]]])


def at_random(vectors: Vectors, group: Rows, keep: int, seed: int) -> Rows:
    return np.sort(np.random.default_rng(seed).permutation(len(group))[:keep])


def without_duplicates(vectors: Vectors, group: Rows, keep: int, seed: int) -> Rows:
    first = np.unique(group, return_index=True)[1]
    return np.sort(first[np.random.default_rng(seed).permutation(len(first))[:keep]])


PICKS: dict[str, Pick] = {
    "at random": at_random,
    "at random without near-duplicates": without_duplicates,
    "thinned": thinned,
}


def main() -> None:
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    grocery, embedded = read_folder(Path(data) / "grocery"), Embedded.load(Path(sys.argv[1]))
    fine = np.array([grocery.rows[name]["fine"] for name in embedded.names])
    print(f"Share of the {len(set(fine))} classes of which a picture is kept, mean of {SEEDS} seeds")
    for share in SHARES:
        keep = round(share * len(fine))
        for name, pick in PICKS.items():
            kept = [len(set(fine[pick(embedded.vectors, embedded.group, keep, s)])) for s in range(SEEDS)]
            print(f"{share:5.0%} {name:36} {np.mean(kept) / len(set(fine)):.3f}")
    file = read_concepts(Path(__file__).parents[1] / "docs" / "study" / "grocery.toml")
    persons = people(file.concepts, grocery)
    print(f"AP after {BUDGETS} labels by simulated people, mean of {len(persons)} concepts and {SEEDS} seeds")
    for name, pick in PICKS.items():
        found = list[list[float]]()
        for seed in range(SEEDS):
            split = split_of(embedded, file.pool, seed, graph=False)
            pool = split.pool
            part = pick(split.vectors[pool], split.group[pool], round(QUARTER * len(pool)), seed)
            split = replace(split, pool=pool[part])
            for n, (concept, person) in enumerate(zip(file.concepts, persons, strict=True)):
                session = Replay(split, embedded.texts[n][0], seed, measuring=False)
                rows = run(session, person, BUDGETS, Case(concept.name, name, seed))
                found.append([row.average_precision for row in rows])
        means = " ".join(f"{ap:.3f}" for ap in np.mean(found, axis=0))
        print(f"{QUARTER:5.0%} {name:36} {means}", flush=True)


if __name__ == "__main__":
    main()
