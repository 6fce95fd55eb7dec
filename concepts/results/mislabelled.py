"""Labels that are probably wrong by all other labels, odd ones among them, and unlabelled pictures that a
version can't place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set

import numpy as np

from concepts.bundle.scorer import sigmoid
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.labelling.training_data import TrainingData
from concepts.learning.calibration import logit
from concepts.learning.fitting import PROBABLY, SEED, held_out_probabilities, probably_wrong
from concepts.learning.nearness import oddness
from concepts.results.training import linear_head, way_of
from storage.heads import StoredHead

SLIPS = 0.05  # share of people's labels that is taken to be wrong
ENOUGH = 20  # yes labels of which some may be odd
FENCE = 1.5  # times the distance of the quartiles that an odd one is beyond the third (Tukey 1977)
SPARE = 4  # times as many pictures are looked at as are wanted, for those that look alike


def likely_mislabelled(training_data: TrainingData, head: StoredHead | None, n: int) -> list[ReviewRow]:
    """Training labels of people that all others speak against, then others that the version `head` would get
    wrong; at most n of either kind, the most doubtful first.

    A head hardly ever contradicts what it has learned from, so labels are judged by heads that had not seen
    the picture or its near-duplicates. What somebody has said twice is no doubt any more.
    """
    # Without examples.
    inside = training_data.answers.keys() & set(training_data.looks_at(training_data.training.ids))
    found: dict[str, ReviewRow] = {}
    for kind in (_spoken_against(training_data), _would_get_wrong(training_data, head) if head else ()):
        most = len(found) + n
        for row in kind:
            if len(found) == most:
                break
            if row.id in inside and not _was_said_twice(training_data, row):
                found.setdefault(row.id, row)
    return list(found.values())


def odd_ones(training_data: TrainingData, n: int, besides: Set[str] = frozenset()) -> list[ReviewRow]:
    """Training labels of people that say yes to what is least like the others they said yes to, `besides`
    some; at most n, the oddest first. A mistake that no other label speaks against is among them, and so is a
    rare kind."""
    training = training_data.training
    rows = np.flatnonzero(np.isin(training.kinds, ("person", "simulated")) & training.data.positive)
    if len(rows) < ENOUGH:
        return []
    odd = oddness(training.data.vectors[rows])
    first, third = np.quantile(odd, (0.25, 0.75))
    order = [
        place for place in np.argsort(-odd, kind="stable") if odd[place] > third + FENCE * (third - first)
    ]
    evidence = f"Least like the other {len(rows) - 1} pictures labelled yes."
    ids = [training.ids[row] for row in rows[order]]
    found = [ReviewRow(id=one, reason=Reason.ODD, label="yes", evidence=evidence) for one in ids]
    inside = training_data.answers.keys() - besides  # without examples
    return [row for row in found if row.id in inside and not _was_said_twice(training_data, row)][:n]


def borderline(training_data: TrainingData, head: StoredHead, n: int) -> list[ReviewRow]:
    """Unlabelled pictures nearest to the threshold, the least sure first: one of each group of
    near-duplicates, at most n."""
    free = training_data.index.ids.without(training_data.reserved | training_data.spoken_for)
    scores = linear_head(head).scores(training_data.index, free)
    nearest = dict(scores.nearest(logit(head.threshold), SPARE * n))
    groups: dict[str, str] = {}
    for picture, group in zip(
        nearest, training_data.collection.library.near_groups(list(nearest)), strict=True
    ):
        groups.setdefault(group, picture)
    return [
        ReviewRow(
            id=i,
            reason=Reason.BORDERLINE,
            label="",
            evidence=f"Nearest to the threshold of version {head.number}.",
            score=round(float(sigmoid(nearest[i])), 4),
        )
        for i in list(groups.values())[:n]
    ]


def _spoken_against(training_data: TrainingData) -> Iterator[ReviewRow]:
    """By all that people said or passed over: these may be mistakes whatever version there is."""
    training = training_data.training
    rows = np.flatnonzero([kind != "annotator" for kind in training.kinds])
    wrong = probably_wrong(training.data.at(rows), SLIPS, SEED)
    for place in np.argsort(-wrong, kind="stable"):
        if wrong[place] < PROBABLY:
            return
        row = rows[place]
        score = 1 - wrong[place] if training.data.positive[row] else wrong[place]
        yield _row(training_data, row, float(score), "The other labels suggest the opposite.")


def _would_get_wrong(training_data: TrainingData, head: StoredHead) -> Iterator[ReviewRow]:
    training, threshold = training_data.training, head.threshold
    data, rows = training.data, np.flatnonzero(np.isin(training.kinds, ("person", "simulated")))
    held_out = held_out_probabilities(data, training_data.text_direction, SEED, way_of(head))
    wrong = rows[(held_out[rows] >= threshold) != data.positive[rows]]
    for row in wrong[np.argsort(-np.abs(held_out[wrong] - threshold), kind="stable")]:
        says = "no" if data.positive[row] else "yes"
        evidence = f"Without this label, version {head.number} would say {says}."
        yield _row(training_data, row, float(held_out[row]), evidence)


def _row(training_data: TrainingData, row: int, score: float, evidence: str) -> ReviewRow:
    training = training_data.training
    return ReviewRow(
        id=training.ids[row],
        reason=Reason.LIKELY_MISLABELLED,
        label="yes" if training.data.positive[row] else "no",
        evidence=evidence,
        score=round(score, 4),
    )


def _was_said_twice(training_data: TrainingData, row: ReviewRow) -> bool:
    """Whether somebody has looked at this picture again and stays with it."""
    events = training_data.log.events(training_data.concept_id, row.id)
    said = Counter(event.author for event in events if event.value == row.label)
    return max(said.values(), default=0) > 1
