import io
import threading

import numpy as np
import pytest
from fake_openai import Reply, refuses, says, status
from PIL import Image

from concepts.collaborator.base import Annotation, CriterionEvidence, FailedAnnotation
from concepts.errors import ModelCallError


def redness(request) -> int:
    """What the simulated labeller sees: the colour that tells the test's pictures apart."""
    with Image.open(io.BytesIO(request.pictures[0])) as image:
        return round(np.asarray(image.convert("RGB"))[..., 0].mean() / 7)


def verdict(rating=4, **changes):
    evidence = [{"number": n, "verdict": said} for n, said in enumerate(("met", "unclear", "not met"), 1)]
    return {"evidence": evidence, "rationale": "A dog runs.", "rating": rating, **changes}


def test_a_picture_gets_the_rating_the_evidence_and_the_rationale_of_the_model(
    make_vlm, server, revision, pictures
):
    server.script(says(verdict(5)))
    (annotation,) = make_vlm().annotate(revision, pictures("a dog"))
    assert annotation == Annotation(
        "0" * 64,
        5,
        (
            CriterionEvidence("a dog", "necessary", "met"),
            CriterionEvidence("grass or a park", "supporting", "unclear"),
            CriterionEvidence("a cat", "excluding", "not met"),
        ),
        "A dog runs.",
        raw=1.0,
    )
    assert "1. (necessary) a dog" in server.requests[0].text


def test_results_come_in_the_order_of_the_pictures_whoever_answers_first(
    make_vlm, server, revision, pictures
):
    others, seen = threading.Event(), []

    def label(request):
        seen.append(redness(request))
        if len(seen) == 8:
            others.set()
        reply = says(verdict(1 + redness(request) % 5))
        return Reply(content=reply.content, wait=others if redness(request) == 0 else None)

    server.answer = label
    results = make_vlm(concurrency=4).annotate(revision, pictures(*["x"] * 8))
    assert [result.rating for result in results] == [1, 2, 3, 4, 5, 1, 2, 3]
    assert 2 <= server.most_at_once <= 4


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refuses("I won't."), "I won't"),
        (says(verdict(9)), "rating"),
        (says(verdict(rationale="")), "rationale"),
        (says("nice dog"), "JSON"),
        (status(400, "image too small"), "not this one (400)"),
    ],
)
def test_one_picture_that_can_not_be_judged_fails_alone(make_vlm, server, revision, pictures, reply, words):
    server.answer = lambda request: reply if redness(request) == 1 else verdict()
    good, bad, other = make_vlm().annotate(revision, pictures("a", "b", "c"))
    assert isinstance(bad, FailedAnnotation)
    assert words in bad.reason
    assert (good.rating, other.rating) == (4, 4)


@pytest.mark.parametrize(
    ("given", "verdicts", "value", "rationale"),
    [
        ([(1, "met"), (1, "not met"), (2, "met")], ["unclear", "met", "unclear"], "yes", "A dog runs."),
        (
            [(1, "met"), (3, "met")],
            ["met", "unclear", "met"],
            "no",
            "A dog runs. (Rated lower: “a cat” rules it out.)",
        ),
    ],
)
def test_missing_and_contradictory_verdicts_are_unclear_and_what_forbids_a_rating_lowers_it(
    make_vlm, server, revision, pictures, given, verdicts, value, rationale
):
    evidence = [{"number": number, "verdict": said} for number, said in given]
    server.script(says(verdict(5, evidence=evidence)))
    (annotation,) = make_vlm().annotate(revision, pictures("a"))
    assert [e.verdict for e in annotation.evidence] == verdicts
    assert (annotation.value, annotation.rationale) == (value, rationale)


@pytest.mark.parametrize("number", [0, 4, -1])
def test_evidence_for_a_criterion_that_does_not_exist_is_no_label(
    make_vlm, server, ledger, revision, pictures, number
):
    server.answer = lambda request: verdict(evidence=[{"number": number, "verdict": "met"}])
    (failed,) = make_vlm().annotate(revision, pictures("a"))
    assert isinstance(failed, FailedAnnotation)
    assert [call.outcome for call in ledger.calls()] == ["unknown criterion", "unknown criterion"]


@pytest.mark.parametrize("reply", [status(401, "bad key"), status(404, "no such model")])
def test_what_every_picture_would_meet_ends_the_batch(make_vlm, server, revision, pictures, reply):
    server.answer = lambda request: reply
    with pytest.raises(ModelCallError):
        make_vlm(concurrency=1).annotate(revision, pictures(*["x"] * 8))
    assert len(server.requests) <= 2
