"""Which pictures a concept looks at: its evaluation set, and a diverse pool of candidates."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concepts.labelling.training_data import TrainingData
from concepts.learning.base import one_blas_thread
from concepts.library.collection import Collection
from concepts.library.search import NearGroups, with_look_alikes
from concepts.view import View
from storage.vectors.ids import PictureIds
from storage.vectors.protocol import VectorReader

PER_QUERY = 100  # nearest pictures per query, as in Agile Modeling (ICCV 2023)
RANDOM_SHARE = 0.2
CLUSTERS = 20
LIKE_A_YES = "like a yes"  # of the machine: what brought a picture
DRAWN_AT_ONCE = 1000  # random pictures whose look-alikes are asked for together


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
    """A picture and the names of the probes that brought it, or `("random",)`."""

    id: str
    brought_by: tuple[str, ...]


def mine_candidates(
    training_data: TrainingData, collection: Collection, size: int
) -> list[tuple[str, list[str]]]:
    """(picture id, what brought it) for a pool of `size`, without the evaluation set."""
    definition = training_data.revision.definition
    probes = _searches(training_data, collection)
    examples = training_data.with_vectors([*definition.examples, *definition.counterexamples])
    probes += [Probe("example", vector) for vector in training_data.vectors(examples)]
    seed = seed_of(definition.name)
    found = mine(training_data.index, collection.library, probes, training_data.reserved, size, seed)
    return [(candidate.id, list(candidate.brought_by)) for candidate in found]


def mine_more(
    training_data: TrainingData, collection: Collection, like: Sequence[str], size: int
) -> list[tuple[str, list[str]]]:
    """(picture id, what brought it) of up to `size` pictures beyond the pool: further down the searches of
    the definition, and like the pictures `like`, which the machine said count."""
    probes = _searches(training_data, collection)
    probes += [
        Probe(LIKE_A_YES, vector) for vector in training_data.vectors(training_data.with_vectors(like))
    ]
    excluded = training_data.reserved | training_data.candidates.keys()
    seed = seed_of(f"{training_data.revision.definition.name} {len(training_data.candidates)}")
    found = mine(training_data.index, collection.library, probes, excluded, size, seed)
    return [(candidate.id, list(candidate.brought_by)) for candidate in found]


def _searches(training_data: TrainingData, collection: Collection) -> list[Probe]:
    """The definition's sentence, searches and kinds."""
    definition = training_data.revision.definition
    searched = [*(query.text for query in definition.queries), *definition.searched_kinds()]
    queries = list(dict.fromkeys([definition.description, *searched]))
    return [Probe(q, v) for q, v in zip(queries, collection.text_vectors(queries), strict=True)]


def mine(
    index: VectorReader,
    library: NearGroups,
    probes: Sequence[Probe],
    excluded: Ids[str],
    size: int,
    seed: int,
) -> list[Candidate]:
    """At most `size` candidates: the probes' nearest pictures, taken in turn from clusters, and random ones.

    One picture at most of each group of look-alikes is taken, and none that looks like an excluded one.
    Random pictures (a fifth) are spread evenly, so that any first part of the pool has its share of them.
    """
    rng = np.random.default_rng(seed)
    allowed = index.ids.without(with_look_alikes(excluded, library))
    found = _found(index, library, probes, allowed, size)
    wanted = size - round(size * RANDOM_SHARE)
    searched = [Candidate(i, found[i].brought_by) for i in _in_turn(index, found, seed)[:wanted]]
    others = allowed.without(with_look_alikes([candidate.id for candidate in searched], library))
    drawn = _random(others, library, size - len(searched), rng)
    return _spread(searched, [Candidate(i, ("random",)) for i in drawn])


@dataclass(frozen=True)
class _Found:
    """The best rank over the probes, and the names of those that brought it."""

    rank: int
    brought_by: tuple[str, ...]


def _found(
    index: VectorReader, library: NearGroups, probes: Sequence[Probe], allowed: PictureIds, size: int
) -> dict[str, _Found]:
    """By picture id: the probes' nearest, one of each group of look-alikes."""
    if not probes:
        return {}
    k = max(PER_QUERY, -(-2 * size // len(probes)))
    results = index.search(np.stack([probe.vector for probe in probes]), k, allowed)
    hits = sorted(
        (rank, picture_id, probe.name)
        for probe, nearest in zip(probes, results, strict=True)
        for rank, (picture_id, _) in enumerate(nearest)
    )
    groups = library.near_groups([picture_id for _, picture_id, _ in hits])
    leader: dict[str, str] = {}
    found: dict[str, _Found] = {}
    for (rank, picture_id, name), group in zip(hits, groups, strict=True):
        first = leader.setdefault(group, picture_id)
        known = found.get(first, _Found(rank, ()))
        if name not in known.brought_by:
            found[first] = _Found(known.rank, (*known.brought_by, name))
    return found


def _in_turn(index: VectorReader, found: dict[str, _Found], seed: int) -> list[str]:
    """The found pictures, one cluster after the other, each cluster's best-ranked first."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    ids = sorted(found)
    best_first = sorted(ids, key=lambda i: (found[i].rank, i))
    if len(ids) <= CLUSTERS:
        return best_first
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = MiniBatchKMeans(CLUSTERS, n_init=1, batch_size=2048, random_state=seed)
        cluster = dict(zip(ids, model.fit_predict(index.vectors(ids)).tolist(), strict=True))
    turn: Counter[int] = Counter()
    order: list[tuple[int, int, str]] = []
    for picture_id in best_first:
        order.append((turn[cluster[picture_id]], found[picture_id].rank, picture_id))
        turn[cluster[picture_id]] += 1
    return [picture_id for *_, picture_id in sorted(order)]


def _random(ids: PictureIds, library: NearGroups, count: int, rng: np.random.Generator) -> list[str]:
    """Up to `count` of the ids, no two of which look alike."""
    order = rng.permutation(len(ids))
    first: dict[str, str] = {}
    for start in range(0, len(order), DRAWN_AT_ONCE):
        if len(first) >= count:
            break
        drawn = ids.at(order[start : start + DRAWN_AT_ONCE])
        for picture_id, group in zip(drawn, library.near_groups(drawn), strict=True):
            first.setdefault(group, picture_id)
    return list(first.values())[: max(count, 0)]


def _spread(searched: list[Candidate], others: list[Candidate]) -> list[Candidate]:
    """Both lists in their order, the second spread evenly through the first."""
    keyed = [((i + 0.5) / len(searched), 0, c) for i, c in enumerate(searched)]
    keyed += [((i + 0.5) / len(others), 1, c) for i, c in enumerate(others)]
    return [candidate for _, _, candidate in sorted(keyed, key=lambda item: item[:2])]


def seed_of(text: str) -> int:
    """The same concept draws the same pictures on every machine."""
    return zlib.crc32(text.casefold().encode())
