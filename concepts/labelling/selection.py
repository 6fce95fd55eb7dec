"""What to ask about next: the pictures whose answers should improve the head most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from concepts.labelling.mining import seed_of
from concepts.labelling.training_data import TrainingData
from concepts.learning.acquisition import Labelled, Pool, Strategy, next_round
from concepts.learning.base import LinearHead
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
    repeat: bool = False  # asked a second time: say so with the answer, and not to the person


def to_measure(picture_id: str, path: str = "", *, repeat: bool = False) -> NextPicture:
    return NextPicture(
        id=picture_id,
        path=path,
        purpose="evaluation",
        reason="evaluation set",
        probability=None,
        brought_by=[],
        repeat=repeat,
    )


def most_useful(
    training_data: TrainingData,
    collection: Collection,
    n: int,
    whole_library: int,
    waiting: Sequence[str] = (),
    ways: Strategy | None = None,
) -> list[NextPicture]:
    """The n pictures whose answers should improve the head most, with the reason for each.

    Those that are `waiting` for an answer on the person's screen count as asked.
    """
    ids: list[str] = []

    def look(head: LinearHead | None) -> tuple[Pool, Labelled]:
        ids[:] = askable(training_data, whole_library, head)
        pool = Pool.of(training_data.vectors(ids), training_data.groups(ids), training_data.text_direction)
        return pool, _labelled(training_data, ids, waiting)

    found = next_round(
        training_data.training.data,
        training_data.text_direction,
        look,
        n,
        decided=len(training_data.shown)
        + sum(decision.decided for decision in training_data.answers.values()),
        answered=len(training_data.answers),
        seed=seed_of(training_data.revision.definition.name),
        ways=ways,
    )
    probability = found.round.probability
    paths = collection.paths([ids[choice.row] for choice in found.choices])
    return [
        NextPicture(
            id=ids[choice.row],
            path=paths.get(ids[choice.row], ""),
            purpose="train",
            reason=choice.reason,
            probability=None if probability is None else round(float(probability[choice.row]), 4),
            brought_by=training_data.candidates.get(ids[choice.row], []),
        )
        for choice in found.choices
    ]


def askable(training_data: TrainingData, whole_library: int, head: LinearHead | None) -> list[str]:
    """Ids to choose from: everything in a small library; in a large one the candidate pool, what people
    labelled, and what the head finds likely or borderline anywhere (SEALS, Coleman et al. 2022)."""
    index, reserved = training_data.index, training_data.reserved
    if len(index.ids) <= whole_library:
        return [picture_id for picture_id in index.ids if picture_id not in reserved]
    ids = set(training_data.candidates) | set(training_data.answers)
    if head is not None:
        scores = index.scores(head.weights, head.bias)
        for near in (scores.top(NEAR_THE_HEAD), scores.nearest(0.0, NEAR_THE_HEAD)):
            ids.update(picture_id for picture_id, _ in near)
    return training_data.with_vectors(sorted(ids - reserved))


def _labelled(training_data: TrainingData, ids: Sequence[str], waiting: Sequence[str]) -> Labelled:
    """Who has said what of these pictures."""
    training = training_data.training
    said: dict[str, tuple[int, float]] = {
        i: (1 if yes else -1, float(weight))
        for i, yes, weight, kind in zip(
            training.ids, training.data.positive, training.data.weight, training.kinds, strict=True
        )
        if kind == "annotator"
    }
    nothing = (0, 0.0)
    votes = {i: 1 if yes else -1 for i, yes in training_data.shown.items()}
    votes |= {i: 1 if d.value == "yes" else -1 for i, d in training_data.answers.items() if d.decided}
    taken = training_data.spoken_for | set(waiting)
    return Labelled(
        asked=np.array([i in taken for i in ids], dtype=bool),
        person=np.array([votes.get(i, 0) for i in ids], dtype=np.int8),
        machine=np.array([said.get(i, nothing)[0] for i in ids], dtype=np.int8),
        weight=np.array([said.get(i, nothing)[1] for i in ids], dtype=np.float64),
    )
