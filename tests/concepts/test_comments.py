"""Comments: one's own can be changed and taken back, others' come after one's own answer, files have all."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from postgres import ON_BOTH

from concepts.errors import DiscernError
from concepts.workbench.concept import Concept, comments_of_picture
from web.server import create_app

NAME = "Round thing"
pytestmark = pytest.mark.parametrize("kept_in", ON_BOTH)


@pytest.fixture
def picture(concept: Concept) -> str:
    return concept.bench.library.pictures(limit=1).pictures[0].id


def keep(concept: Concept, picture: str, text: str, who: str = "me", **how: bool) -> None:
    key = hashlib.sha256(f"comment {who} {text} {picture}".encode()).hexdigest()
    concept.labels.comment(picture, text, author=who, key=key, **how)


def answer(concept: Concept, picture: str, value: str, who: str = "me", comment: str = "") -> None:
    concept.labels.give(picture, value, author=who, comment=comment)


def read(concept: Concept, picture: str, who: str = "me") -> list[tuple[str, str]]:
    said = concept.labels.comments([picture], who).get(picture, [])
    return [(remark.author, remark.text) for remark in said]


def test_a_later_comment_takes_the_earlier_ones_place_or_back(concept: Concept, picture: str) -> None:
    with pytest.raises(DiscernError, match="empty"):
        keep(concept, picture, " ")
    keep(concept, picture, "A plate.")
    keep(concept, picture, "A plate, seen from above.")
    assert read(concept, picture) == [("me", "A plate, seen from above.")]
    events = concept.context.log.events(concept.id, picture)
    assert [event.comment for event in events] == ["A plate.", "A plate, seen from above."]
    for _ in range(2):  # a repeated request changes nothing
        keep(concept, picture, "")
    assert read(concept, picture) == []
    concept.labels.comment(picture, "A bowl.", author="me", key="afterwards")
    assert read(concept, picture) == [("me", "A bowl.")]


def test_a_comment_of_an_answer_is_changed_and_the_answer_stays(concept: Concept, picture: str) -> None:
    answer(concept, picture, "yes", comment="Round.")
    keep(concept, picture, "Filled.", beside=True)
    assert concept.labels.own_comments([picture], "me") == {picture: "Round.\nFilled."}
    keep(concept, picture, "Round enough.")
    assert read(concept, picture) == [("me", "Round enough.")]
    assert concept.labels.decisions()[picture].value == "yes"
    assert [row["comment"] for row in concept.label_files.rows()] == ["Round enough."]


def test_others_comments_are_read_only_after_ones_own_answer(concept: Concept, picture: str) -> None:
    answer(concept, picture, "no", "ana", comment="It has corners.")
    keep(concept, picture, "Round to me.")
    assert read(concept, picture) == [("me", "Round to me.")]
    answer(concept, picture, "skip")
    assert read(concept, picture) == [("me", "Round to me.")]
    answer(concept, picture, "yes")
    assert read(concept, picture) == [("ana", "It has corners."), ("me", "Round to me.")]
    concept.labels.take_back(author="me", count=2)
    assert read(concept, picture) == [("me", "Round to me.")]
    assert list(comments_of_picture(concept.bench, picture, "me")) == [NAME]
    assert comments_of_picture(concept.bench, picture, "ben") == {}


def test_the_label_screen_gets_them_with_its_pictures(concept: Concept, picture: str) -> None:
    client = TestClient(create_app(concept.bench), base_url="http://127.0.0.1:7860")
    sent = {"concept": NAME, "key": "comment-1", "picture": picture, "text": "A plate."}
    said = client.post("/app/answers/comment", json=sent).json()["remarks"][picture]
    assert [(one["text"], one["own"]) for one in said] == [("A plate.", True)]
    grid = client.get("/app/answers/grid", params={"concept": NAME, "n": 60}).json()
    while grid["thinking"] and not grid["pictures"]:
        grid = client.get("/app/answers/grid", params={"concept": NAME, "n": 60}).json()
    in_grid = {one["id"] for one in grid["pictures"]}
    assert list(grid["remarks"]) == ([picture] if picture in in_grid else [])
    sent |= {"key": "comment-2", "text": ""}
    assert client.post("/app/answers/comment", json=sent).json()["remarks"] == {}


@pytest.mark.parametrize("format", ["csv", "jsonl", "hugging-face"])
def test_an_exported_file_has_comments_that_were_kept_apart_from_the_answer_and_they_come_back(
    concept: Concept, picture: str, tmp_path: Path, format: str
) -> None:
    answer(concept, picture, "yes", comment="Rnd.")
    keep(concept, picture, "Round, as a plate.")
    out = concept.label_exports.download(format, tmp_path)
    if format == "csv":
        rows = list(csv.DictReader(out.open(newline="")))
        assert [row["comment"] for row in rows] == ["Round, as a plate."]
    concept.bench.concepts.begin("Round thing again", "A filled ellipse.")
    concept.bench.concept("Round thing again").label_files.import_file(out)
    assert concept.bench.concept("Round thing again").labels.own_comments([picture], "me") == {
        picture: "Round, as a plate."
    }
    assert concept.label_files.import_file(out)["unchanged"] == 1
