"""Cheap first, with SIMULATED annotators: which steps are certified, and who decides what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from concepts.collaborator.base import Annotation, FailedAnnotation, PictureInput, Result
from concepts.collaborator.cascade import ERROR, MODELS, PERSON, Cascade, CascadeSample
from concepts.definition.document import Definition, Revision
from concepts.learning.certificates import Certified, needed

REVISION = Revision(
    number=1,
    definition=Definition(name="Round", description="Round things."),
    author="me",
    note="",
    created=datetime(2026, 1, 1, tzinfo=UTC),
)
RIGHT = 0.9


class Simulated:
    """Says what it is told to: picture id → (rating, how likely a yes is)."""

    batch_size = 10

    def __init__(self, name: str, says: dict[str, tuple[int, float | None]]) -> None:
        self.name, self.fingerprint, self.says = name, name, says
        self.asked: list[str] = []

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        self.asked += [picture.picture_id for picture in pictures]
        return [self.about(picture.picture_id) for picture in pictures]

    def about(self, picture_id: str) -> Result:
        if picture_id not in self.says:
            return FailedAnnotation(picture_id, "refused")
        rating, raw = self.says[picture_id]
        return Annotation(picture_id, rating, (), f"{self.name} says so.", raw)


def inputs(ids: Sequence[str]) -> list[PictureInput]:
    return [PictureInput(i, bytes, np.zeros(2)) for i in ids]


def cascade(models: Sequence[Any], answers: dict[str, bool | None], at_least: float = RIGHT) -> Cascade:
    return Cascade(models, CascadeSample(answers, at_least), lambda model, ids: [model.about(i) for i in ids])


def half(n: int = CascadeSample.size(RIGHT)) -> tuple[Simulated, dict[str, bool | None]]:
    """A small model that is sure and right about the first half of the sample, unsure and wrong of the rest;
    what counts is every other picture."""
    ids = [f"{row:04}" for row in range(n)]
    answers: dict[str, bool | None] = {i: row % 2 == 0 for row, i in enumerate(ids)}
    says: dict[str, tuple[int, float | None]] = {}
    for row, i in enumerate(ids):
        yes = bool(answers[i]) == (row < n // 2)
        says[i] = (
            5 if yes else 1,
            (0.9 + row / 1e5 if yes else 0.1) if row < n // 2 else 0.6 if yes else 0.4,
        )
    return Simulated("small", says), answers


def knowing(name: str, answers: dict[str, bool | None]) -> Simulated:
    return Simulated(name, {i: (5, 0.99) if counts else (1, 0.01) for i, counts in answers.items()})


def test_a_large_model_is_asked_only_about_what_the_small_one_leaves() -> None:
    small, answers = half()
    large = knowing("large", answers)
    both = cascade([small, large], answers)
    assert [type(found) for found in both.found] == [Certified, Certified]
    said = both.annotate(REVISION, inputs(list(answers)))
    assert len(large.asked) == len(answers) // 2
    assert [isinstance(one, Annotation) and one.rating for one in said] == [
        5 if counts else 1 for counts in answers.values()
    ]
    steps = both.steps({i: i for i in answers})
    assert [(step.by, step.decided) for step in steps] == [
        ("small", len(answers) // 2), ("large", len(answers) // 2), (PERSON, 0)
    ]  # fmt: skip
    assert steps[0].sentence.startswith("wrong in at most 10 %, with 90 % confidence")


def test_what_neither_is_sure_of_is_rated_3_and_goes_to_the_person() -> None:
    small, answers = half()
    large = Simulated("large", dict.fromkeys(answers, (3, None)))
    both = cascade([small, large], answers)
    said = both.annotate(REVISION, inputs(list(answers)))
    assert large.asked == []  # what can't be certified isn't asked for
    assert sum(isinstance(one, Annotation) and one.rating == 3 for one in said) == len(answers) // 2
    assert [step.decided for step in both.steps({i: i for i in answers})][-1] == len(answers) // 2


def test_too_few_answers_certify_nothing_and_it_is_said_how_many_more_it_takes() -> None:
    small, answers = half()
    few = dict(list(answers.items())[:10])
    both = cascade([small], few)
    assert both.taken == []
    missing = needed(RIGHT, ERROR / MODELS) - 10
    step, _ = both.steps({})
    assert (step.taken, step.sentence) == (
        False, f"too few labels to certify: 10, and {missing} more that it has right"
    )  # fmt: skip


def test_a_model_that_tells_no_probability_is_certified_by_its_surest_ratings() -> None:
    _, answers = half()
    says = {i: (5 if counts else 1, None) for i, counts in list(answers.items())[:40]}
    says |= {i: (2 if counts else 4, None) for i, counts in list(answers.items())[40:]}
    (found,) = cascade([Simulated("small", says)], answers).found  # type: ignore[arg-type]
    assert isinstance(found, Certified)
    assert (found.n, found.errors) == (40, 0)


def test_pictures_that_fail_are_decided_by_the_next() -> None:
    small, answers = half()
    both = cascade([small, knowing("large", answers | {"new": True})], answers)
    (said,) = both.annotate(REVISION, inputs(["new"]))
    assert isinstance(said, Annotation)
    assert both.steps({"new": "new"})[1].decided == 1


def test_what_nobody_could_decide_is_an_error_of_whoever_decides_it() -> None:
    _, answers = half()
    model = knowing("small", answers)
    unsure: dict[str, bool | None] = dict.fromkeys(answers)
    assert cascade([model], unsure).taken == []


@pytest.mark.parametrize("wrong", [0.1, 0.15, 0.3])
def test_bounds_are_wrong_no_more_often_than_they_say(wrong: float) -> None:
    """A model that is wrong about exactly so many of what it is sure of, over many random samples."""
    rng = np.random.default_rng(0)
    n, missed = CascadeSample.size(RIGHT), 0
    for _ in range(1000):
        answers: dict[str, bool | None] = {str(i): True for i in range(n)}
        says = {i: (1 if rng.random() < wrong else 5, None) for i in answers}
        missed += bool(cascade([Simulated("small", says)], answers).taken)  # type: ignore[arg-type]
    assert missed <= 1000 * (ERROR / MODELS) + 3 * np.sqrt(1000 * 0.05 * 0.95)
