"""Probabilities that fit the library: fitted to blind answers kept apart, while decisions stay as they are.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import numpy as np
import pytest
from answering import answer

from concepts.classifier.fitted import with_fit
from concepts.classifier.measuring import views_of
from concepts.classifier.sample import sample
from concepts.classifier.training import linear_head
from concepts.errors import ConflictError
from concepts.learning.calibration import Calibration
from concepts.learning.report import Guarantee
from concepts.workbench import Workbench
from storage.heads import StoredHead
from storage.tables import now

NAME = "Round thing"
PICTURES = 12


def drawn(bench: Workbench) -> list[str]:
    return list(bench.context.store.certifying_pictures(bench.context.concept(NAME).id))


def test_pictures_to_fit_to_come_first_teach_and_measure_nothing_and_change_no_decision(
    trained: Workbench,
) -> None:
    concept = trained.context.concept(NAME)
    measuring = trained.context.material(concept).evaluation
    begun = trained.probabilities.begin(NAME, PICTURES, author="me")
    assert (begun.asked, begun.answered, begun.fits) == (PICTURES, 0, False)
    first = trained.answers.next_pictures(NAME, PICTURES, purpose="evaluation")
    assert [picture.id for picture in first] == drawn(trained)
    answer(trained, NAME, drawn(trained)[:-1])
    assert trained.probabilities.begin(NAME, PICTURES, author="me").attempt == 1
    with pytest.raises(ConflictError, match="11 of 12 answered"):
        trained.probabilities.finish(NAME, author="me")
    answer(trained, NAME, drawn(trained)[-1:])
    assert trained.answers.count(NAME).fit == PICTURES
    material = trained.context.material(concept)
    assert material.evaluation == measuring
    assert set(drawn(trained)) <= material.reserved
    number = trained.probabilities.finish(NAME, author="me", measure=False)
    assert number == trained.probabilities.finish(NAME, author="me")
    one, two = (trained.context.head(concept, n) for n in (1, number))
    before, after = (trained.context.scores.of(head, material.index) for head in (one, two))
    assert not np.allclose(before.probability.values, after.probability.values)
    said = [s.probability.values >= h.threshold for s, h in ((before, one), (after, two))]
    assert (said[0] == said[1]).all()
    assert "fitted to the library by 12 answers kept apart" in trained.exports.model_card(NAME, number)


def test_answers_given_once_fit_a_newer_version_too(trained: Workbench) -> None:
    trained.probabilities.begin(NAME, PICTURES, author="me")
    answer(trained, NAME, drawn(trained))
    trained.probabilities.finish(NAME, author="me", measure=False)
    answer(trained, NAME, [picture.id for picture in trained.answers.next_pictures(NAME, 5)])
    newer = trained.versions.train(NAME).number
    view = trained.probabilities.state(NAME)
    assert view is not None
    assert (view.version, view.complete, view.fits) == (newer, True, False)
    assert trained.probabilities.finish(NAME, author="me", measure=False) == newer + 1


def test_whoever_had_not_seen_a_picture_flags_the_same_after_probabilities_were_fitted(
    trained: Workbench,
) -> None:
    answer(trained, NAME, [one.id for one in trained.answers.next_pictures(NAME, 200, purpose="evaluation")])
    material = trained.context.material(trained.context.concept(NAME))
    measuring = sample(material, trained.context.collection)
    head = trained.context.head(trained.context.concept(NAME), 1)
    kept = with_fit(head, Calibration(0.5, -2.0), 1, 40, 3, "me")
    flagged = []
    for one in (head, kept):
        probability = linear_head(one).probabilities(material.vectors(measuring.ids))
        views = views_of(material, measuring, one, probability)
        assert len(views) == 2  # judged by the version itself, and by heads that had not seen the pictures
        frames = [stratum.frame for view in views for stratum in view]
        flagged.append([(frame >= one.threshold).sum() for frame in frames if frame is not None])
    assert flagged[0] == flagged[1]


def test_certified_lines_go_along_with_the_probabilities() -> None:
    about = {"at_least": 0.9, "confidence": 0.95, "n": 40, "errors": 0, "attempt": 1, "made_from": 1}
    no = Guarantee.model_validate(about | {"side": "no", "line": 0.2, "floor": 0.8, "day": "2026-11-25"})
    weights = np.array([1.0, -2.0])
    details = {"certified_no": no.model_dump(mode="json")}
    head = StoredHead(1, "lda", "f", 1, 1, 0.6, details, now(), weights.astype("<f8").tobytes(), 0.1)
    fit = Calibration(2.0, -1.0)
    kept = with_fit(with_fit(head, fit, 1, 40, 3, "me"), fit, 2, 40, 3, "me")
    x = np.random.default_rng(0).normal(size=(200, 2))
    p, q = (linear_head(one).probabilities(x) for one in (head, kept))
    moved = Guarantee.of(kept.details, "no")
    assert moved is not None
    assert moved.line is not None
    assert ((p <= 0.2) == (q <= moved.line)).all()
    assert ((1 - p >= 0.8) == (1 - q >= moved.floor)).all()
    assert ((p >= 0.6) == (q >= kept.threshold)).all()
    fitted = kept.details["fitted"]
    assert np.allclose(q, Calibration(fitted["a"], fitted["c"]).moved(p))  # of all fits together
