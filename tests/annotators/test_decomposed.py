"""The annotator in steps: a caption that all definitions share, findings, then a verdict by words."""

import pytest

from concepts.collaborator.base import FailedAnnotation
from concepts.collaborator.by_model import DecomposedAnnotator
from concepts.definition.document import Criterion


def answer(request, **changes):
    """What a simulated model says at each step."""
    found = [("a dog runs", "met"), ("no grass", "not met"), ("no cat", "not met")]
    findings = [{"number": n, "seen": seen, "verdict": verdict} for n, (seen, verdict) in enumerate(found, 1)]
    return {
        "Caption": {"caption": "A brown dog runs on sand.", "writing": "BEACH 5 km"},
        "Findings": {"findings": findings},
        "Conclusion": {"rationale": "A dog runs on a beach.", "rating": 5, "sure": 90},
    }[request.schema_name] | changes.get(request.schema_name, {})


@pytest.fixture
def annotator(make_model):
    return DecomposedAnnotator(make_model(), concurrency=2)


def test_a_picture_is_described_checked_and_then_judged_without_being_seen(
    annotator, server, ledger, revision, pictures
):
    server.answer = answer
    (said,) = annotator.annotate(revision, pictures("a dog"))
    assert (said.rating, said.rationale) == (5, "A dog runs on a beach.")
    assert [e.verdict for e in said.evidence] == ["met", "not met", "not met"]
    assert [len(request.pictures) for request in server.requests] == [1, 1, 0]
    _, looking, verdict = (request.text for request in server.requests)
    assert "3. a cat" in looking
    for hint in ("dogs outside", "excluding", "necessary", "dogs playing outdoors"):
        assert hint not in looking
    assert "A brown dog runs on sand. Writing in the picture: BEACH 5 km" in verdict
    assert "2. not met: no grass" in verdict
    assert [call.purpose for call in ledger.calls()] == ["caption", "annotate.question", "annotate.verdict"]


def test_a_caption_knows_of_no_definition_and_is_paid_for_once(
    annotator, server, revision, described, pictures
):
    server.answer = answer
    one = pictures("a dog")
    annotator.annotate(revision, one)
    server.answer = lambda request: answer(request, Findings={"findings": []})
    annotator.annotate(described(name="beaches", description="sand by the sea"), one)
    captions = [request for request in server.requests if request.schema_name == "Caption"]
    assert len(captions) == 1
    assert "dog" not in captions[0].text.lower()


def test_without_criteria_the_sentence_is_looked_at(annotator, server, described, pictures):
    found = {"findings": [{"number": 1, "seen": "a dog", "verdict": "met"}]}
    server.answer = lambda request: answer(request, Findings=found)
    (said,) = annotator.annotate(described(name="dog", description="a dog on a beach"), pictures("a dog"))
    assert (said.rating, said.evidence) == (5, ())
    assert "1. a dog on a beach" in server.requests[1].text


@pytest.mark.parametrize(
    ("step", "broken"),
    [
        ("Caption", {"caption": ""}),
        ("Findings", {"findings": [{"number": 4, "seen": "?", "verdict": "met"}]}),
        ("Conclusion", {"rating": 0}),
    ],
)
def test_a_step_that_can_not_be_used_fails_its_picture_and_is_not_kept(
    annotator, server, revision, pictures, step, broken
):
    one = pictures("a dog")
    server.answer = lambda request: answer(request, **{step: broken})
    (bad,) = annotator.annotate(revision, one)
    assert isinstance(bad, FailedAnnotation)
    server.answer = answer
    (good,) = annotator.annotate(revision, one)
    assert good.rating == 5


def test_a_kind_of_picture_names_what_it_belongs_to_in_the_verdict(annotator, server, described, pictures):
    apples = Criterion(kind="included", text="apples", of="fruit")
    server.answer = lambda request: answer(request, Findings={"findings": []})
    annotator.annotate(described(Criterion(kind="necessary", text="fruit"), apples), pictures("x"))
    assert "2. (included, of 1) apples" in server.requests[-1].text
