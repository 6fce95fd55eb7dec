"""REST: concepts that are answered by grades or classes."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from concepts.workbench import Workbench
from concepts.workbench.labels import GivenLabel


def test_a_graded_concept_takes_grades_and_says_them_again(api: TestClient, workbench: Workbench) -> None:
    body = {"name": "Roundness", "description": "How round.", "grades": 5, "counts_from": 4}
    assert api.post("concepts", json=body).json()["scale"]["counts_from"] == 4
    one, two = (picture.id for picture in workbench.library.pictures(limit=2).pictures)
    given = [{"picture": one, "value": "4"}, {"picture": two, "value": "2"}]
    kept = api.post("concepts/Roundness/labels", json={"answers": given}, headers={"Idempotency-Key": "a"})
    assert [answer["value"] for answer in kept.json()] == ["4", "2"]
    asked = [GivenLabel.model_validate(label) for label in given]
    again = workbench.concept("Roundness").labels.add(asked, author="me", key="a")  # as after a power cut
    assert [label.model_dump(mode="json") for label in again] == kept.json()
    assert [row["label"] for row in api.get("concepts/Roundness/labels").json()] == ["4", "2"]
    count = api.get("concepts/Roundness").json()["answers"]
    assert (count["yes"], count["no"]) == (1, 1)


@pytest.mark.parametrize("value", ["maybe", "1", "Yes", "kitchen"])
def test_where_there_is_no_scale_only_the_four_answers_are_taken(api: TestClient, value: str) -> None:
    api.post("concepts", json={"name": f"Plain {value}", "description": "Round shapes."})
    picture = api.get("library/pictures", params={"limit": 1}).json()["pictures"][0]["id"]
    body = {"answers": [{"picture": picture, "value": value}]}
    assert api.post(f"concepts/Plain {value}/labels", json=body).status_code == 422
