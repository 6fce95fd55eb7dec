"""What is left in homes where an earlier Discern fitted probabilities to the library by extra labels.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from answering import answer

from concepts.classifier.measured_sample import sample
from concepts.classifier.measuring import views_of
from concepts.classifier.training import linear_head
from concepts.classifier.versions import origin
from concepts.learning.calibration import Calibration
from concepts.workbench import Concept, Workbench
from storage.concepts import FITTING
from storage.heads import StoredHead

NAME = "Round thing"


@pytest.fixture
def concept(trained: Workbench) -> Concept:
    return trained.concept(NAME)


def fitted_before(head: StoredHead) -> StoredHead:
    """As that Discern kept it: weights, bias and threshold moved, how they were moved beside them."""
    a, c = 0.5, -2.0
    details = {"a": a, "c": c, "attempt": 1, "answers": 40, "yes": 3, "made_from": head.number}
    return replace(
        head,
        number=0,
        weights=(a * np.frombuffer(head.weights, "<f8")).tobytes(),
        bias=a * head.bias + c,
        threshold=float(Calibration(a, c).moved(np.array(head.threshold))),
        details=head.details | {"fitted": details, "made_from": head.number},
    )


def test_whoever_had_not_seen_a_picture_flags_the_same_as_before_probabilities_were_fitted(
    concept: Concept,
) -> None:
    left = concept.labels.next_pictures(200, purpose="evaluation")
    answer(concept.bench, NAME, [one.id for one in left])
    dataset, head = concept.context.dataset(concept.row), concept.versions.head()
    measuring = sample(dataset)
    flagged = []
    for one in (head, fitted_before(head)):
        probability = linear_head(one).probabilities(dataset.vectors(measuring.ids))
        views = views_of(dataset, measuring, one, probability)
        assert len(views) == 2  # judged by the version itself, and by heads that had not seen the pictures
        frames = [stratum.frame for view in views for stratum in view]
        flagged.append([(frame >= one.threshold).sum() for frame in frames if frame is not None])
    assert flagged[0] == flagged[1]


def test_a_fitted_version_says_what_it_is(concept: Concept) -> None:
    kept = concept.context.heads.add(concept.id, fitted_before(concept.versions.head()))
    assert origin(kept.details) == "version 1 with probabilities fitted to the library"
    assert "fitted to the library by 40 labels kept apart" in concept.exports.card(kept.number)


def test_pictures_once_drawn_to_fit_to_stay_apart_and_are_asked_about_no_more(concept: Concept) -> None:
    before = concept.context.dataset(concept.row)
    drawn = [i for i in before.index.ids if i not in before.reserved and i not in before.first_answered][:4]
    concept.context.store.draw_apart(concept.id, drawn, FITTING, 1)
    answer(concept.bench, NAME, drawn[:2])
    dataset = concept.context.dataset(concept.row)
    assert set(drawn) <= dataset.reserved
    assert not set(drawn) & {*dataset.training.ids, *dataset.evaluation}
    assert concept.labels.count().certify == 2
    asked = concept.labels.next_pictures(200, purpose="evaluation")
    assert not set(drawn) & {picture.id for picture in asked}
