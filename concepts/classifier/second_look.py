"""Answers that may be mistakes: what a person said against what all their other answers say."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import numpy as np

from concepts.labels.lessons import Lessons
from concepts.learning.fitting import SEED
from concepts.learning.suspects import suspects
from concepts.library.collection import Collection
from concepts.view import View
from storage.labels import LabelLog


class Suspect(View):
    """An answer worth a second look. `probability` is that of the other one, from 0.8 to 1, by heads that
    never saw this picture."""

    id: str
    path: str
    value: Literal["yes", "no"]
    probability: float


def second_look(lessons: Lessons, collection: Collection, log: LabelLog, n: int) -> list[Suspect]:
    """At most n answers of people, the most doubtful first; what measures is not looked at.

    What somebody has said twice of a picture they have looked at again, so it isn't among them.
    """
    training = lessons.training
    by_people = np.flatnonzero([kind != "annotator" for kind in training.kinds])
    rows, probability = suspects(training.data.at(by_people), lessons.text_direction, SEED)
    found: list[Suspect] = []
    for row, other in zip(by_people[rows], probability, strict=True):
        if len(found) == n:
            break
        picture, yes = training.ids[row], bool(training.data.positive[row])
        if not was_said_twice(log, lessons.concept_id, picture, "yes" if yes else "no"):
            found.append(
                Suspect(id=picture, path="", value="yes" if yes else "no", probability=round(float(other), 4))
            )
    paths = collection.paths([suspect.id for suspect in found])
    return [suspect.model_copy(update={"path": paths.get(suspect.id, "")}) for suspect in found]


def was_said_twice(log: LabelLog, concept_id: int, picture_id: str, value: str) -> bool:
    """Whether somebody has looked at this picture again and stays with it."""
    said = Counter(event.author for event in log.events(concept_id, picture_id) if event.value == value)
    return max(said.values(), default=0) > 1
