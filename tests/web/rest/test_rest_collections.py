"""Collections over REST: made, filled, emptied, undone, removed, and looked in by a concept."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from concepts.results.concepts import begin_concept
from concepts.use_cases import App


def test_a_collection_from_its_beginning_to_a_concept_that_looks_in_it(
    api: TestClient, workbench: App, drawn: Path
) -> None:
    made = api.post("collections", json={"name": "Drawn", "folder": str(drawn)})
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    address, inside = f"collections/{number}", f"library/pictures?limit=60&in={number}"
    ids = [picture["id"] for picture in api.get(inside).json()["pictures"]]
    taken = api.patch(address, json={"take": ids[:25]}).json()["changes"][0]
    assert (taken["pictures"], taken["remaining"]) == (25, 35)
    assert api.patch(address, json={"take": ids[:25]}).json()["changes"][0] == taken
    assert api.patch(address, json={"put": ids[:5], "name": "Ovals"}).json()["pictures"] == 40
    hits = api.get(f"{inside}&q=ellipse").json()["pictures"]
    assert len(hits) == 40

    begin_concept(workbench, "Round thing", "A filled ellipse.")
    looks = api.put("concepts/Round thing/looks-in", json={"collections": [number]}).json()
    assert (looks["names"], looks["pictures"], looks["library"]) == (["Ovals"], 40, 60)
    asked = api.get("concepts/Round thing/next", params={"n": 20}).json()
    assert {picture["id"] for picture in asked} <= {hit["id"] for hit in hits}

    assert api.patch(address, json={"undo": taken["number"]}).json()["changes"][0]["remaining"] == 60
    assert api.post("trash", json={"collection": number}).json()["names"] == ["Ovals"]
    assert api.get("collections").json() == []
    assert api.post("trash/restore", json={"collection": "ovals"}).json()["names"] == ["Ovals"]
    assert api.post("collections", json={"name": "ovals", "pictures": []}).status_code == 409
