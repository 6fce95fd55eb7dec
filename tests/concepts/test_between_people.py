"""Between people: comments are one's own to change, answers that differ are settled, and nobody reads what
others said before an own answer."""

from __future__ import annotations

import csv
from itertools import count
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from concepts.errors import DiscernError
from concepts.labelling.consensus import Decision
from concepts.labelling.label_files import import_label_file, label_rows
from concepts.labelling.labels import (
    comment_on,
    comments_of_picture,
    comments_on,
    decisions_of,
    give_label,
    own_comments,
    take_back_labels,
)
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow, pairs
from concepts.results.concepts import begin_concept
from concepts.results.label_exports import download_labels
from concepts.results.library import browse
from concepts.results.review import review_queue
from concepts.use_cases import Concept
from web.server import create_service

NAME = "Round thing"
KEYS = count()


@pytest.fixture
def ids(concept: Concept) -> list[str]:
    return [picture.id for picture in browse(concept.app, limit=2).pictures]


def say(concept: Concept, who: str, value: str, picture: str, comment: str = "") -> None:
    give_label(concept, picture, value, author=who, comment=comment)


def keep(concept: Concept, picture: str, text: str, **how: bool) -> None:
    comment_on(concept, picture, text, author="me", key=f"comment {next(KEYS)}", **how)


def read(concept: Concept, picture: str, who: str = "me") -> list[tuple[str, str]]:
    said = comments_on(concept, [picture], who).get(picture, [])
    return [(remark.author, remark.text) for remark in said]


def differing(concept: Concept, reader: str | None = None) -> list[ReviewRow]:
    return review_queue(concept.app.concept(NAME), Reason.PEOPLE_DISAGREE, reader=reader).rows


def test_a_later_comment_takes_the_earlier_ones_place_or_back(concept: Concept, ids: list[str]) -> None:
    picture, other = ids
    with pytest.raises(DiscernError, match="empty"):
        keep(concept, picture, " ")
    keep(concept, picture, "A plate.")
    keep(concept, picture, "A plate, seen from above.")
    assert read(concept, picture) == [("me", "A plate, seen from above.")]
    events = concept.app.log.events(concept.id, picture)
    assert [event.comment for event in events] == ["A plate.", "A plate, seen from above."]
    for _ in range(2):  # a repeated request changes nothing
        comment_on(concept, picture, "", author="me", key="taken back")
    assert read(concept, picture) == []
    keep(concept, picture, "A bowl.")
    assert read(concept, picture) == [("me", "A bowl.")]
    say(concept, "me", "yes", other, "Round.")  # a comment of an answer, which stays
    keep(concept, other, "Filled.", beside=True)
    assert own_comments(concept, [other], "me") == {other: "Round.\nFilled."}
    keep(concept, other, "Round enough.")
    assert read(concept, other) == [("me", "Round enough.")]
    assert decisions_of(concept)[other].value == "yes"
    assert [row["comment"] for row in label_rows(concept)] == ["Round enough."]


@pytest.mark.parametrize("format", ["csv", "jsonl", "hugging-face"])
def test_a_comment_kept_apart_from_its_answer_goes_out_and_comes_back(
    concept: Concept, ids: list[str], tmp_path: Path, format: str
) -> None:
    picture, _ = ids
    say(concept, "me", "yes", picture, "Rnd.")
    keep(concept, picture, "Round, as a plate.")
    out = download_labels(concept, format, tmp_path)
    if format == "csv":
        rows = list(csv.DictReader(out.open(newline="")))
        assert [row["comment"] for row in rows] == ["Round, as a plate."]
    again = begin_concept(concept.app, "Round thing again", "A filled ellipse.")
    import_label_file(again, out)
    assert own_comments(again, [picture], "me") == {picture: "Round, as a plate."}
    assert import_label_file(concept, out)["unchanged"] == 1


def test_where_two_differ_both_answers_are_there_until_they_agree(concept: Concept, ids: list[str]) -> None:
    one, other = ids
    say(concept, "ana", "yes", one, "Round enough.")
    say(concept, "me", "no", one)
    keep(concept, one, "It has corners.")
    say(concept, "ana", "yes", other)
    say(concept, "me", "unsure", other)
    (found,) = differing(concept)
    assert (found.id, found.label, found.evidence) == (one, "conflict", "1 yes, 1 no.")
    assert {(said.author, said.value, *said.comments) for said in found.labels} == {
        ("ana", "yes", "Round enough."),
        ("me", "no", "It has corners."),
    }
    say(concept, "me", "no", other)
    assert [item.label for item in differing(concept)] == ["conflict", "conflict"]
    say(concept, "cat", "no", one)
    say(concept, "me", "yes", other)  # they talked
    assert [(item.id, item.label) for item in differing(concept)] == [(one, "no")]
    assert decisions_of(concept)[other].value == "yes"


def test_what_others_said_is_read_only_after_ones_own_answer(concept: Concept, ids: list[str]) -> None:
    picture, _ = ids
    say(concept, "ana", "no", picture, "It has corners.")
    say(concept, "ben", "no", picture)
    say(concept, "dan", "yes", picture)
    keep(concept, picture, "Round to me.")
    (before,) = differing(concept, "me")
    assert (before.blind, before.labels, before.label, before.evidence) == (True, [], "", "")
    assert read(concept, picture) == [("me", "Round to me.")]
    say(concept, "me", "skip", picture)
    assert differing(concept, "me") == [before]
    assert read(concept, picture) == [("me", "Round to me.")]
    say(concept, "me", "no", picture)
    (after,) = differing(concept, "me")
    assert (after.blind, len(after.labels), after.label) == (False, 4, "no")
    assert read(concept, picture) == [("ana", "It has corners."), ("me", "Round to me.")]
    take_back_labels(concept, author="me", count=2)
    assert read(concept, picture) == [("me", "Round to me.")]
    assert list(comments_of_picture(concept.app, picture, "me")) == [NAME]
    assert comments_of_picture(concept.app, picture, "eve") == {}


def test_the_label_screen_gets_what_others_said_after_ones_own_answer(
    concept: Concept, ids: list[str]
) -> None:
    client = TestClient(create_service(concept.app), base_url="http://127.0.0.1:7860")
    answered, _ = ids
    say(concept, "ana", "yes", answered, "Round enough.")
    api, after = f"/api/v1/concepts/{NAME}", {"after": answered}
    assert client.get(f"{api}/upcoming", params=after).json()["others"] == []
    client.post(f"{api}/labels", json={"answers": [{"picture": answered, "value": "no"}]})
    (said,) = client.get(f"{api}/upcoming", params=after).json()["others"]
    assert (said["author"], said["value"], said["comments"]) == ("ana", "yes", ["Round enough."])


def test_agreement_counts_pictures_that_both_decided() -> None:
    words = {"y": "yes", "n": "no", "u": "unsure"}
    both = zip(10 * "y" + 10 * "n", 8 * "y" + 10 * "n" + 2 * "u", strict=True)
    said = [{"ana": words[one], "ben": words[other]} for one, other in both]
    (pair,) = pairs({str(n): Decision(str(n), "yes", one, simulated=False) for n, one in enumerate(said)})
    assert (pair.one, pair.other, pair.n, pair.agree) == ("ana", "ben", 18, 16)
    assert pairs({}) == []
