"""A target's threshold among pictures nobody labelled: by their scores, never laxer than the balanced one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.encoders.base import unit
from concepts.learning.base import Floats, LinearHead, Rows, TrainingSet
from concepts.learning.calibration import expected
from concepts.learning.fitting import train_head
from concepts.learning.target import Target

DIMENSION, LIBRARY, RARE = 24, 6000, 120
PRECISION, RECALL = Target("precision", 0.8), Target("recall", 0.9)
seeds = pytest.mark.parametrize("seed", range(6))


class Rare:
    """A library of which one in fifty counts, and 60 labels as the app asks for them: the likeliest by rough
    words first, then what the head is least sure of. Far more of them count than of the library."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.counts = np.arange(LIBRARY) < RARE
        vectors = rng.normal(0, 1, (LIBRARY, DIMENSION))
        vectors[:, 0] += np.where(self.counts, 6.0, 0.0)
        self.vectors = np.asarray(unit(vectors), np.float32)
        self.labelled = np.argsort(-vectors[:, 0] - rng.normal(0, 3, LIBRARY))[:40]
        while len(self.labelled) < 60:
            unsure = np.abs(self.trained(Target()).logits(self.vectors))
            unsure[self.labelled] = np.inf
            self.labelled = np.append(self.labelled, np.argsort(unsure)[:20])

    @property
    def free(self) -> Rows:
        return np.delete(np.arange(LIBRARY), self.labelled)

    @property
    def data(self) -> TrainingSet:
        rows = self.labelled
        return TrainingSet(self.vectors[rows], self.counts[rows], np.ones(len(rows)), np.arange(len(rows)))

    def trained(self, target: Target, *, by_scores: bool = True) -> LinearHead:
        def unlabelled(head: LinearHead) -> Floats:
            return head.logits(self.vectors[self.free])

        return train_head(self.data, None, 0, target, unlabelled=unlabelled if by_scores else None)


@seeds
def test_a_precision_is_reached_where_what_counts_is_rare_and_kept_as_it_is_likely_to_be(seed: int) -> None:
    rare = Rare(seed)
    assert rare.data.positive.mean() > 10 * rare.counts.mean()
    head = rare.trained(PRECISION)
    flagged = head.probabilities(rare.vectors[rare.free]) >= head.threshold
    assert rare.counts[rare.free][flagged].mean() >= PRECISION.at_least
    likely = json.loads(json.dumps(head.details))["expected"]
    assert (likely["flagged"], likely["of"]) == (flagged.sum(), len(rare.free))
    assert likely["low"] <= likely["value"] <= likely["high"]


@seeds
def test_a_precision_never_flags_more_than_no_target_and_a_recall_never_less(seed: int) -> None:
    rare = Rare(seed)
    balanced, blind = rare.trained(Target()), rare.trained(Target(), by_scores=False)
    assert balanced.weights.tobytes() == blind.weights.tobytes()  # whatever the library holds
    assert (balanced.bias, balanced.threshold, balanced.details) == (
        blind.bias,
        blind.threshold,
        blind.details,
    )
    for target in (Target("precision", 0.1), PRECISION):
        assert rare.trained(target).threshold >= balanced.threshold
    for target in (Target("recall", 0.1), RECALL):
        assert rare.trained(target).threshold <= balanced.threshold


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({yes for _, yes in rows}) == 2
    ),
    st.lists(st.floats(-30, 30), min_size=1, max_size=60),
    st.sampled_from([PRECISION, RECALL]),
)
def test_what_is_expected_is_a_share_with_a_range_around_it(labels, unlabelled, target) -> None:
    scores, positive = (np.array(column) for column in zip(*labels, strict=True))
    found = expected(scores, positive, np.ones(len(scores)), np.array(unlabelled), target)
    assert (found.low <= found.value + 1e-6).all()
    assert (found.value <= found.high + 1e-6).all()
    assert ((found.low >= 0) & (found.high <= 1)).all()
    rises = np.diff(found.value) * (1 if target.kind == "recall" else -1)
    assert (rises >= -1e-9).all()  # who flags fewer is right more often, and finds fewer
