"""Which pictures a concept looks at: its evaluation set, and a diverse pool of candidates."""

from __future__ import annotations

import zlib
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concepts.labels.dataset import Material
from concepts.learning.splits import draw_evaluation
from concepts.library.collection import Collection
from concepts.view import View
from storage.library import Library

CHUNK = 16_384  # rows scored at once: 16,384 × 512 float32 is 32 MB
PER_QUERY = 100  # nearest pictures per query, as in Agile Modeling (ICCV 2023)
RANDOM_SHARE = 0.2
CLUSTERS = 20

Rows = NDArray[np.int64]


class MineResult(View):
    added: int
    candidates: int
    per_query: dict[str, int]


@dataclass(frozen=True)
class Probe:
    """A unit vector (d,) to search with, and the name a candidate remembers it by."""

    name: str
    vector: NDArray[np.floating]


@dataclass(frozen=True)
class Candidate:
    """A row of the library and the names of the probes that brought it, or `("random",)`."""

    row: int
    brought_by: tuple[str, ...]


def draw_evaluation_set(library: Library, key: str, seen: Ids[str], size: int, share: float) -> list[str]:
    """At most `size` pictures and `share` of the library at random; none near a picture already seen."""
    ids = library.all_ids()
    names = library.near_groups(ids)
    seen_groups = set(library.near_groups(list(seen)))
    open_to = [i for i, name in enumerate(names) if name not in seen_groups]
    groups = np.unique(names, return_inverse=True)[1].astype(np.int64) if names else np.empty(0, np.int64)
    drawn = draw_evaluation(
        [ids[i] for i in open_to], groups[open_to], min(size, int(share * len(ids))), seed_of(key)
    )
    return [ids[open_to[row]] for row in drawn.chosen]


def mine_candidates(material: Material, collection: Collection, size: int) -> list[tuple[str, list[str]]]:
    """(picture id, what brought it) for a pool of `size`, without the evaluation set."""
    matrix = material.matrix
    ids = [i.decode() for i in matrix.ids.tolist()]
    definition = material.revision.definition
    queries = list(dict.fromkeys([definition.description, *(query.text for query in definition.queries)]))
    probes = [Probe(q, v) for q, v in zip(queries, collection.text_vectors(queries), strict=True)]
    examples = material.with_vectors([*definition.examples, *definition.counterexamples])
    probes += [Probe("example", vector) for vector in material.vectors(examples)]
    reserved = matrix.rows(material.with_vectors(sorted(material.reserved)))
    seed = seed_of(definition.name)
    found = mine(matrix.vectors, material.groups(ids), probes, reserved, size, seed)
    return [(ids[candidate.row], list(candidate.brought_by)) for candidate in found]


def mine(
    vectors: NDArray[np.floating],
    group: Rows,
    probes: Sequence[Probe],
    excluded: Rows,
    size: int,
    seed: int,
) -> list[Candidate]:
    """At most `size` candidates: the probes' nearest pictures, taken in turn from clusters, and random ones.

    vectors (n, d) may be a float16 memory map, it is read in chunks; group (n,) near-duplicate groups, of
    which one picture at most is taken; excluded: rows that may not come, with their whole groups. Random
    pictures (a fifth) are spread evenly, so that any first part of the pool has its share of them.
    """
    rng = np.random.default_rng(seed)
    allowed = ~np.isin(group, group[excluded])
    found = _found(vectors, group, probes, allowed, size)
    wanted = size - round(size * RANDOM_SHARE)
    rows = _in_turn(vectors, found, seed)[:wanted]
    searched = [Candidate(row, found[row][1]) for row in rows]
    others = _random_rows(group, allowed, group[rows], size - len(searched), rng)
    return _spread(searched, [Candidate(row, ("random",)) for row in others])


def nearest(
    vectors: NDArray[np.floating], queries: NDArray[np.floating], k: int, allowed: NDArray[np.bool_]
) -> list[Rows]:
    """For each of (q, d) queries the k allowed rows with the highest dot product, best first."""
    best: list[tuple[NDArray[np.float32], Rows]] = [(np.empty(0, np.float32), np.empty(0, np.int64))] * len(
        queries
    )
    transposed = np.asarray(queries, dtype=np.float32).T
    for start in range(0, len(vectors), CHUNK):
        rows = start + np.flatnonzero(allowed[start : start + CHUNK])
        scores = np.asarray(vectors[start : start + CHUNK], dtype=np.float32)[rows - start] @ transposed
        for q, (kept_scores, kept_rows) in enumerate(best):
            both = np.concatenate([kept_scores, scores[:, q]])
            order = np.argsort(-both, kind="stable")[:k]
            best[q] = both[order], np.concatenate([kept_rows, rows])[order]
    return [rows for _, rows in best]


def _found(
    vectors: NDArray[np.floating],
    group: Rows,
    probes: Sequence[Probe],
    allowed: NDArray[np.bool_],
    size: int,
) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Row → (best rank over the probes, names of the probes), one row per near-duplicate group."""
    if not probes:
        return {}
    k = max(PER_QUERY, -(-2 * size // len(probes)))
    results = nearest(vectors, np.stack([probe.vector for probe in probes]), k, allowed)
    hits = sorted(
        (rank, int(row), probe.name)
        for probe, rows in zip(probes, results, strict=True)
        for rank, row in enumerate(rows)
    )
    leader: dict[int, int] = {}
    found: dict[int, tuple[int, tuple[str, ...]]] = {}
    for rank, row, name in hits:
        row = leader.setdefault(int(group[row]), row)
        first, names = found.get(row, (rank, ()))
        found[row] = first, names if name in names else (*names, name)
    return found


def _in_turn(
    vectors: NDArray[np.floating], found: dict[int, tuple[int, tuple[str, ...]]], seed: int
) -> list[int]:
    """The found rows, one cluster after the other, each cluster's best-ranked first."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    rows = np.array(sorted(found), dtype=np.int64)
    if len(rows) <= CLUSTERS:
        return sorted(found, key=lambda row: (found[row][0], row))
    with threadpool_limits(1):
        model = MiniBatchKMeans(CLUSTERS, n_init=1, batch_size=2048, random_state=seed)
        cluster = model.fit_predict(np.asarray(vectors[rows], dtype=np.float32))
    turn = dict.fromkeys(range(CLUSTERS), 0)
    order: list[tuple[int, int, int]] = []
    for row, label in sorted(
        zip(rows.tolist(), cluster.tolist(), strict=True), key=lambda pair: (found[pair[0]][0], pair[0])
    ):
        order.append((turn[label], found[row][0], row))
        turn[label] += 1
    return [row for *_, row in sorted(order)]


def _random_rows(
    group: Rows, allowed: NDArray[np.bool_], taken: Rows, count: int, rng: np.random.Generator
) -> list[int]:
    """Up to `count` random allowed rows, no two of one group and none of a group in `taken`."""
    rows = rng.permutation(np.flatnonzero(allowed & ~np.isin(group, taken)))
    _, first = np.unique(group[rows], return_index=True)
    return [int(row) for row in rows[np.sort(first)[: max(count, 0)]]]


def _spread(searched: list[Candidate], others: list[Candidate]) -> list[Candidate]:
    """Both lists in their order, the second spread evenly through the first."""
    keyed = [((i + 0.5) / len(searched), 0, c) for i, c in enumerate(searched)]
    keyed += [((i + 0.5) / len(others), 1, c) for i, c in enumerate(others)]
    return [candidate for _, _, candidate in sorted(keyed, key=lambda item: item[:2])]


def seed_of(text: str) -> int:
    """The same concept draws the same pictures on every machine."""
    return zlib.crc32(text.casefold().encode())
