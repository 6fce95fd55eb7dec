"""What to ask next, of a person and of a machine: the pictures whose labels should improve the head most."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from concepts.labelling.mining import seed_of
from concepts.labelling.training_data import TrainingData
from concepts.learning.acquisition import Auto, Labelled, Pool, Round, Strategy, how_unsure, next_round
from concepts.learning.base import LinearHead, sigmoid
from concepts.learning.fitting import SEED, train_early
from concepts.view import View
from storage.vectors.ids import PictureIds
from storage.vectors.reader import Scores, VectorReader

WHOLE_LIBRARY = 20_000  # up to here every picture is a candidate to be asked about
LIKELY = 50_000  # of a large library: the likeliest by the line, and as many by chance, are scored exactly
NEAR_THE_HEAD = 2000  # of a large library: the likeliest and the least certain pictures, each
CHECKED = 100  # answered pictures that the machine judges, too, so that its agreement is known to 10 points
CHECKED_SHARE = 0.5  # of one round that they take at most
BY_THE_CLASSIFIER = "classifier"  # what brought a picture
AGAIN = "again"  # a label that is probably wrong: asked a second time
PROBES = 10  # pictures that count by the machine, whose like is searched for


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


def to_learn_from(
    training_data: TrainingData, chosen: Sequence[tuple[str, str, float | None]]
) -> list[NextPicture]:
    """Of (picture id, reason, probability)."""
    paths = training_data.collection.paths([picture_id for picture_id, _, _ in chosen])
    return [
        NextPicture(
            id=picture_id,
            path=paths.get(picture_id, ""),
            purpose="train",
            reason=reason,
            probability=None if probability is None else round(probability, 4),
            brought_by=training_data.candidates.get(picture_id, []),
            repeat=reason == AGAIN,
        )
        for picture_id, reason, probability in chosen
    ]


def most_useful(
    training_data: TrainingData, n: int, waiting: Sequence[str] = (), ways: Strategy | None = None
) -> list[NextPicture]:
    """The n pictures whose answers should improve the head most, with the reason for each.

    Those that are `waiting` for an answer on the person's screen count as asked.
    """
    ids: list[str] = []

    def look(head: LinearHead | None) -> tuple[Pool, Labelled]:
        ids[:] = askable(training_data, head)
        pool = Pool.of(training_data.vectors(ids), training_data.groups(ids), training_data.texts)
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
    chosen = [
        (ids[choice.row], choice.reason, None if probability is None else float(probability[choice.row]))
        for choice in found.choices
    ]
    return to_learn_from(training_data, chosen)


def askable(training_data: TrainingData, head: LinearHead | None) -> list[str]:
    """Ids to choose from: everything in a small library; in a large one the candidate pool, what people
    labelled, and what the head finds likely or borderline anywhere (SEALS, Coleman et al. 2022)."""
    index, reserved = training_data.index, training_data.reserved
    if len(index.ids) <= WHOLE_LIBRARY:
        return [picture_id for picture_id in index.ids if picture_id not in reserved]
    ids = set(training_data.candidates) | set(training_data.answers)
    if head is not None:
        scores = promising(index, head)
        for near in (scores.top(NEAR_THE_HEAD), scores.nearest(0.0, NEAR_THE_HEAD)):
            ids.update(picture_id for picture_id, _ in near)
    return training_data.with_vectors(sorted(ids - reserved))


def promising(index: VectorReader, head: LinearHead, allowed: PictureIds | None = None) -> Scores:
    """The logits of all that is allowed. Prototypes take much longer than the line, so of a large library
    they are of the likeliest by the line and of as many by chance: borderline ones are among those."""
    ids = index.ids if allowed is None else allowed
    if head.prototypes is None or len(ids) <= 2 * LIKELY:
        return head.scores(index, allowed)
    likely = index.scores(head.weights, allowed=allowed).top(LIKELY)
    by_chance = ids.at(np.arange(0, len(ids), len(ids) // LIKELY))  # ids are hashes
    some = (PictureIds.of(picture_id for picture_id, _ in likely), PictureIds.of(by_chance))
    return head.scores(index, PictureIds.together(some))


def _labelled(training_data: TrainingData, ids: Sequence[str], waiting: Sequence[str]) -> Labelled:
    """Who has said what of these pictures."""
    votes = {i: 1 if yes else -1 for i, yes in training_data.shown.items()}
    votes |= {i: 1 if d.value == "yes" else -1 for i, d in training_data.answers.items() if d.decided}
    taken = training_data.spoken_for | set(waiting)
    again = training_data.given_again | dict.fromkeys(waiting, 1)
    return Labelled(
        asked=np.array([i in taken for i in ids], dtype=bool),
        person=np.array([votes.get(i, 0) for i in ids], dtype=np.int8),
        again=np.array([again.get(i, 0) for i in ids], dtype=np.int8),
        passed=np.array([i in training_data.passed_over for i in ids], dtype=bool),
    )


def next_for_machine(
    training_data: TrainingData,
    n: int,
    tried: Ids[str],
) -> list[str]:
    """At most n pictures that are not `tried`: first some that the person has answered, which say what the
    machine's labels count for; then those whose labels should improve the classifier most, or the pool in its
    order while it has learned no yes and no."""
    answered = [i for i, decision in training_data.answers.items() if decision.decided]
    left = CHECKED - sum(i in tried for i in answered)
    most = min(left, round(CHECKED_SHARE * n))
    checked = training_data.with_vectors([i for i in answered if i not in tried])[: max(most, 0)]
    wanted = n - len(checked)
    out = {*tried, *training_data.spoken_for, *checked}
    head = student(training_data)
    if head is None:
        pool = [i for i in training_data.candidates if i not in out and i not in training_data.reserved]
        return [*checked, *training_data.with_vectors(pool)[:wanted]]
    ids = askable(training_data, head)
    pool_of = Pool.of(training_data.vectors(ids), training_data.groups(ids), training_data.texts)
    training = training_data.training
    used = np.flatnonzero(training.data.weight > 0)
    said = {training.ids[row]: 1 if training.data.positive[row] else -1 for row in used}
    votes = np.array([said.get(i, 0) for i in ids], dtype=np.int8)
    logits = head.logits(pool_of.vectors)
    labelled = Labelled.of(np.array([i in out for i in ids], dtype=bool), votes)
    this_round = Round(
        pool=pool_of,
        labelled=replace(labelled, again=np.abs(votes)),  # a machine would say the same again
        training=training.data.at(used),
        head=head,
        probability=sigmoid(logits),
        doubt=how_unsure(head, pool_of.vectors, logits),
    )
    rng = np.random.default_rng([seed_of(training_data.revision.definition.name), len(tried)])
    chosen = Auto().select(this_round, wanted, rng)
    return [*checked, *(ids[choice.row] for choice in chosen)]


def student(training_data: TrainingData) -> LinearHead | None:
    """What learns from the person and the machine; None before there is a yes and a no of either."""
    data = training_data.training.data
    learned = data.at(data.weight > 0)
    if not (learned.positives and learned.negatives):
        return None
    return train_early(data, training_data.text_direction, SEED)


def surest_yes(training_data: TrainingData) -> list[str]:
    """Of the pictures that the machine says count, the ten that the classifier is surest of: to search
    with."""
    head, training = student(training_data), training_data.training
    said = zip(training.ids, training.data.positive, training.kinds, strict=True)
    yes = [row for row, (_, positive, kind) in enumerate(said) if positive and kind == "annotator"]
    if head is None or not yes:
        return []
    order = np.argsort(-head.logits(training.data.vectors[yes]), kind="stable")
    return [training.ids[yes[place]] for place in order[:PROBES]]
