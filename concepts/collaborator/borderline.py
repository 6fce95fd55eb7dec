"""Pictures near the edge of what counts, as far as answers, words and machine tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.labelling.training_data import TrainingData
from concepts.learning.base import Floats
from concepts.learning.fitting import SEED, train_early
from concepts.library.search import NearGroups, without_look_alikes

DIFFER = 1.0  # how much it counts that machine and answers say different things of a picture
UNSURE = 0.5  # and that the machine can't say


@dataclass(frozen=True)
class Borderline:
    """ids (n), vectors (n, d), doubt (n,): from 0 up, more is more doubtful.

    `parting`: the pictures about which the head that learned from the person's answers and the machine that
    read their words say different things, those first of which the head is surest.
    """

    ids: list[str]
    vectors: Vectors
    doubt: Floats
    parting: list[str]


def borderline(training_data: TrainingData, library: NearGroups) -> Borderline:
    """The candidates that nobody has answered and that may be learned from, one of pictures that look alike.

    A picture is in doubt the nearer it is to the head's threshold, and more so where the machine that looked
    at it says otherwise or can't say.
    """
    pool = [
        i
        for i in training_data.candidates
        if i not in training_data.reserved and i not in training_data.spoken_for
    ]
    ids = without_look_alikes(training_data.with_vectors(pool), library)
    vectors = training_data.vectors(ids)
    if not ids:
        return Borderline(ids, vectors, np.zeros(0), [])
    head = train_early(training_data.training.data, training_data.text_direction, SEED)
    probability = head.probabilities(vectors)
    doubt = 1 - np.abs(_ranked(probability, head.threshold))
    ratings = {
        said.picture_id: said.rating
        for said in training_data.ratings
        if said.definition_number == training_data.revision.number
    }
    rating = np.array([ratings.get(i, 0) for i in ids])
    differ = ((rating > 3) & (probability < head.threshold)) | (
        (rating > 0) & (rating < 3) & (probability >= head.threshold)
    )
    answered = any(decision.decided for decision in training_data.answers.values())
    surest = np.argsort(doubt, kind="stable")
    parting = [ids[row] for row in surest if differ[row]] if answered else []
    return Borderline(ids, vectors, doubt + DIFFER * differ + UNSURE * (rating == 3), parting)


def _ranked(probability: Floats, threshold: float) -> Floats:
    """-1..1: 0 at the threshold, by the share of pictures that are nearer to it on that side."""
    place = np.zeros(len(probability))
    for side in (probability >= threshold, probability < threshold):
        distance = np.abs(probability[side] - threshold)
        place[side] = distance.argsort(kind="stable").argsort(kind="stable") / max(int(side.sum()), 1)
    return place
