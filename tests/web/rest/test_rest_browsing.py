"""Programs look through the library and empty the trash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient


def test_a_part_of_the_library_comes_in_an_order_page_by_page(api: TestClient) -> None:
    first = api.get("library/pictures", params={"sort": "name", "format": "PNG", "limit": 3}).json()
    names = [picture["path"].rpartition("/")[2] for picture in first["pictures"]]
    assert names == ["ellipse-0000.png", "ellipse-0003.png", "ellipse-0006.png"]
    assert first["fitting"] == 60
    again = {"sort": "name", "format": "PNG", "limit": 3}
    second = api.get("library/pictures", params=again | {"cursor": first["older"]}).json()
    assert api.get("library/pictures", params=again | {"cursor": second["newer"]}).json() == first
    for wrong in ({"sort": "shape"}, {"limit": 201}):
        assert api.get("library/pictures", params=wrong).status_code == 422
    state = api.get("library").json()
    assert state["formats"] == ["PNG"]
    assert [folder["files"] for folder in state["folders"]] == [60]
    camera = api.get(f"library/pictures/{first['pictures'][0]['id']}").json()["camera"]
    assert (camera["facts"], camera["missing"]) == ({}, False)


def test_pictures_go_into_the_trash_back_and_away(
    api: TestClient, finished: Callable[[Any], dict[str, Any]]
) -> None:
    one, two = (p["id"] for p in api.get("library/pictures", params={"limit": 2}).json()["pictures"])
    assert api.post("trash", json={"pictures": [one]}).json()["ids"] == [one]
    assert api.get(f"library/pictures/{one}").status_code == 404
    assert api.post("trash", json={"pictures": [two, one]}).status_code == 404
    api.post("trash", json={"pictures": [two]})
    assert [p["id"] for p in api.get("trash?kind=picture").json()] == [two, one]
    assert api.post("trash/restore", json={"pictures": [two]}).json()["ids"] == [two]
    gone = finished(api.post("trash/empty", json={"refuse": True}))
    assert (gone["result"]["pictures"], gone["result"]["refused"]) == (1, True)
    assert api.get("trash").json() == []
    for body in ({}, {"pictures": []}, {"pictures": [two], "rule": "Both"}):
        assert api.post("trash", json=body).status_code == 422


def test_which_pictures_look_alike_and_what_that_takes_on_disk(
    api: TestClient, finished: Callable[[Any], dict[str, Any]]
) -> None:
    count = api.get("library").json()["pictures"]
    some = {"only": "neighbours"}
    assert finished(api.post("library/check", json=some))["result"]["pictures"] == count
    assert finished(api.post("library/check", json=some | {"anew": True}))["result"]["pictures"] == count
    told = api.get("library").json()["neighbours"]
    assert (told["pictures"], told["of"], told["recall"], told["is_current"]) == (count, count, 1, True)
    tidied = finished(api.post("library/check", json={"only": "tidy"}))["result"]
    disk = api.get("library").json()["vectors"]
    assert disk["graph"] > 0
    assert sum(disk[part] for part in ("table", "copied", "graph", "others")) == tidied["after"]
