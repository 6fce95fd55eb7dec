"""A line one can rely on: pictures drawn for it alone, no word before all are answered, a version at the end.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import pytest
from answering import answer

from concepts.errors import ConflictError, NotEnoughPicturesError
from concepts.learning.certificates import allowed_error, needed
from concepts.workbench import Workbench

NAME = "Round thing"
SHARE = 0.5  # few answers are enough for it


def certifying(bench: Workbench) -> list[str]:
    return list(bench.context.store.certifying_pictures(bench.context.concept(NAME).id))


def test_pictures_that_certify_are_asked_about_first_and_neither_measure_nor_train(
    trained: Workbench,
) -> None:
    concept = trained.context.concept(NAME)
    measuring = trained.context.dataset(concept).evaluation
    view = trained.concept(NAME).certificates.begin(SHARE, author="me")
    drawn = certifying(trained)
    first = trained.concept(NAME).labels.next_pictures(len(drawn), purpose="evaluation")
    assert [picture.id for picture in first] == drawn
    assert len(drawn) == view.asked
    answer(trained, NAME, drawn)
    dataset = trained.context.dataset(concept)
    assert dataset.evaluation == measuring
    assert not dataset.measuring
    assert set(drawn) <= dataset.reserved
    assert not set(drawn) & {*dataset.training.ids, *dataset.evaluation}
    assert trained.concept(NAME).labels.count().measure == 0


def test_nothing_is_said_before_all_are_answered_and_asking_again_draws_nothing(trained: Workbench) -> None:
    trained.concept(NAME).certificates.begin(SHARE, author="me")
    drawn = certifying(trained)
    answer(trained, NAME, drawn[:-1], always="yes")
    view = trained.concept(NAME).certificates.begin(SHARE, author="me")
    assert (view.attempt, view.answered, view.complete, view.n) == (1, len(drawn) - 1, False, 0)
    with pytest.raises(ConflictError, match="no certified line"):
        trained.concept(NAME).certificates.keep(author="me").wait()


def test_a_certified_line_becomes_a_version_that_says_what_it_promises_and_no_other_precision(
    trained: Workbench,
) -> None:
    trained.concept(NAME).certificates.begin(SHARE, author="me")
    answer(trained, NAME, certifying(trained), always="yes")
    view = trained.concept(NAME).certificates.state()
    assert view is not None
    assert view.complete
    assert view.errors == 0
    number = trained.concept(NAME).certificates.keep(author="me").wait().version
    assert number == trained.concept(NAME).certificates.keep(author="me").wait().version == 2
    version = trained.concept(NAME).versions.one(2)
    assert version.threshold == view.threshold
    assert version.details["certified"]["made_from"] == 1
    promise = "With 95 % confidence at least 50 of 100 pictures above this line are right."
    assert promise in view.sentence
    assert promise in trained.concept(NAME).exports.card(2)
    assert (view.sure_yes or 0) + (view.look_yourself or 0) == trained.concept(
        NAME
    ).versions.quality().pictures


def test_a_measured_version_with_a_certified_line_shows_the_bound_alone(trained: Workbench) -> None:
    left = trained.concept(NAME).labels.next_pictures(200, purpose="evaluation")
    answer(trained, NAME, [picture.id for picture in left])
    trained.concept(NAME).certificates.begin(SHARE, author="me")
    answer(trained, NAME, certifying(trained), always="yes")
    trained.concept(NAME).certificates.keep(author="me").wait()
    report = trained.concept(NAME).versions.measure()
    assert report.metric("precision") is None
    assert report.sentences[0].startswith("With 95 % confidence")
    assert not any("flags, about" in sentence for sentence in report.sentences)


def test_after_a_refusal_the_next_try_takes_fresh_pictures_and_a_stricter_test(trained: Workbench) -> None:
    trained.concept(NAME).certificates.begin(SHARE, author="me")
    first = certifying(trained)
    answer(trained, NAME, first, always="unsure")
    view = trained.concept(NAME).certificates.state()
    assert view is not None
    assert view.complete
    assert view.threshold is None
    assert view.more > 0
    again = trained.concept(NAME).certificates.begin(SHARE, author="me")
    assert again.attempt == 2
    assert again.needed == needed(SHARE, allowed_error(2)) > view.needed
    assert again.answered == 0
    assert certifying(trained)[: len(first)] == first


def test_a_line_needs_more_pictures_than_a_small_library_has(trained: Workbench) -> None:
    with pytest.raises(NotEnoughPicturesError) as raised:
        trained.concept(NAME).certificates.begin(0.99, author="me")
    assert raised.value.needed == needed(0.99, allowed_error(1))
    assert trained.concept(NAME).certificates.state() is None


def test_a_later_wave_knows_what_it_could_not_draw(trained: Workbench) -> None:
    concept = trained.context.concept(NAME)
    trained.concept(NAME).certificates.begin(SHARE, author="me")
    drawn = trained.context.store.certifying_pictures(concept.id)
    waves = len(trained.context.store.waves(concept.id))
    assert {one.after_wave for one in drawn.values()} == {waves}
    trained.context.draw_more(concept, at_least=200)
    assert not set(drawn) & set(trained.context.dataset(concept).evaluation)


def test_a_version_keeps_its_sure_yes_beside_its_sure_no_and_no_picture_is_both(trained: Workbench) -> None:
    trained.concept(NAME).certificates.begin(SHARE, author="me")
    answer(trained, NAME, certifying(trained), always="yes")
    trained.concept(NAME).certificates.keep(author="me").wait()
    yes = certifying(trained)
    begun = trained.concept(NAME).certificates.begin(SHARE, side="no", author="me")
    assert begun.attempt == 2  # of one count: all tries share one error
    assert begun.needed == needed(SHARE, allowed_error(2))
    answer(trained, NAME, certifying(trained)[len(yes) :], always="no")
    view = trained.concept(NAME).certificates.state("no")
    assert view is not None
    assert view.sure_yes
    assert view.sure_no
    pictures = trained.concept(NAME).versions.quality().pictures
    assert view.sure_yes + view.sure_no + (view.look_yourself or 0) == pictures
    number = trained.concept(NAME).certificates.keep(side="no", author="me").wait().version
    version = trained.concept(NAME).versions.one(number)
    assert view.threshold is not None
    assert view.threshold < version.threshold
    assert version.details["certified_no"]["line"] == view.threshold
    card = trained.concept(NAME).exports.card(number)
    assert "at least 50 of 100 pictures above this line are right." in card
    assert "at least 50 of 100 pictures below this line don't count;" in card


def test_an_undecided_picture_is_no_clear_no(trained: Workbench) -> None:
    trained.concept(NAME).certificates.begin(SHARE, side="no", author="me")
    answer(trained, NAME, certifying(trained), always="unsure")
    view = trained.concept(NAME).certificates.state("no")
    assert view is not None
    assert view.threshold is None
    assert view.errors == view.n


def test_another_threshold_keeps_the_sure_no_only_above_it(trained: Workbench) -> None:
    trained.concept(NAME).certificates.begin(SHARE, side="no", author="me")
    answer(trained, NAME, certifying(trained), always="no")
    number = trained.concept(NAME).certificates.keep(side="no", author="me").wait().version
    line = trained.concept(NAME).versions.one(number).details["certified_no"]["line"]
    for threshold, kept in ((line + 0.01, True), (line / 2, False)):
        moved = trained.concept(NAME).versions.use(number, threshold, author="me").wait().version
        assert ("certified_no" in trained.concept(NAME).versions.one(moved).details) is kept
