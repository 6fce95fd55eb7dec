"""REST: concepts that are answered by grades or classes."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient


def picture(api: TestClient, place: int = 0) -> str:
    found = api.get("library/pictures", params={"limit": 10}).json()["pictures"]
    return str(found[place]["id"])


def begin(api: TestClient, name: str, **more: object) -> dict[str, object]:
    answer = api.post("concepts", json={"name": name, "description": "How much.", **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["scale"])


def test_a_graded_concept_takes_grades_and_says_them_again(api: TestClient) -> None:
    assert begin(api, "Roundness", grades=5, counts_from=4)["counts_from"] == 4
    body = {"answers": [{"picture": picture(api), "value": "4"}, {"picture": picture(api, 1), "value": "2"}]}
    once = api.post("concepts/Roundness/labels", json=body, headers={"Idempotency-Key": "a"})
    again = api.post("concepts/Roundness/labels", json=body, headers={"Idempotency-Key": "a"})
    assert [answer["value"] for answer in once.json()] == ["4", "2"]
    assert once.json() == again.json()
    assert [row["label"] for row in api.get("concepts/Roundness/labels").json()] == ["4", "2"]
    count = api.get("concepts/Roundness").json()["answers"]
    assert (count["yes"], count["no"]) == (1, 1)


@pytest.mark.parametrize("value", ["maybe", "1", "Yes", "kitchen"])
def test_where_there_is_no_scale_only_the_four_answers_are_taken(api: TestClient, value: str) -> None:
    begin(api, f"Plain {value}")
    body = {"answers": [{"picture": picture(api), "value": value}]}
    assert api.post(f"concepts/Plain {value}/labels", json=body).status_code == 422
