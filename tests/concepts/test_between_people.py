"""Two people and one picture: both see it, it can be settled, and how well they agree is said with care."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from concepts.labelling.consensus import Decision
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow, pairs
from concepts.workbench import Workbench
from web.server import create_app

NAME = "Round thing"


def say(bench: Workbench, who: str, value: str, picture: str, comment: str = "") -> None:
    bench.concept(NAME).labels.give(picture, value, author=who, comment=comment)


def differing(bench: Workbench, reader: str | None = None) -> list[ReviewRow]:
    return bench.review.queue(NAME, Reason.PEOPLE_DISAGREE, reader=reader).rows


@pytest.fixture
def ids(bench: Workbench) -> list[str]:
    return [picture.id for picture in bench.library.pictures(limit=3).pictures]


def test_where_two_differ_both_answers_are_there_until_it_is_settled(
    bench: Workbench, ids: list[str]
) -> None:
    say(bench, "ana", "yes", ids[0], "Round enough.")
    say(bench, "ben", "no", ids[0])
    bench.concept(NAME).labels.comment(ids[0], "It has corners.", author="ben", key="remark")
    say(bench, "ana", "yes", ids[1])
    say(bench, "ben", "unsure", ids[1])
    (found,) = differing(bench)
    assert (found.id, found.label, found.evidence) == (ids[0], "conflict", "1 yes, 1 no.")
    assert {(said.author, said.value, *said.comments) for said in found.labels} == {
        ("ana", "yes", "Round enough."),
        ("ben", "no", "It has corners."),
    }
    say(bench, "ben", "no", ids[1])
    assert [item.label for item in differing(bench)] == ["conflict", "conflict"]
    say(bench, "cat", "no", ids[0])
    say(bench, "ben", "yes", ids[1])  # they talked
    assert [(item.id, item.label) for item in differing(bench)] == [(ids[0], "no")]
    assert bench.concept(NAME).labels.decisions()[ids[1]].value == "yes"


def test_the_second_sees_what_the_first_said_only_after_answering(bench: Workbench, ids: list[str]) -> None:
    client = TestClient(create_app(bench), base_url="http://127.0.0.1:7860")
    say(bench, "ana", "yes", ids[0], "Round enough.")
    asked = client.get("/app/answers", params={"concept": NAME})
    assert asked.json()["others"] == []
    body = {"concept": NAME, "key": "my-own-key", "picture": ids[0], "value": "no"}
    (said,) = client.post("/app/answers", json=body).json()["others"]
    assert (said["author"], said["value"], said["comments"]) == ("ana", "yes", ["Round enough."])


def test_agreement_counts_pictures_that_both_decided() -> None:
    words = {"y": "yes", "n": "no", "u": "unsure"}
    both = zip(10 * "y" + 10 * "n", 8 * "y" + 10 * "n" + 2 * "u", strict=True)
    (pair,) = pairs(
        {
            str(n): Decision(str(n), "yes", {"ana": words[one], "ben": words[other]}, simulated=False)
            for n, (one, other) in enumerate(both)
        }
    )
    assert (pair.one, pair.other, pair.n, pair.agree) == ("ana", "ben", 18, 16)
    assert pairs({}) == []


def test_a_third_reads_what_others_said_only_after_answering(bench: Workbench, ids: list[str]) -> None:
    say(bench, "ana", "yes", ids[0], "Round enough.")
    say(bench, "ben", "no", ids[0])
    say(bench, "dan", "no", ids[0])
    (before,) = differing(bench, "cat")
    assert (before.blind, before.labels, before.label, before.evidence) == (True, [], "", "")
    say(bench, "cat", "skip", ids[0])
    assert differing(bench, "cat") == [before]
    say(bench, "cat", "no", ids[0])
    (after,) = differing(bench, "cat")
    assert (after.blind, len(after.labels), after.label) == (False, 4, "no")
