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


def test_grades_are_as_many_as_one_says_and_have_names(api: TestClient) -> None:
    begun = begin(api, "Of ten", grades=10, grade_names=["flat", "round"])
    assert begun["names"] == ["flat", *[""] * 8, "round"]
    body = {"answers": [{"picture": picture(api), "value": "10"}]}
    assert api.post("concepts/Of ten/labels", json=body).json()[0]["value"] == "10"
    refused = {"name": "Of 11", "description": "x", "grades": 11}
    assert api.post("concepts", json=refused).status_code == 422


def test_a_word_of_a_file_can_mean_a_grade_and_only_one_there_is(api: TestClient) -> None:
    begin(api, "Filed", grades=5)
    sent = {"content": f"id,label\n{picture(api)},spotless\n", "params": {"as": "spotless=4"}}
    assert api.post("concepts/Filed/labels/import", **sent).json()["imported"] == 1
    assert [row["label"] for row in api.get("concepts/Filed/labels").json()] == ["4"]
    sent["params"] = {"as": "spotless=6"}
    assert api.post("concepts/Filed/labels/import", **sent).status_code == 422


def test_another_grade_under_the_same_key_is_refused(api: TestClient) -> None:
    begin(api, "Keyed", grades=5)
    for value, status in (("4", 201), ("5", 409)):
        body = {"answers": [{"picture": picture(api), "value": value}]}
        sent = api.post("concepts/Keyed/labels", json=body, headers={"Idempotency-Key": "b"})
        assert sent.status_code == status


def test_no_is_none_of_the_classes(api: TestClient) -> None:
    begin(api, "Shape", classes=["ellipse", "line"])
    body = {"answers": [{"picture": picture(api), "value": "no"}]}
    for _ in range(2):
        sent = api.post("concepts/Shape/labels", json=body, headers={"Idempotency-Key": "c"})
        assert [answer["value"] for answer in sent.json()] == ["none"]


@pytest.mark.parametrize("value", ["maybe", "1", "Yes", "kitchen"])
def test_where_there_is_no_scale_only_the_four_answers_are_taken(api: TestClient, value: str) -> None:
    begin(api, f"Plain {value}")
    body = {"answers": [{"picture": picture(api), "value": value}]}
    assert api.post(f"concepts/Plain {value}/labels", json=body).status_code == 422


def test_what_is_answered_is_changed_until_somebody_answers(api: TestClient) -> None:
    begin(api, "Changing")
    changed = api.patch("concepts/Changing", json={"classes": ["a thing", "another"]})
    assert changed.json()["scale"]["words"] == ["a thing", "another"]
    body = {"answers": [{"picture": picture(api), "value": "a thing"}]}
    assert api.post("concepts/Changing/labels", json=body).status_code == 201
    assert api.patch("concepts/Changing", json={"grades": 5}).status_code == 409


def test_classes_that_cannot_be_told_apart_are_refused(api: TestClient) -> None:
    body = {"name": "Twice", "description": "x", "classes": ["a b", "A  B"]}
    assert api.post("concepts", json=body).status_code == 422
