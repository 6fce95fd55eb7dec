"""Grades and classes that a machine gives: kept as its labels, shown on Review, compared with people's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from answering import Filled
from fake_openai import FakeOpenAI
from simulated_annotator import serving

from concepts.collaborator.suggestions import ReviewFilter, agreement_of_answers
from concepts.labelling.consensus import Decision
from concepts.learning.scale import Scale
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept

NAME = "Roundness"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    said = {"evidence": [], "rationale": "simulated", "rating": 4, "answer": "4"}
    with serving(monkeypatch, lambda request: said, model_concurrency="2") as model:
        yield model


def with_grades(bench: Workbench) -> None:
    bench.concepts.begin(NAME, "How round it is.", scale=Scale.graded(5))
    bench.concept(NAME).definition.mine().wait()
    bench.concept(NAME).annotations.annotate(limit=8).wait()


@pytest.fixture
def concept(model: FakeOpenAI, filled: Filled) -> Concept:
    return filled(with_grades).concept(NAME)


def test_a_machines_grade_is_its_label_in_files_and_on_review(concept: Concept) -> None:
    rows = concept.label_files.rows()
    assert {(row["label"], row["author_kind"]) for row in rows} == {("4", "annotator")}
    page = concept.annotations.review(ReviewFilter())
    assert {item.opinion.given for item in page.items} == {"4"}
    said = concept.annotations.opinion(page.items[0].id)
    assert said is not None
    assert (said.value, said.given) == ("yes", "4")
    kept = {one.picture_id for one in concept.context.store.annotations(concept.id)}
    assert kept == {row["id"] for row in rows}  # of look-alikes, all of which were given one's grade, too
    training = concept.dataset().training  # it is told by yes and no, and its grade isn't learned from
    assert training.data.said is not None
    assert set(training.data.said.possible.sum(axis=1)) == {3}  # any grade that counts


def test_review_says_how_often_the_grades_agreed(concept: Concept) -> None:
    ids = [item.id for item in concept.annotations.review(ReviewFilter()).items]
    for picture, grade in zip(ids, ("4", "5", "1"), strict=False):
        concept.labels.give(picture, grade, author="me")
    for picture in (ids[3], ids[2]):  # “Agree”, once in place of another
        concept.labels.give(picture, "4", author="me", in_view=True)
    page = concept.annotations.review(ReviewFilter())
    assert "Same grade as your blind label for 1 of 3 pictures" in page.agreement
    assert "at most one away for 2" in page.agreement
    assert sorted(item.answer_given for item in page.items if item.answer) == ["4", "4", "4", "5"]


def test_agreement_on_classes_has_its_count_and_range_and_none_without_a_pair() -> None:
    rooms = Scale.of_classes(["kitchen", "bath"])
    answers = {
        "a": Decision("a", "yes", {"me": "yes"}, False, given="bath"),
        "b": Decision("b", "no", {"me": "no"}, False, given="none"),
        "c": Decision("c", "yes", {"me": "yes"}, False),
    }
    said = agreement_of_answers(rooms, {"a": "bath", "b": "kitchen", "c": "bath", "d": "bath"}, answers)
    assert said == ("Same class as your blind label for 1 of 2 pictures (9–91 %).")
    assert agreement_of_answers(rooms, {"d": "bath"}, answers) == ""
