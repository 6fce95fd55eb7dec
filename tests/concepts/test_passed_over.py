"""What is learned from: what nobody marked on a contact sheet, a little; what measures, never."""

from __future__ import annotations

from pathlib import Path

import pytest

from concepts.labelling.contact_sheet import another_sheet
from concepts.labelling.dataset import ConceptDataset, dataset_of
from concepts.labelling.labels import (
    contact_sheet,
    give_label,
    label_count,
    label_sheet,
    next_pictures,
    undo_labels,
)
from concepts.labelling.training_data import TrainingData, training_data_of
from concepts.learning.base import PASSED_OVER
from concepts.learning.contact_sheet import AGAIN
from concepts.library.collection import collection_of
from concepts.results.heads import head_of
from concepts.results.trained import train
from concepts.use_cases import App, Concept


@pytest.fixture
def sheet(concept: Concept) -> list[str]:
    """Ten pictures of a sheet, of which the first counts."""
    ids = [picture.id for picture in contact_sheet(concept)][:10]
    label_sheet(concept, ids, ids[:1], author="me", key="sheet")
    return ids


def weights(concept: Concept) -> dict[str, tuple[bool, float, str]]:
    training = dataset_of(concept).training
    of_each = zip(training.data.positive, training.data.weight, training.kinds, strict=True)
    return {i: (bool(yes), float(w), kind) for i, (yes, w, kind) in zip(training.ids, of_each, strict=True)}


def test_unmarked_pictures_are_weak_noes_until_they_have_labels(concept: Concept, sheet: list[str]) -> None:
    weak = dict.fromkeys(sheet[1:], (False, PASSED_OVER, "passed over"))
    assert weights(concept) == {sheet[0]: (True, 1.0, "person"), **weak}
    count = label_count(concept)  # nobody said no
    assert (count.answers, count.yes, count.no) == (1, 1, 0)
    undo_labels(concept, 1, author="me")
    assert weights(concept) == weak  # a mark that was taken back is no no either
    give_label(concept, sheet[1], "yes", author="me")
    give_label(concept, sheet[2], "unsure", author="me")
    assert weights(concept)[sheet[1]] == (True, 1.0, "person")
    assert sheet[2] not in weights(concept)


def test_a_version_of_before_a_sheet_knows_nothing_of_it_and_none_learns_from_what_measures(
    concept: Concept, sheet: list[str]
) -> None:
    then = concept.app.log.last_sequence(concept.id)
    later = [picture.id for picture in contact_sheet(concept)][:3]
    give_label(concept, later[0], "no", author="me")
    measures = [picture.id for picture in next_pictures(concept, 1, purpose="evaluation")]
    label_sheet(concept, [*later, *measures], [], author="me", key="later")
    assert set(dataset_of(concept).at(then).training.ids) == set(sheet)
    assert set(dataset_of(concept).training.ids) == {*sheet, *later}


def test_a_version_says_how_much_it_learned_from_them(concept: Concept, sheet: list[str]) -> None:
    give_label(concept, sheet[1], "no", author="me")
    trained = concept.begin(train).wait()
    assert "8 passed over on contact sheets, which teach a little" in trained.notes
    head = head_of(concept)
    assert head.details["passed_over"] == 8
    assert head.details["labels"] == [{"author_kind": "person", "yes": 1, "no": 1}]


def test_labels_given_twice_and_changed_ones_are_told_apart(concept: Concept, sheet: list[str]) -> None:
    same, changed, once, undone = sheet[1:5]
    for value in ("no", "yes"):
        give_label(concept, same, "no", author="me")
        give_label(concept, changed, value, author="me")
        give_label(concept, undone, value, author="me")
    undo_labels(concept, 1, author="me")
    give_label(concept, once, "no", author="me")
    give_label(concept, once, "yes", author="somebody else")
    assert concept.app.log.given_again(concept.id) == {same: 1, changed: -1}


def test_a_sheet_is_worth_it_again_where_kinds_seem_to_be_missing(concept: Concept) -> None:
    ids = [picture.id for picture in next_pictures(concept, 30)]
    paths = collection_of(concept.app).paths(ids)
    kind = {i: Path(paths[i]).name.partition("-")[0] for i in ids}
    one_of_each = {kind[i]: i for i in ids}.values()
    assert len(one_of_each) > 1
    for i in ids:  # what counts has the like of it among what doesn't
        give_label(concept, i, "yes" if i in one_of_each else "no", author="me")
    dataset = dataset_of(concept)
    assert another_sheet(dataset, AGAIN, [])
    assert not another_sheet(dataset, AGAIN - 1, [])


def test_answers_that_measure_reach_measuring_and_nothing_that_learns(answered_once: App) -> None:
    concept = answered_once.concept("Round thing")
    measuring = [picture.id for picture in next_pictures(concept, 3, purpose="evaluation")]
    for picture in measuring:
        give_label(concept, picture, "yes", author="me")
    data = training_data_of(concept)
    assert len(data.answers) == 2
    assert not data.answers.keys() & data.reserved
    assert not set(data.training.ids) & set(measuring)
    assert set(measuring) <= dataset_of(concept).decisions.keys() & data.reserved
    of_measuring = {"decisions", "blind", "measuring", "evaluation", "evaluation_labels"}
    assert not of_measuring & set(dir(TrainingData))
    assert of_measuring <= set(dir(ConceptDataset))
