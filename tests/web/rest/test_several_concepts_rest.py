"""Several concepts over REST: a rule that is tried, kept and downloaded, one table of scores."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from answering import answer
from fastapi.testclient import TestClient

from concepts.labelling.labels import next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.trained import train
from concepts.use_cases import App

ONE, OTHER = "Round thing", "A line"
Finished = Callable[[Any], dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def two(workbench: App) -> None:
    for name in (ONE, OTHER):
        begin_concept(workbench, name, f"{name}, filled.")
        answer(workbench, name, [p.id for p in next_pictures(workbench.concept(name), 16)])
        workbench.concept(name).begin(train).wait()


def test_a_rule_is_tried_kept_downloaded_removed_and_brought_back(
    api: TestClient, finished: Finished
) -> None:
    rule = f"{ONE} AND NOT {OTHER}"
    tried = api.get("combine", params={"rule": rule, "threshold": 0.4, "limit": 5}).json()
    assert (tried["rule"], len(tried["pictures"]), len(tried["pictures"][0]["members"])) == (rule, 5, 2)
    assert finished(api.post("combine/library-scores", json={"rule": rule}))["state"] == "done"
    kept = api.post("combinations", json={"name": "Odd ones", "rule": rule, "threshold": 0.4})
    assert (kept.status_code, kept.json()["members"][0]["version"]) == (201, 1)
    scores = api.get("combine", params={"kept": "odd ones", "limit": 5}).json()
    assert scores["pictures"] == tried["pictures"]
    bundle = api.get("combinations/Odd ones/bundle")
    assert any(n.endswith("head.json") for n in zipfile.ZipFile(io.BytesIO(bundle.content)).namelist())
    assert api.post("trash", json={"rule": "Odd ones"}).status_code == 201
    assert api.get("combinations").json() == []
    missing = api.get("combine", params={"kept": "Odd ones"})
    assert (missing.status_code, missing.json()["type"]) == (404, "/api/v1/docs#unknown-combination")
    assert api.post("trash/restore", json={"rule": "Odd ones"}).json()["names"] == ["Odd ones"]
    assert [one["name"] for one in api.get("combinations").json()] == ["Odd ones"]
    refused = api.get("combine", params={"rule": f"{ONE} AND"})
    assert (refused.status_code, refused.json()["type"]) == (422, "/api/v1/docs#rule-text")
