"""Large and wrong requests: what is said of them is short, and says how much was wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from web.api.shared import MOST_NAMES
from web.http.guard import LARGEST_BODY
from web.http.problems import FIRST

AS_JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def concept(api: TestClient) -> str:
    api.post("concepts", json={"name": "Large", "description": "For large requests."})
    return "Large"


@pytest.mark.parametrize(
    "body",
    [
        {"answers": [{"picture": "x", "value": "y", "more": 1}] * 20_000},
        {"answers": [{"picture": "x", "value": "y"}] * 200},
        {"answers": [{"picture": "0" * 64, "value": "yes"}]} | {f"unknown {i}": i for i in range(30_000)},
        {"answers": "x" * 900_000},
        [0] * 300_000,
        {f"{i}": 0 for i in range(80_000)},
        {"answers": [{"picture": "0" * 64, "value": "yes"} | {f"{i}": 0 for i in range(450)}] * 150},
    ],
    ids=["too many", "all wrong", "unknown names", "long text", "a list", "names alone", "names inside"],
)
def test_a_wrong_request_near_the_limit_is_answered_with_its_first_problems_and_their_number(
    api: TestClient, concept: str, body: Any
) -> None:
    content = json.dumps(body).encode()
    assert len(content) < LARGEST_BODY
    answer = api.post(f"concepts/{concept}/labels", content=content, headers=AS_JSON)
    assert answer.status_code == 422
    said = answer.json()
    assert len(answer.content) < 10_000
    assert 1 <= len(said["errors"]) <= FIRST
    assert said["wrong"] >= len(said["errors"])
    if said["wrong"] > FIRST:
        assert f"{said['wrong'] - FIRST:,} more" in said["detail"]


def test_json_with_more_names_than_any_request_has_is_refused_before_each_is_an_error(
    api: TestClient, concept: str
) -> None:
    for names in (MOST_NAMES, MOST_NAMES + 1):
        content = json.dumps({f"{i}": 0 for i in range(names)}, separators=(",", " :"))
        answer = api.post(f"concepts/{concept}/labels", content=content, headers=AS_JSON)
        assert answer.status_code == 422
        assert (answer.json()["wrong"] == 1) == (names > MOST_NAMES)


def test_of_a_label_file_larger_than_other_requests_the_first_bad_rows_and_words_are_named(
    api: TestClient, concept: str
) -> None:
    words = [f"{number} {'x' * 150}" for number in range(20_000)]
    for labels in (["yes"] * 100_000, words):
        content = ("path,label\n" + "".join(f"nowhere.png,{label}\n" for label in labels)).encode()
        assert len(content) > LARGEST_BODY
        answer = api.post(f"concepts/{concept}/labels/import", content=content)
        assert answer.status_code == 422
        assert (len(answer.json()["errors"]), answer.json()["wrong"]) == (FIRST, len(labels))
        assert len(answer.content) < 10_000
    preview = api.post(f"concepts/{concept}/labels/preview", content=content)
    assert len(preview.content) < 100_000
    answer = api.post(f"concepts/{concept}/labels/import", content=b"," * 1_000_000)
    assert (answer.status_code, "first line has more than" in answer.json()["detail"]) == (422, True)
