"""Test labels of an earlier description: Check counts them, Review lists them, and new ones measure once
every picture has one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import pytest

from concepts.definition.document import Criterion, Definition, Query
from concepts.labelling.dataset import ConceptDataset, MeasuringLabels, measuring_labels
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.workbench import Concept
from storage.labels import Author, LabelEvent

NAME = "Round thing"
ME, BEN = Author("me"), Author("ben")
NUMBERS = count(1)
PICTURES = [f"{n:02}" for n in range(6)]
CHANGED = {1: "round", 2: "round and red"}


def said(
    value: str, definition: int, pictures: Sequence[str] = PICTURES, author: Author = ME
) -> list[LabelEvent]:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        LabelEvent(n, f"key {n}", i, value, author, definition, "", then, None)
        for i, n in zip(pictures, NUMBERS, strict=False)
    ]


FIRST = said("yes", 1)


def values(now: MeasuringLabels) -> dict[str, str]:
    return {event.picture_id: event.value for event in now.events}


def test_new_labels_count_once_all_of_an_earlier_description_have_one() -> None:
    some = measuring_labels(CHANGED, [*FIRST, *said("no", 2, PICTURES[:5])])
    assert (some.earlier, some.left) == (PICTURES, PICTURES[5:])
    assert values(some) == dict.fromkeys(PICTURES, "yes")
    every = measuring_labels(CHANGED, [*FIRST, *said("no", 2)])
    assert (every.earlier, every.left, values(every)) == ([], [], dict.fromkeys(PICTURES, "no"))


def test_an_edit_that_changes_no_meaning_asks_for_nothing() -> None:
    now = measuring_labels({1: "round", 2: "round"}, [*FIRST, *said("no", 2)])
    assert (now.earlier, values(now)) == ([], dict.fromkeys(PICTURES, "yes"))


def test_a_skipped_one_is_still_to_be_labelled_and_one_that_was_skipped_then_is_not() -> None:
    given = [*said("skip", 1, PICTURES[:1]), *said("yes", 1, PICTURES[1:]), *said("skip", 2)]
    assert measuring_labels(CHANGED, given).left == PICTURES[1:]


def test_first_labels_under_the_newest_words_count_at_once() -> None:
    now = measuring_labels(CHANGED, [*FIRST, *said("no", 2, ["new"])])
    assert (values(now)["new"], now.earlier) == ("no", PICTURES)


def test_of_several_people_one_label_anew_is_enough() -> None:
    now = measuring_labels(CHANGED, [*FIRST, *said("no", 1, author=BEN), *said("unsure", 2, author=BEN)])
    assert [(event.author, event.value) for event in now.events] == [(BEN, "unsure")] * 6


def test_a_second_edit_begins_from_what_counted_by_then() -> None:
    three = {**CHANGED, 3: "round and blue"}
    complete, begun = ([*FIRST, *said("no", 2, PICTURES[:n])] for n in (6, 5))
    for given, stands in ((complete, "no"), (begun, "yes")):
        now = measuring_labels(three, given)
        assert (now.left, values(now)) == (PICTURES, dict.fromkeys(PICTURES, stands))


def test_back_at_the_first_words_only_what_was_said_in_between_is_earlier() -> None:
    back = {**CHANGED, 3: "round"}
    assert measuring_labels(back, [*FIRST, *said("no", 2, PICTURES[:5])]).earlier == []
    assert measuring_labels(back, [*FIRST, *said("no", 2)]).earlier == PICTURES


def test_what_words_mean_is_what_one_reads_to_decide() -> None:
    plain = Definition(name="Round thing", description="A filled ellipse.")
    kind = Criterion(kind="excluding", text="a rectangle")
    for same in (
        {"description": "a filled  Ellipse."},
        {"queries": (Query(text="ball"),)},
        {"criteria": (Criterion(kind="undecided", text="an egg"),)},
    ):
        assert plain.model_copy(update=same).meaning() == plain.meaning()
    for other in ({"description": "An ellipse."}, {"criteria": (kind,)}):
        assert plain.model_copy(update=other).meaning() != plain.meaning()


# In the product


def dataset_of(concept: Concept) -> ConceptDataset:
    return concept.context.dataset(concept.row)


def label(concept: Concept, pictures: Sequence[str], value: str = "") -> None:
    paths = concept.context.collection.paths(pictures)
    for i in pictures:
        concept.labels.give(i, value or ("yes" if "ellipse" in paths[i] else "no"), author="me")


def edit(concept: Concept) -> None:
    definition = concept.definition.read().revision.definition
    changed = definition.model_copy(update={"description": "An ellipse, filled or not."})
    concept.definition.revise(changed, author="me", note="other words")


def listed(concept: Concept) -> list[ReviewRow]:
    return concept.bench.review.queue(NAME, Reason.OLDER_TEST_LABEL, reader="me").rows


@pytest.fixture
def in_use(concept: Concept) -> Concept:
    """A version whose figures rest on twenty labels."""
    label(concept, [picture.id for picture in concept.labels.next_pictures(20, purpose="evaluation")])
    label(concept, [picture.id for picture in concept.labels.next_pictures(14)])
    concept.versions.train().wait()
    concept.versions.measure()
    return concept


def test_figures_say_how_many_labels_are_of_an_earlier_description_and_follow_once_all_are_new(
    in_use: Concept,
) -> None:
    concept = in_use
    before = concept.versions.quality()
    assert (before.earlier, before.to_label_again, before.stale, listed(concept)) == ("", 0, False, [])
    edit(concept)
    view, rows = concept.versions.quality(), listed(concept)
    known = f"{len(rows)} of {len(rows)} test labels were given under an earlier description."
    assert (view.earlier, view.to_label_again, view.stale) == (known, len(rows), False)
    assert known in concept.exports.card()
    report = concept.versions.measure()
    assert report.metrics == before.version.report.metrics  # type: ignore[union-attr]
    assert (report.earlier, known in report.sentences) == (len(rows), True)
    teaching = dataset_of(concept).training.ids
    for n, row in enumerate(rows):
        assert not concept.versions.quality().stale
        label(concept, [row.id], "no" if n else "yes")
        assert len(listed(concept)) == len(rows) - n - 1
    view = concept.versions.quality()
    assert (view.earlier, view.to_label_again, view.stale) == ("", 0, True)
    report = concept.versions.measure()
    assert (report.earlier, sum(count.yes for count in report.labels)) == (0, 1)
    assert not concept.versions.quality().stale
    assert dataset_of(concept).training.ids == teaching


def test_review_tells_nothing_of_the_earlier_label_and_one_given_beside_a_suggestion_is_not_enough(
    in_use: Concept,
) -> None:
    concept = in_use
    edit(concept)
    row = listed(concept)[0]
    assert (row.blind, row.label, row.labels, row.purpose) == (True, "", [], "evaluation")
    concept.labels.give(row.id, "unsure", author="me", in_view=True)
    assert row.id in {one.id for one in listed(concept)}
