"""Test pictures that are asked about a second time: when they come, and that they change no answer."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path

import pytest
from rows import add_pictures, draw_apart, picture_ids

from concepts.labelling import rechecks as rules
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import import_label_file, label_rows, write_questions
from concepts.labelling.labels import (
    GivenLabel,
    commit_labels,
    decisions_of,
    label_count,
    next_pictures,
    recent_labels,
    take_back_labels,
    upcoming,
)
from concepts.labelling.reasons import Reason
from concepts.labelling.rechecks import APART, ENOUGH, SHARE, SOONEST, Repeats
from concepts.labelling.selection import to_measure
from concepts.results.review import review_queue
from concepts.use_cases import Concept
from storage.concepts import ConceptStore
from storage.database import Database
from storage.labels import Author, LabelLog, NewLabel

ME = Author("me")
NUMBERS = count(1)


def say(concept: Concept, picture: str, value: str, *, repeat: bool = False, in_view: bool = False) -> str:
    key = f"key {next(NUMBERS)}"
    label = GivenLabel(picture=picture, value=value, repeat=repeat)
    commit_labels(concept, {key: label}, ME, in_view=in_view)
    return key


def test_repeats_are_few_never_soon_and_of_pictures_drawn_alike(database: Database) -> None:
    """A session of 270 answers, one in three about what measures."""
    log, store = LabelLog(database), ConceptStore(database)
    ids = picture_ids(270)
    add_pictures(database, ids)
    row = store.create("round")
    row.seed = "round"  # so that the same come back in every run
    concept = row.id
    measuring = ids[2::3]
    draw_apart(database, concept, measuring, "random", 1)
    repeats = Repeats(log, store.evaluation_pictures(concept), row)
    given: list[tuple[str, bool]] = []

    def answer(picture: str, repeat: bool) -> None:
        given.append((picture, repeat))
        log.append(concept, [NewLabel(f"{len(given)}", picture, "yes", ME, 1, repeat=repeat)])

    for picture in ids:
        for other in repeats.due(ME, 1, 1) if len(given) > 20 else ():
            assert Repeats(log, store.evaluation_pictures(concept), row).due(ME, 1, 1) == [other]
            answer(other, True)
        answer(picture, False)

    places = [place for place, (_, repeat) in enumerate(given) if repeat]
    assert 0.6 * SHARE * len(measuring) < len(places) < 1.4 * SHARE * len(measuring)
    assert places[0] >= ENOUGH
    assert all(later - earlier > APART for earlier, later in pairwise(places))
    for place in places:
        first = given.index((given[place][0], False))
        assert given[place][0] in measuring
        assert place - first > SOONEST
    assert len({given[place][0] for place in places}) == len(places)
    assert repeats.due(ME, 2, 1) == []  # under a new definition nothing was answered yet
    assert repeats.due(Author("ben"), 1, 1) == []


@pytest.fixture
def asked_again(concept: Concept, monkeypatch: pytest.MonkeyPatch) -> Concept:
    """Two pictures that measure have an answer, and each may come back after one more."""
    for name, value in {"SHARE": 1, "ENOUGH": 1, "SOONEST": 1, "LATEST": 1, "APART": 1}.items():
        monkeypatch.setattr(rules, name, value)
    for picture in next_pictures(concept, 2, purpose="evaluation"):
        say(concept, picture.id, "yes")
    return concept


def state(concept: Concept) -> tuple[object, ...]:
    """All that an answer can change."""
    dataset = dataset_of(concept)
    rows = label_rows(concept)
    return dataset.decisions, dataset.blind, dataset.measuring, label_count(concept), rows


def test_a_repeat_looks_like_any_other_question_and_changes_no_answer(asked_again: Concept) -> None:
    concept, before = asked_again, state(asked_again)
    question = upcoming(concept, [], 3, "me").pictures[0]
    assert question == to_measure(question.id, question.path, repeat=True)
    assert not any(p.repeat for p in upcoming(concept, [question.id], 5, "me").pictures)
    key = say(concept, question.id, "no", repeat=True)
    assert state(concept) == before
    (pair,) = dataset_of(concept).twice.pairs
    assert [event.value for event in pair] == ["yes", "no"]
    assert recent_labels(concept, "me", 1)[0].repeat
    take_back_labels(concept, author="me", only=[key])
    assert (state(concept), dataset_of(concept).twice.pairs) == (before, [])
    assert question.id in {p.id for p in upcoming(concept, [], 3, "me").pictures}


def test_only_what_was_answered_before_is_a_repeat(asked_again: Concept) -> None:
    concept = asked_again
    answered = next(iter(concept.app.store.evaluation_pictures(concept.id)))
    (new,) = next_pictures(concept, 1, purpose="evaluation")
    (learns,) = next_pictures(concept, 1)
    for picture in (new.id, learns.id):
        say(concept, picture, "no", repeat=True)
        assert decisions_of(concept)[picture].value == "no"
    say(concept, answered, "no", repeat=True, in_view=True)
    assert decisions_of(concept)[answered].value == "no"
    assert dataset_of(concept).twice.pairs == []


def test_a_picture_that_stood_in_two_tabs_keeps_its_first_label_and_is_in_review_until_it_is_labelled_anew(
    concept: Concept,
) -> None:
    (picture,) = next_pictures(concept, 1)

    def in_review(reader: str) -> list[str]:
        return [
            row.evidence
            for row in review_queue(concept.app.concept(concept.name), Reason.SAID_BOTH, reader=reader).rows
        ]

    say(concept, picture.id, "yes", repeat=True)  # of which there is no earlier one
    say(concept, picture.id, "no", repeat=True)
    assert decisions_of(concept)[picture.id].value == "yes"
    assert (in_review("me"), in_review("ana")) == (["First yes, then no."], [])
    say(concept, picture.id, "no", in_view=True)
    assert decisions_of(concept)[picture.id].value == "no"
    assert in_review("me") == []


def test_a_label_follows_what_a_person_was_unsure_of_and_a_yes_that_followed_stands(concept: Concept) -> None:
    (picture,) = next_pictures(concept, 1)
    for value, stands in (("unsure", "unsure"), ("yes", "yes"), ("no", "yes")):
        say(concept, picture.id, value, repeat=True)
        assert decisions_of(concept)[picture.id].value == stands


def test_repeats_are_beside_new_ones_in_a_list_and_come_back_in_a_file(
    asked_again: Concept, tmp_path: Path
) -> None:
    concept, before = asked_again, state(asked_again)
    asked = next_pictures(concept, 3, purpose="evaluation", author="me")
    (again,) = [p for p in asked if p.repeat]
    assert len(asked) == 4
    write_questions([again], tmp_path / "asked.csv")
    text = (tmp_path / "asked.csv").read_text()
    (tmp_path / "filled.csv").write_text(text.replace(",,,evaluation", ",no,,evaluation"))
    for imported in (1, 0):
        assert import_label_file(concept, tmp_path / "filled.csv")["imported"] == imported
    assert len(dataset_of(concept).twice.pairs) == 1
    assert state(concept)[0] == before[0]


def test_a_repeat_never_takes_the_place_of_a_first_answer_that_is_taken_back(asked_again: Concept) -> None:
    concept = asked_again
    first = recent_labels(concept, "me", 2)[0]
    say(concept, first.id, "no", repeat=True)
    take_back_labels(concept, author="me", only=[first.key])
    dataset = dataset_of(concept)
    assert first.id not in dataset.blind.keys() | dataset.decisions.keys()
    say(concept, first.id, "no", repeat=True)  # asked anew, so this is the first answer, whatever was meant
    dataset = dataset_of(concept)
    assert (dataset.blind[first.id].value, dataset.twice.pairs) == ("no", [])
