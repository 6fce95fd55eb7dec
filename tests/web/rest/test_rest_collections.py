"""Collections over REST: made, filled, emptied, undone, removed, and looked in by a concept."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from concepts.workbench import Workbench


def test_a_collection_from_its_beginning_to_a_concept_that_looks_in_it(
    api: TestClient, workbench: Workbench, drawn: Path
) -> None:
    made = api.post("collections", json={"name": "Drawn", "folder": str(drawn)})
    assert made.status_code == 201, made.text
    collection = made.json()
    assert (collection["pictures"], collection["follows"]) == (60, True)
    address = f"collections/{collection['id']}"
    inside = f"library/pictures?limit=60&in={collection['id']}"
    ids = [picture["id"] for picture in api.get(inside).json()["pictures"]]
    taken = api.patch(address, json={"take": ids[:25]}).json()["changes"][0]
    assert (taken["pictures"], taken["remaining"]) == (25, 35)
    assert api.patch(address, json={"take": ids[:25]}).json()["changes"][0] == taken
    assert api.patch(address, json={"put": ids[:5], "name": "Ovals"}).json()["pictures"] == 40
    assert len(api.get(inside).json()["pictures"]) == 40
    hits = api.get(f"{inside}&q=ellipse").json()["pictures"]
    assert len(hits) == 40

    workbench.concepts.begin("Round thing", "A filled ellipse.")
    looks = api.put("concepts/Round thing/looks-in", json={"collections": [collection["id"]]}).json()
    assert (looks["names"], looks["pictures"], looks["library"]) == (["Ovals"], 40, 60)
    asked = api.get("concepts/Round thing/next", params={"n": 20}).json()
    assert {picture["id"] for picture in asked} <= {hit["id"] for hit in hits}

    undone = api.patch(address, json={"undo": taken["number"], "name": "Drawn"}).json()
    assert undone["changes"][0]["remaining"] == 60
    assert api.post("trash", json={"collection": collection["id"]}).json()["names"] == ["Drawn"]
    assert api.get("collections").json() == []
    assert api.post("trash/restore", json={"collection": "drawn"}).json()["names"] == ["Drawn"]
    assert api.get(address).json()["removed"] is None
    assert api.put("concepts/Round thing/looks-in", json={"collections": []}).json()["pictures"] == 60


def test_what_is_no_beginning_and_what_is_not_there_is_refused(api: TestClient) -> None:
    assert api.post("collections", json={"name": "Two", "search": "x", "folder": "/x"}).status_code == 422
    assert api.post("collections", json={"name": "Empty", "folder": "/nowhere"}).status_code == 422
    assert api.get("collections/999").status_code == 404
    assert api.post("collections", json={"name": "Once", "pictures": []}).status_code == 201
    assert api.post("collections", json={"name": "once", "pictures": []}).status_code == 409
