"""Criteria about how many there are are decided by what a model counted."""

import pytest
from fake_openai import says

from concepts.collaborator.annotation_replies import least, verdict_by
from concepts.collaborator.by_model import DecomposedAnnotator
from concepts.definition.document import Criterion

NEEDS = {
    "at least three people": 3,
    "at least three people, not statues": 3,
    "Two or more dogs": 2,
    "3+ candles": 3,
    "more than one cup": 2,
    "a minimum of 6 chairs": 6,
}
NO_COUNT = (
    "a person; at least one person; seven or more people; at least 30 people; at most three people; "
    "no more than three people; not more than two cats; fewer than two or more than five people; "
    "at least two dogs and at least three cats; at least two years old; at least 3 m tall; "
    "at least 2.5 litres; at least two-thirds full"
)


def test_only_so_many_or_more_up_to_six_is_counted():
    assert {text: least(text) for text in NEEDS} == NEEDS
    assert {least(text) for text in NO_COUNT.split("; ")} == {None}


def test_a_bucket_with_both_sides_of_the_limit_and_no_count_leave_it_open():
    assert [verdict_by(count, 3) for count in ("none", "2", "3-5", "6+")] == ["not met"] * 2 + ["met"] * 2
    assert [verdict_by("3-5", 4), verdict_by(None, 2)] == ["unclear"] * 2


@pytest.fixture
def crowd(described):
    people = Criterion(kind="necessary", text="at least three people")
    return described(people, Criterion(kind="excluding", text="a cat"), description="groups of people")


def verdict(count):
    """Of a model that says that the criterion holds, whatever it counted."""
    counted = {"number": 1, "count": count, "verdict": "met", "seen": "people"}
    evidence = [counted, {"number": 2, "count": None, "verdict": "not met", "seen": "no cat"}]
    return {"evidence": evidence, "rationale": "People stand together.", "rating": 5}


def test_the_count_decides_and_is_the_reason_whatever_the_model_concludes(
    make_vlm, server, crowd, revision, pictures
):
    server.script(says(verdict("2")), says(verdict(4)), says(verdict(None)))
    few, enough = make_vlm(concurrency=1).annotate(crowd, pictures("two people", "four people"))
    assert (few.value, few.evidence[0].verdict, enough.value) == ("no", "not met", "yes")
    assert few.rationale == (
        "People stand together. Counted 2, needs at least 3. "
        "(Rated lower: “at least three people” does not seem to hold.)"
    )
    assert enough.rationale == "People stand together. Counted 3-5, needs at least 3."
    make_vlm().annotate(revision, pictures("a dog"))
    with_count, _, without = (
        request.body["response_format"]["json_schema"]["schema"]["properties"]["evidence"]["items"]
        for request in server.requests
    )
    assert list(with_count["properties"]) == ["number", "count", "verdict"]
    assert list(without["properties"]) == ["number", "verdict"]
    assert ["about how many there are: 1." in one.text for one in server.requests] == [True, True, False]


def test_in_steps_the_verdict_hears_what_follows_from_the_count(make_model, server, crowd, pictures):
    server.answer = lambda request: {
        "Caption": {"caption": "A person sits."},
        "Findings": {"findings": verdict("1")["evidence"]},
        "Conclusion": {"rationale": "A person sits.", "rating": 4},
    }[request.schema_name]
    (said,) = DecomposedAnnotator(make_model(), concurrency=1).annotate(crowd, pictures("a person"))
    assert "1. not met: people" in server.requests[-1].text
    assert (said.value, said.rationale[:49]) == ("no", "A person sits. Counted 1, needs at least 3. (Rate")
