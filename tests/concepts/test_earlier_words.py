"""Test labels of an earlier description: Check counts them, Review lists them, and new ones measure once
every picture has one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

import pytest

from concepts.definition.document import Criterion, Definition, Query
from concepts.definition.revisions import definition_of, revise
from concepts.labelling.dataset import MeasuringLabels, dataset_of, measuring_labels
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.library.collection import collection_of
from concepts.results.bundles import version_card
from concepts.results.review import review_queue
from concepts.results.trained import measure_again, train, version_quality
from concepts.use_cases import Concept
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


ALL, SOME = said("no", 2), said("no", 2, PICTURES[:5])


@pytest.mark.parametrize(
    ("meanings", "given", "earlier", "left", "stands"),
    [
        ("round red", SOME, PICTURES, PICTURES[5:], "yes"),
        ("round red", ALL, [], [], "no"),
        ("round round", ALL, [], [], "yes"),  # an edit that changes no meaning asks for nothing
        ("round red blue", SOME, PICTURES, PICTURES, "yes"),  # a second edit begins from what counted by then
        ("round red blue", ALL, PICTURES, PICTURES, "no"),
        ("round red round", SOME, [], [], "yes"),  # back at the first words
        ("round red round", ALL, PICTURES, PICTURES, "no"),  # only what was said in between is earlier
    ],
)
def test_new_labels_count_once_all_of_an_earlier_description_have_one(
    meanings: str, given: list[LabelEvent], earlier: list[str], left: list[str], stands: str
) -> None:
    now = measuring_labels(dict(enumerate(meanings.split(), 1)), [*FIRST, *given])
    assert (now.earlier, now.left) == (earlier, left)
    assert values(now) == dict.fromkeys(PICTURES, stands)


def test_a_first_label_a_skip_and_several_people_count_as_they_did_before() -> None:
    now = measuring_labels(CHANGED, [*FIRST, *said("no", 2, ["new"])])
    assert (values(now)["new"], now.earlier) == ("no", PICTURES)
    skips = [*said("skip", 1, PICTURES[:1]), *said("yes", 1, PICTURES[1:]), *said("skip", 2)]
    assert measuring_labels(CHANGED, skips).left == PICTURES[1:]  # but one that was skipped then, too
    now = measuring_labels(CHANGED, [*FIRST, *said("no", 1, author=BEN), *said("unsure", 2, author=BEN)])
    assert [(event.author, event.value) for event in now.events] == [(BEN, "unsure")] * 6


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


def label(concept: Concept, pictures: Sequence[str], value: str = "") -> None:
    paths = collection_of(concept.app).paths(pictures)
    for i in pictures:
        give_label(concept, i, value or ("yes" if "ellipse" in paths[i] else "no"), author="me")


def listed(concept: Concept) -> list[ReviewRow]:
    return review_queue(concept.app.concept(NAME), Reason.OLDER_TEST_LABEL, reader="me").rows


@pytest.mark.slow
def test_figures_say_how_many_labels_are_earlier_and_follow_once_all_are_new(concept: Concept) -> None:
    label(concept, [picture.id for picture in next_pictures(concept, 20, purpose="evaluation")])
    label(concept, [picture.id for picture in next_pictures(concept, 14)])
    concept.begin(train).wait()
    measure_again(concept)
    before = version_quality(concept)
    assert (before.earlier, before.to_label_again, before.stale, listed(concept)) == ("", 0, False, [])
    definition = definition_of(concept).definition
    changed = definition.model_copy(update={"description": "An ellipse, filled or not."})
    revise(concept, changed, author="me", note="other words")
    view, rows = version_quality(concept), listed(concept)
    known = f"{len(rows)} of {len(rows)} test labels were given under an earlier description."
    assert (view.earlier, view.to_label_again, view.stale) == (known, len(rows), False)
    assert known in version_card(concept)
    report = measure_again(concept)
    assert report.metrics == before.version.report.metrics
    assert (report.earlier, known in report.sentences) == (len(rows), True)

    row = rows[0]  # nothing is told of its label
    assert (row.blind, row.label, row.labels, row.purpose) == (True, "", [], "evaluation")
    give_label(concept, row.id, "unsure", author="me", in_view=True)
    assert len(listed(concept)) == len(rows)
    teaching = dataset_of(concept).training.ids
    for n, row in enumerate(rows):
        assert not version_quality(concept).stale
        label(concept, [row.id], "no" if n else "yes")
        assert len(listed(concept)) == len(rows) - n - 1
    view = version_quality(concept)
    assert (view.earlier, view.to_label_again, view.stale) == ("", 0, True)
    report = measure_again(concept)
    assert (report.earlier, sum(count.yes for count in report.labels)) == (0, 1)
    assert not version_quality(concept).stale
    assert dataset_of(concept).training.ids == teaching
