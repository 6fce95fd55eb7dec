"""Where a version would part from the person had it not been told, and pictures it can't place."""

from __future__ import annotations

from typing import Literal

import numpy as np

from concepts.classifier.second_look import Suspect, was_said_twice
from concepts.classifier.training import linear_head, way_of
from concepts.labels.lessons import Lessons
from concepts.learning.calibration import logit
from concepts.learning.fitting import SEED, held_out_probabilities
from concepts.library.collection import Collection
from concepts.view import View
from storage.heads import StoredHead
from storage.labels import LabelLog

Why = Literal["spoken against", "would get wrong", "can’t place"]
SPARE = 4  # times as many pictures are looked at as are wanted, for those that look alike


class Doubt(View):
    """A picture, what the person said of it (None: nothing yet) and how probable the version finds a yes."""

    id: str
    path: str
    value: Literal["yes", "no"] | None
    probability: float


class Doubts(View):
    """Of `version`, which says yes from `threshold` on. It hardly contradicts what it learned from, so each
    of the `judged` answers to learn from is judged by heads of its kind that had not seen it: `mistakes` come
    out the other way, of which `wrong` are the surest. What the version itself gets wrong is another
    question, and another list. `unsure` are pictures without an answer, the least sure first."""

    version: int
    threshold: float
    mistakes: int
    wrong: list[Doubt]
    unsure: list[Doubt]
    judged: int = 0  # 0 in what was looked at before this was kept


class WorthALook(View):
    """A picture to look at, and why: other answers speak against what was said of it, the version would get
    it wrong if it had not been told, or it can't place it. `value`: what was said; None: nothing yet.
    `probability`: of a yes, without that answer."""

    id: str
    path: str
    why: Why
    value: Literal["yes", "no"] | None
    probability: float


def worth_a_look(why: Why, one: Suspect | Doubt) -> WorthALook:
    against = isinstance(one, Suspect) and one.value == "yes"  # its probability is that of the other answer
    probability = round(1 - one.probability, 4) if against else one.probability
    return WorthALook(id=one.id, path=one.path, why=why, value=one.value, probability=probability)


def doubts(lessons: Lessons, collection: Collection, log: LabelLog, head: StoredHead, n: int) -> Doubts:
    """At most n of each kind.

    A head hardly ever contradicts what it has learned from, so answers are judged by heads of its kind that
    had not seen the picture or its look-alikes. What somebody has said twice is no doubt any more, and what
    measures is not looked at.
    """
    training, threshold = lessons.training, head.threshold
    held_out = held_out_probabilities(training.data, lessons.text_direction, SEED, way_of(head))
    by_people = np.array([kind != "annotator" for kind in training.kinds], dtype=bool)
    wrong = np.flatnonzero(by_people & ((held_out >= threshold) != training.data.positive))
    wrong = wrong[np.argsort(-np.abs(held_out[wrong] - threshold), kind="stable")]
    judged = [training.ids[row] for row in np.flatnonzero(by_people)]
    inside = lessons.answers.keys() & set(lessons.looks_at(training.ids))  # no examples
    answered = [row for row in wrong if training.ids[row] in inside]
    found: list[Doubt] = []
    for row in answered:
        picture = training.ids[row]
        value: Literal["yes", "no"] = "yes" if training.data.positive[row] else "no"
        if len(found) < n and not was_said_twice(log, lessons.concept_id, picture, value):
            found.append(Doubt(id=picture, path="", value=value, probability=_rounded(held_out[row])))
    unsure = _unsure(lessons, collection, head, n)
    paths = collection.paths([doubt.id for doubt in (*found, *unsure)])
    wrong_ones, unsure = (
        [doubt.model_copy(update={"path": paths.get(doubt.id, "")}) for doubt in kind]
        for kind in (found, unsure)
    )
    return Doubts(
        version=head.number,
        threshold=threshold,
        mistakes=len(answered),
        wrong=wrong_ones,
        unsure=unsure,
        judged=sum(picture in inside for picture in judged),
    )


def _unsure(lessons: Lessons, collection: Collection, head: StoredHead, n: int) -> list[Doubt]:
    """One picture of each group of look-alikes, nearest to the threshold."""
    linear = linear_head(head)
    free = lessons.index.ids.without(lessons.reserved | lessons.spoken_for)
    scores = lessons.index.scores(linear.weights, linear.bias).among(free)
    nearest = dict(scores.nearest(logit(head.threshold), SPARE * n))
    groups: dict[str, str] = {}
    for picture, group in zip(nearest, collection.library.near_groups(list(nearest)), strict=True):
        groups.setdefault(group, picture)
    chance = {i: 1 / (1 + np.exp(-np.clip(nearest[i], -60, 60))) for i in list(groups.values())[:n]}
    return [Doubt(id=i, path="", value=None, probability=_rounded(p)) for i, p in chance.items()]


def _rounded(probability: float) -> float:
    return round(float(probability), 4)
