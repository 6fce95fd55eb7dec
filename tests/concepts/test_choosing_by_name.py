"""What is registered can be chosen; what isn't is refused before anything is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from concepts.classifier.training import way_of
from concepts.errors import NotEnoughLabelsError, WrongUsageError
from concepts.learning.heads import HEADS
from concepts.workbench import Concept, Workbench

NAME = "Round thing"


def answer(bench: Workbench, purpose: str, n: int) -> None:
    """Simulated answers: a drawing counts if its file is called ellipse."""
    for picture in bench.concept(NAME).labels.next_pictures(n, purpose=purpose):  # type: ignore[arg-type]
        value = "yes" if "ellipse" in picture.path else "no"
        bench.concept(NAME).labels.give(picture.id, value, author="simulation", simulated=True)


def work_off(bench: Workbench) -> None:
    while (
        job := next((j for j in bench.context.jobs.store.recent() if j.state == "queued"), None)
    ) is not None:
        bench.context.jobs.resume(job.id)


@pytest.fixture
def answered(bench: Workbench) -> Workbench:
    answer(bench, "evaluation", 100)
    for _ in range(3):
        answer(bench, "train", 10)
    return bench


def test_the_head_chosen_is_the_one_that_is_trained_and_the_version_remembers_it(answered: Workbench) -> None:
    trained = [answered.concept(NAME).versions.train(head=name).wait() for name in HEADS]
    more_rows = ["mixed", "souls", "shrunken", "offsets"]
    named = dict.fromkeys(["line", "steady", *more_rows], "logistic")  # the others are what they are called
    assert [result.kind for result in trained][1:] == [named.get(name, name) for name in HEADS][1:]
    kept = answered.concept(NAME).definition.read().heads
    assert [head.kind for head in kept] == [result.kind for result in trained]
    assert [head.details["head"] for head in kept] == list(HEADS)


def test_without_a_choice_the_head_is_what_suits_the_answers(answered: Workbench) -> None:
    answered.concept(NAME).versions.train().wait()
    assert answered.concept(NAME).versions.head().details["head"] == "auto"


@pytest.mark.parametrize(
    ("details", "way"),
    [
        ({"head": "auto"}, "auto"),
        ({"head": "lda"}, "lda"),
        ({"head": "gone"}, "auto"),
    ],
)
def test_a_version_is_judged_by_the_way_it_was_trained(
    answered: Workbench, details: dict[str, Any], way: str
) -> None:
    answered.concept(NAME).versions.train().wait()
    head = answered.concept(NAME).versions.head()
    assert way_of(replace(head, details=details)) == way


def test_a_head_that_is_none_is_refused_with_those_there_are_and_nothing_is_kept(concept: Concept) -> None:
    with pytest.raises(WrongUsageError, match=r"no head “forest”.*auto, line, text, lda, logistic"):
        concept.versions.train(head="forest")
    assert concept.definition.read().heads == []
    assert "train" not in [job.kind for job in concept.context.jobs.store.recent()]


def test_an_annotator_that_is_none_is_refused_with_those_there_are(concept: Concept) -> None:
    with pytest.raises(WrongUsageError, match=r"no annotator “oracle”.*auto, builtin, vlm"):
        concept.annotations.annotate(annotator="oracle")
    assert "annotate" not in [job.kind for job in concept.context.jobs.store.recent()]


def test_a_head_that_needs_more_answers_says_so_and_nothing_is_kept(concept: Concept) -> None:
    with pytest.raises(NotEnoughLabelsError, match="there are 0 yes and 0 no"):
        concept.versions.train(head="lda").wait()
    assert concept.definition.read().heads == []


def test_in_the_background_another_head_is_a_new_version_and_the_same_head_is_not(
    answered: Workbench,
) -> None:
    for head in ("lda", "lda", "logistic"):
        answered.concept(NAME).versions.train(head=head)
        work_off(answered)
    assert [head.kind for head in answered.concept(NAME).definition.read().heads] == ["lda", "logistic"]
