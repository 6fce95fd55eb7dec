"""What a machine labels next: as a person would be asked, with what the machine said so far for answers."""

from __future__ import annotations

from collections.abc import Collection as Ids

import numpy as np

from concepts.labelling.mining import seed_of
from concepts.labelling.selection import askable
from concepts.labelling.training_data import TrainingData
from concepts.learning.acquisition import ACQUISITIONS, Labelled, Pool, Round
from concepts.learning.base import LinearHead
from concepts.learning.fitting import SEED, train_early

CHECKED = 100  # answered pictures that the machine judges, too, so that its agreement is known to 10 points
CHECKED_SHARE = 0.5  # of one round that they take at most
BY_THE_CLASSIFIER = "classifier"  # what brought a picture
PROBES = 10  # pictures that count by the machine, whose like is searched for


def next_for_machine(
    training_data: TrainingData,
    n: int,
    tried: Ids[str],
    whole_library: int,
    acquisition: str = "auto",
) -> list[str]:
    """At most n pictures that are not `tried`: first some that the person has answered, which say what the
    machine's labels count for; then those whose labels should improve the classifier most, or the pool in its
    order while it has learned no yes and no."""
    checked = _to_check(training_data, n, tried)
    wanted = n - len(checked)
    out = {*tried, *training_data.spoken_for, *checked}
    head = student(training_data)
    if head is None:
        pool = [i for i in training_data.candidates if i not in out and i not in training_data.reserved]
        return [*checked, *training_data.with_vectors(pool)[:wanted]]
    ids = askable(training_data, whole_library, head)
    pool_of = Pool.of(training_data.vectors(ids), training_data.groups(ids), training_data.text_direction)
    training = training_data.training
    used = np.flatnonzero(training.data.weight > 0)
    said = {training.ids[row]: 1 if training.data.positive[row] else -1 for row in used}
    votes = np.array([said.get(i, 0) for i in ids], dtype=np.int8)
    round = Round(
        pool=pool_of,
        labelled=Labelled.by_people(np.array([i in out for i in ids], dtype=bool), votes),
        training=training.data.at(used),
        fit=lambda data: train_early(data, training_data.text_direction, SEED),
        head=head,
        probability=head.probabilities(pool_of.vectors),
    )
    rng = np.random.default_rng([seed_of(training_data.revision.definition.name), len(tried)])
    chosen = ACQUISITIONS[acquisition]().select(round, wanted, rng)
    return [*checked, *(ids[choice.row] for choice in chosen)]


def student(training_data: TrainingData) -> LinearHead | None:
    """What learns from the person and the machine; None before there is a yes and a no of either."""
    data = training_data.training.data
    learned = data.at(data.weight > 0)
    if not (learned.positives and learned.negatives):
        return None
    return train_early(data, training_data.text_direction, SEED)


def surest_yes(training_data: TrainingData, n: int = PROBES) -> list[str]:
    """Of the pictures that the machine says count, the n that the classifier is surest of: to search with."""
    head, training = student(training_data), training_data.training
    said = zip(training.ids, training.data.positive, training.kinds, strict=True)
    yes = [row for row, (_, positive, kind) in enumerate(said) if positive and kind == "annotator"]
    if head is None or not yes:
        return []
    order = np.argsort(-head.logits(training.data.vectors[yes]), kind="stable")
    return [training.ids[yes[place]] for place in order[:n]]


def _to_check(training_data: TrainingData, n: int, tried: Ids[str]) -> list[str]:
    answered = [i for i, decision in training_data.answers.items() if decision.decided]
    left = CHECKED - sum(i in tried for i in answered)
    most = min(left, round(CHECKED_SHARE * n))
    return training_data.with_vectors([i for i in answered if i not in tried])[: max(most, 0)]
