"""What to ask about next: the pictures whose answers should improve the head most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from concepts.candidates.mining import seed_of
from concepts.labels.dataset import Material
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.base import Floats, Pool
from concepts.learning.heads import train_head
from concepts.library.collection import Collection
from concepts.view import View

NEAR_THE_HEAD = 2000  # of a large library: the likeliest and the least certain pictures, each


class NextPicture(View):
    id: str
    path: str
    purpose: Literal["train", "evaluation"]
    reason: str
    probability: float | None
    brought_by: list[str]


def to_measure(picture_id: str, path: str = "") -> NextPicture:
    return NextPicture(
        id=picture_id,
        path=path,
        purpose="evaluation",
        reason="evaluation set",
        probability=None,
        brought_by=[],
    )


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
