"""What is left in homes where an earlier Discern fitted probabilities to the library by extra labels.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from answering import answer

from concepts.classifier.measured_sample import sample
from concepts.classifier.measuring import views_of
from concepts.classifier.training import linear_head
from concepts.classifier.versions import origin
from concepts.learning.calibration import Calibration
from concepts.workbench import Workbench
from storage.concepts import FITTING
from storage.heads import StoredHead

NAME = "Round thing"


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
    trained: Workbench,
) -> None:
    answer(
        trained,
        NAME,
        [one.id for one in trained.concept(NAME).labels.next_pictures(200, purpose="evaluation")],
    )
    dataset = trained.context.dataset(trained.context.concept(NAME))
    measuring = sample(dataset, trained.context.collection)
    head = trained.context.head(trained.context.concept(NAME), 1)
    flagged = []
    for one in (head, fitted_before(head)):
        probability = linear_head(one).probabilities(dataset.vectors(measuring.ids))
        views = views_of(dataset, measuring, one, probability)
        assert len(views) == 2  # judged by the version itself, and by heads that had not seen the pictures
        frames = [stratum.frame for view in views for stratum in view]
        flagged.append([(frame >= one.threshold).sum() for frame in frames if frame is not None])
    assert flagged[0] == flagged[1]


def test_a_fitted_version_says_what_it_is(trained: Workbench) -> None:
    concept = trained.context.concept(NAME)
    kept = trained.context.heads.add(concept.id, fitted_before(trained.context.head(concept, 1)))
    assert origin(kept.details) == "version 1 with probabilities fitted to the library"
    assert "fitted to the library by 40 answers kept apart" in trained.concept(NAME).exports.card(kept.number)


def test_pictures_once_drawn_to_fit_to_stay_apart_and_are_asked_about_no_more(trained: Workbench) -> None:
    concept = trained.context.concept(NAME)
    before = trained.context.dataset(concept)
    drawn = [i for i in before.index.ids if i not in before.reserved and i not in before.first_answered][:4]
    trained.context.store.draw_apart(concept.id, drawn, FITTING, 1)
    answer(trained, NAME, drawn[:2])
    dataset = trained.context.dataset(concept)
    assert set(drawn) <= dataset.reserved
    assert not set(drawn) & {*dataset.training.ids, *dataset.evaluation}
    assert trained.concept(NAME).labels.count().certify == 2
    asked = trained.concept(NAME).labels.next_pictures(200, purpose="evaluation")
    assert not set(drawn) & {picture.id for picture in asked}
