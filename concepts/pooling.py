"""Which pictures a concept looks at: its evaluation set, its candidate pool, and what to ask about next."""

from __future__ import annotations

import zlib
from collections.abc import Collection as Ids
from collections.abc import Sequence

import numpy as np

from concepts.labels.dataset import Material
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.base import Floats, Pool
from concepts.learning.heads import train_head
from concepts.learning.splits import draw_evaluation
from concepts.library.collection import Collection
from concepts.mining import Probe, mine
from concepts.views import NextPicture
from storage.library import Library

NEAR_THE_HEAD = 2000  # of a large library: the likeliest and the least certain pictures, each


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


def most_useful(
    material: Material,
    collection: Collection,
    n: int,
    whole_library: int,
    acquisition: str = "auto",
    waiting: Sequence[str] = (),
) -> list[NextPicture]:
    """The n pictures whose answers should improve the head most, with the reason for each.

    Those that are `waiting` for an answer on the person's screen count as asked.
    """
    training = material.training
    head = train_head(training.data, material.text_direction, seed=0)
    # What only a machine has said so far may be chance: then the words lead, and no "how sure" is shown.
    knows = head.kind != "text" and any(d.decided for d in material.decisions.values())
    ids = _askable(material, whole_library, head.weights if knows else None, head.bias)
    vectors = material.vectors(ids)
    taken = material.decisions.keys() | set(waiting)
    asked = np.array([i in taken for i in ids], dtype=bool)
    positive = np.array([i in material.decisions and material.decisions[i].value == "yes" for i in ids])
    probability = head.probabilities(vectors) if knows else None
    pool = Pool(
        vectors=vectors,
        probability=probability,
        text_score=np.asarray(vectors @ material.text_direction, dtype=np.float64),
        group=material.groups(ids),
        asked=asked,
        positive=positive.astype(bool),
    )
    rng = np.random.default_rng([seed_of(material.revision.definition.name), len(material.decisions)])
    choices = ACQUISITIONS[acquisition].select(pool, n, rng)
    paths = collection.paths([ids[choice.row] for choice in choices])
    return [
        NextPicture(
            id=ids[choice.row],
            path=paths.get(ids[choice.row], ""),
            purpose="train",
            reason=choice.reason,
            probability=None if probability is None else round(float(probability[choice.row]), 4),
            brought_by=material.candidates.get(ids[choice.row], []),
        )
        for choice in choices
    ]


def _askable(material: Material, whole_library: int, weights: Floats | None, bias: float) -> list[str]:
    """Ids to choose from: everything in a small library; in a large one the candidate pool, what people
    labelled, and what the head finds likely or borderline anywhere (SEALS, Coleman et al. 2022)."""
    matrix = material.matrix
    reserved = material.reserved
    if len(matrix) <= whole_library:
        everything = (i.decode() for i in matrix.ids.tolist())
        return [picture_id for picture_id in everything if picture_id not in reserved]
    ids = set(material.candidates) | set(material.decisions)
    if weights is not None:
        scores = matrix.scores(weights, bias)
        for near in (-scores, np.abs(scores)):
            rows = np.argpartition(near, NEAR_THE_HEAD)[:NEAR_THE_HEAD]
            ids.update(matrix.ids[row].decode() for row in rows)
    return material.with_vectors(sorted(ids - reserved))


def seed_of(text: str) -> int:
    """The same concept draws the same pictures on every machine."""
    return zlib.crc32(text.casefold().encode())
