"""A model that answers with a grade or a class, where the concept has any."""

from __future__ import annotations

import pytest
from fake_openai import says

from concepts.collaborator.base import Annotation
from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.learning.scale import Scale

FIVE = Scale.graded(5, names=["asleep", "wild"])


def verdict(rating, answer, dog="met"):
    said = enumerate((dog, "met", "not met"), 1)
    evidence = [{"number": number, "verdict": verdict} for number, verdict in said]
    return {"evidence": evidence, "rationale": "A dog runs.", "rating": rating, "answer": answer}


@pytest.fixture
def graded(make_model):
    return VlmAnnotator(make_model(), concurrency=1, scale=FIVE)


@pytest.mark.parametrize(
    ("reply", "value", "given"),
    [
        (verdict(4, "3"), "yes", "3"),
        (verdict(1, 1), "no", "1"),  # as a number
        (verdict(3, None), "unsure", None),
        (verdict(5, "5", dog="not met"), "no", None),  # with evidence against it
    ],
)
def test_a_model_is_told_the_grades_and_its_own_goes_with_the_rating(
    graded, server, revision, pictures, reply, value, given
):
    server.script(says(reply))
    (said,) = graded.annotate(revision, pictures("a dog"))
    assert (said.rating > 3, said.value, said.given) == (value == "yes", value, given)
    text = server.requests[0].text
    assert "1: asleep" in text
    assert "5: wild" in text
    assert "A picture counts from 3 on." in text


def test_a_class_is_given_by_name_and_none_of_them_by_none(make_model, server, revision, pictures):
    server.script(says(verdict(5, "Great Dane")), says(verdict(2, "none")))
    scale = Scale.of_classes(["terrier", "Great Dane"])
    classed = VlmAnnotator(make_model(), concurrency=1, scale=scale)
    first, second = classed.annotate(revision, pictures("a dog", "a horse"))
    assert (first.value, first.given) == ("yes", "Great Dane")
    assert (second.value, second.given) == ("no", "none")
    assert "terrier\nGreat Dane\nnone" in server.requests[0].text


@pytest.mark.parametrize(
    ("rating", "answer", "words"),
    [(4, "6", "answer"), (4, "2", "contradicts"), (1, "4", "contradicts"), (5, None, "needs an answer")],
)
def test_an_answer_that_is_none_is_asked_for_once_more(
    graded, server, revision, pictures, rating, answer, words
):
    server.script(says(verdict(rating, answer)), says(verdict(4, "4")))
    (said,) = graded.annotate(revision, pictures("a dog"))
    assert said.given == "4"
    assert words in server.requests[1].text


def test_in_steps_the_verdict_has_the_grade(make_model, server, revision, pictures):
    finding = [{"number": n, "seen": "it", "verdict": "met" if n < 3 else "not met"} for n in (1, 2, 3)]
    server.script(
        says({"caption": "A dog.", "writing": ""}),
        says({"findings": finding}),
        says({"rationale": "A dog.", "rating": 5, "answer": "5"}),
    )
    annotator = DecomposedAnnotator(make_model(), concurrency=1, scale=FIVE)
    (said,) = annotator.annotate(revision, pictures("a dog"))
    assert isinstance(said, Annotation)
    assert said.given == "5"
    assert "5: wild" in server.requests[2].text
    assert "5: wild" not in server.requests[1].text
