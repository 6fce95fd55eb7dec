"""A line one can rely on: pictures drawn for it alone, no word before all are answered, a version at the end.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import pytest
from answering import answer

from concepts.errors import ConflictError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import label_count, next_pictures
from concepts.labelling.waves import draw_more_test_pictures
from concepts.learning.certificates import ERROR, needed
from concepts.learning.target import Side
from concepts.results.bundles import version_card
from concepts.results.certificates import CertificateView, ask_for_guarantee, guarantee_state, keep_guarantee
from concepts.results.trained import measure_again, train, use_version, version_beside, version_quality
from concepts.results.verdict import verdict
from concepts.use_cases import App, Concept

NAME = "Round thing"
SHARE = 0.5  # few answers are enough for it


@pytest.fixture
def concept(trained: App) -> Concept:
    return trained.concept(NAME)


def certifying(concept: Concept) -> list[str]:
    return list(concept.app.store.certifying_pictures(concept.id))


def asked(concept: Concept, said: str, side: Side = "yes") -> CertificateView:
    """What there is to say of a line once all that was drawn for it has this answer."""
    before = set(certifying(concept))
    ask_for_guarantee(concept, SHARE, side=side, author="me")
    drawn = [picture for picture in certifying(concept) if picture not in before]
    answer(concept.app, NAME, drawn, always=said)
    view = guarantee_state(concept, side)
    assert view is not None
    assert view.complete
    return view


def kept(concept: Concept, side: Side = "yes") -> int:
    return keep_guarantee(concept, side=side, author="me").wait().version


def test_pictures_that_certify_are_asked_about_first_and_neither_measure_nor_train(concept: Concept) -> None:
    with pytest.raises(ConflictError, match="unlabelled pictures") as raised:
        ask_for_guarantee(concept, 0.99, author="me")  # more than a small library has
    assert raised.value.needed == needed(0.99, ERROR)
    assert guarantee_state(concept) is None
    measuring, store = dataset_of(concept).evaluation, concept.app.store
    asked = ask_for_guarantee(concept, SHARE, author="me").asked
    drawn, waves = certifying(concept), len(store.waves(concept.id))
    assert {one.after_wave for one in store.certifying_pictures(concept.id).values()} == {waves}
    first = next_pictures(concept, len(drawn), purpose="evaluation")
    assert [picture.id for picture in first] == drawn
    assert len(drawn) == asked
    answer(concept.app, NAME, drawn[:-1], always="yes")
    view = ask_for_guarantee(concept, SHARE, author="me")  # nothing is said, and nothing drawn anew
    assert (view.answered, view.complete, view.n, certifying(concept)) == (asked - 1, False, 0, drawn)
    with pytest.raises(ConflictError, match="no guarantee"):
        kept(concept)
    answer(concept.app, NAME, drawn)
    dataset = dataset_of(concept)
    assert dataset.evaluation == measuring
    assert not dataset.measuring
    assert set(drawn) <= dataset.reserved
    assert not set(drawn) & {*dataset.training.ids, *dataset.evaluation}
    assert label_count(concept).measure == 0
    draw_more_test_pictures(concept, at_least=200)
    assert not set(drawn) & set(dataset_of(concept).evaluation)


@pytest.mark.slow
def test_a_certified_line_becomes_a_version_that_says_what_it_promises(concept: Concept) -> None:
    answer(concept.app, NAME, [p.id for p in next_pictures(concept, 200, purpose="evaluation")])
    view = asked(concept, "yes")
    assert view.errors == 0
    assert kept(concept) == kept(concept) == 2
    version = version_beside(concept, 2)
    assert version.threshold == view.threshold
    assert version.details["certified"]["made_from"] == 1
    promise = "With 95 % confidence at least 50 of 100 pictures above the threshold are right."
    assert promise in view.sentence
    assert promise in version_card(concept, 2)
    assert (view.sure_yes or 0) + (view.look_yourself or 0) == version_quality(concept).pictures
    report = measure_again(concept)
    precision = report.metric("precision")
    assert precision is not None
    assert precision.note == "At least 0.5 with 95 % confidence: certified."
    assert report.sentences[0].startswith("With 95 % confidence")
    assert verdict(report).said == "Guaranteed: at least 50 of 100 it flags are right"

    view = asked(concept, "no", side="no")  # beside it a sure no, and no picture is both
    assert view.needed == needed(SHARE, ERROR)  # half of a version's error for each side
    assert view.sure_yes
    assert view.sure_no
    pictures = version_quality(concept).pictures
    assert view.sure_yes + view.sure_no + (view.look_yourself or 0) == pictures
    version = version_beside(concept, kept(concept, "no"))
    assert view.threshold is not None
    assert view.threshold < version.threshold
    assert version.details["certified_no"]["line"] == view.threshold
    card = version_card(concept, version.number)
    assert "at least 50 of 100 pictures above the threshold are right." in card
    assert "at least 50 of 100 pictures below this limit don't count;" in card


def test_a_guarantee_that_failed_says_so_and_only_another_version_has_another_try(concept: Concept) -> None:
    view, first = asked(concept, "unsure"), certifying(concept)
    assert view.threshold is None
    assert view.more > 0
    assert f"The guarantee failed: {view.errors} of the {view.n} surest were wrong" in view.sentence
    assert "out of reach with these labels" in view.sentence
    assert ask_for_guarantee(concept, SHARE, author="me") == view
    with pytest.raises(ConflictError, match="one guarantee of either side, so train again"):
        ask_for_guarantee(concept, 0.6, author="me")
    assert certifying(concept) == first
    answer(concept.app, NAME, [picture.id for picture in next_pictures(concept, 3)])
    concept.begin(train).wait()
    assert guarantee_state(concept) == view.model_copy(update={"newest": False})
    again = ask_for_guarantee(concept, SHARE, author="me")
    assert (again.version, again.answered, again.needed) == (2, 0, view.needed)
    assert certifying(concept)[: len(first)] == first
    with pytest.raises(ConflictError, match="Version 1 was asked for 50 of 100"):
        ask_for_guarantee(concept, SHARE, version=1, author="me")
    no = asked(concept, "unsure", side="no")  # what is undecided is no clear no
    assert (no.threshold, no.errors) == (None, no.n)


def test_another_threshold_keeps_the_sure_no_only_above_it(concept: Concept) -> None:
    line = asked(concept, "no", side="no").threshold
    assert line is not None
    number = kept(concept, "no")
    for threshold, stays in ((line + 0.01, True), (line / 2, False)):
        moved = use_version(concept, number, threshold, author="me").wait().version
        assert ("certified_no" in version_beside(concept, moved).details) is stays
