"""Criteria about how many there are are decided by what a model counted."""

from __future__ import annotations

import pytest
from fake_openai import says

from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.collaborator.counting import least, verdict_by
from concepts.definition.document import Criterion, Definition


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("at least three people", 3),
        ("Two or more dogs", 2),
        ("3+ candles", 3),
        ("more than one cup", 2),
        ("a minimum of 6 chairs", 6),
        ("at least one person", None),
        ("seven or more people", None),
        ("at least 30 people", None),
        ("at most three people", None),
        ("no more than three people", None),
        ("fewer than two or more than five people", None),
        ("at least two dogs and at least three cats", None),
        ("at least two years old", None),
        ("at least 3 m tall", None),
        ("at least 2.5 litres", None),
        ("at least two-thirds full", None),
        ("at least three people, not statues", 3),
        ("not more than two cats", None),
        ("a person", None),
    ],
)
def test_only_so_many_or_more_up_to_six_is_counted(text, needs):
    assert least(text) == needs


def test_a_bucket_with_both_sides_of_the_limit_and_no_count_leave_it_open():
    assert [verdict_by(count, 3) for count in ("none", "2", "3-5", "6+")] == ["not met"] * 2 + ["met"] * 2
    assert [verdict_by("3-5", 4), verdict_by(None, 2)] == ["unclear"] * 2


@pytest.fixture
def crowd(revision):
    criteria = (
        Criterion(kind="necessary", text="at least three people"),
        Criterion(kind="excluding", text="a cat"),
    )
    definition = Definition(name="crowds", description="groups of people", criteria=criteria)
    return revision.model_copy(update={"definition": definition})


def verdict(count, rating=5):
    """Of a model that says that the criterion holds, whatever it counted."""
    counted = {"number": 1, "count": count, "verdict": "met"}
    return {
        "evidence": [counted, {"number": 2, "count": None, "verdict": "not met"}],
        "rationale": "People stand together.",
        "rating": rating,
    }


def test_the_count_decides_and_is_the_reason_whatever_the_model_concludes(make_vlm, server, crowd, pictures):
    server.script(says(verdict("2")))
    (few,) = make_vlm().annotate(crowd, pictures("two people"))
    assert (few.value, few.evidence[0].verdict) == ("no", "not met")
    assert few.rationale == (
        "People stand together. Counted 2, needs at least 3. "
        "(Rated lower: “at least three people” does not seem to hold.)"
    )
    server.script(says(verdict(4)))
    (enough,) = make_vlm(model="another").annotate(crowd, pictures("four people"))
    assert (enough.value, enough.rationale) == (
        "yes",
        "People stand together. Counted 3-5, needs at least 3.",
    )
    assert "these are about how many there are: 1." in server.requests[0].text


def test_a_count_is_asked_for_before_the_verdict_and_of_no_definition_without_one(
    make_vlm, server, crowd, revision, pictures
):
    server.answer = lambda request: verdict("6+")
    make_vlm().annotate(crowd, pictures("a crowd"))
    make_vlm().annotate(revision, pictures("a dog"))
    entries = [
        request.body["response_format"]["json_schema"]["schema"]["properties"]["evidence"]["items"]
        for request in server.requests
    ]
    assert [list(entry["properties"]) for entry in entries] == [
        ["number", "count", "verdict"],
        ["number", "verdict"],
    ]
    assert "how many" not in server.requests[1].text


def test_in_steps_the_verdict_hears_what_follows_from_the_count(make_model, server, crowd, pictures):
    found = [
        {"number": 1, "count": "1", "verdict": "met", "seen": "a person on a bench"},
        {"number": 2, "count": None, "verdict": "not met", "seen": "no cat"},
    ]
    server.answer = lambda request: {
        "Caption": {"caption": "A person sits."},
        "Findings": {"findings": found},
        "Conclusion": {"rationale": "A person sits.", "rating": 4},
    }[request.schema_name]
    (said,) = DecomposedAnnotator(make_model(), concurrency=1).annotate(crowd, pictures("a person"))
    assert "1. not met: a person on a bench" in server.requests[-1].text
    assert (said.value, said.rationale[:52]) == ("no", "A person sits. Counted 1, needs at least 3. (Rated l")


def test_who_counts_is_another_annotator(make_model):
    model = make_model()
    counts = VlmAnnotator(model, concurrency=1, counts=True)
    assert counts.fingerprint != VlmAnnotator(model, concurrency=1).fingerprint
