"""REST: the whole job by HTTP, and what a program can rely on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from fastapi.testclient import TestClient
from web_screens import PASSWORD

from concepts.bundle.decisions import zones_of
from concepts.errors import DiscernError
from concepts.installation.jobs import list_deeds
from concepts.installation.users import LAST_REMOVED, Users
from concepts.library.collection import collection_of
from concepts.results.trained import train
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from storage.people import AnsweredRequests

Finished = Callable[[Any], dict[str, Any]]


def begin(api: TestClient, name: str) -> None:
    begun = api.post("concepts", json={"name": name, "description": "Round shapes."})
    assert begun.status_code == 201, begun.text


@pytest.fixture(scope="module")
def unanswered(api: TestClient) -> None:
    begin(api, "Unanswered")


def ids_of(api: TestClient, shape: str) -> list[str]:
    pictures = api.get("library/pictures", params={"limit": 200}).json()["pictures"]
    return [p["id"] for p in pictures if Path(p["path"]).name.startswith(shape)]


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_request_that_is_sent_again_is_done_once_and_answered_as_before(
    api: TestClient, workbench: App
) -> None:
    body = {"name": "Begun once", "description": "Round shapes."}
    first = api.post("concepts", json=body, headers=keyed("begin"))
    again = api.post("concepts", json=body, headers=keyed("begin"))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["content-type"] == "application/json"
    job = api.post("concepts/Begun once/mine", json={"size": 5}, headers=keyed("mine"))
    same = api.post("concepts/Begun once/mine", json={"size": 5}, headers=keyed("mine"))
    assert (same.status_code, same.headers["location"]) == (202, job.headers["location"])
    gone = [api.post("trash", json={"concept": "Begun once"}, headers=keyed("gone")) for _ in range(2)]
    assert [one.status_code for one in gone] == [201, 201]
    assert api.post("concepts", json=body, headers=keyed("begin")).status_code == 201  # it stays in the trash
    assert api.get("concepts/Begun once").status_code == 409
    deeds = [deed.what for deed in list_deeds(workbench) if "concepts" in deed.about]
    assert deeds.count("began a concept") == 1


def test_a_key_of_a_deleted_concept_is_new_to_its_namesake(api: TestClient) -> None:
    begin(api, "Begun twice")
    body = {"answers": [{"picture": ids_of(api, "line")[0], "value": "no"}]}
    api.post("concepts/Begun twice/labels", json=body, headers={"Idempotency-Key": "k2"})
    api.post("trash", json={"concept": "Begun twice"})
    begin(api, "Begun twice")
    api.post("concepts/Begun twice/labels", json=body, headers={"Idempotency-Key": "k2"})
    assert [row["label"] for row in api.get("concepts/Begun twice/labels").json()] == ["no"]


def test_a_key_of_labels_brings_them_once_and_no_others(api: TestClient) -> None:
    begin(api, "Keyed labels")
    one, other = ({"picture": picture, "value": "no"} for picture in ids_of(api, "line")[:2])

    def sent(*answers: dict[str, str], key: str = "sheet") -> tuple[int, Any]:
        got = api.post("concepts/Keyed labels/labels", json={"answers": answers}, headers=keyed(key))
        return got.status_code, got.json()

    first = sent(one)
    assert first[0] == 201
    assert sent(one) == first
    for refused in (sent(other), sent(one | {"value": "yes"}), sent(one, other), sent(one, key="long" * 51)):
        assert refused[0] == 422
    assert len(api.get("concepts/Keyed labels/labels").json()) == 1


def test_a_key_belongs_to_one_request_of_one_person(api: TestClient, workbench: App) -> None:
    body = {"name": "Keyed", "description": "Round shapes."}
    assert api.post("concepts", json=body, headers=keyed("mine alone")).status_code == 201
    other = {"description": "Other shapes."}
    for refused in (
        api.post("concepts", json=body | other, headers=keyed("mine alone")),
        api.post("concepts?again", json=body, headers=keyed("mine alone")),
        api.patch("concepts/Keyed", json={}, headers=keyed("mine alone")),
        api.post("concepts", json=body, headers=keyed("long" * 51)),
    ):
        assert (refused.status_code, refused.json()["type"]) == (422, "/api/v1/docs#invalid-request")
    for name in ("ana", "ben"):
        Users(workbench.settings).set(name, PASSWORD, Role.OWNER)
    try:
        answers = [
            api.post("concepts", json=body | {"name": name}, headers=keyed("shared"), auth=(name, PASSWORD))
            for name in ("ana", "ben")
        ]
        assert [one.json()["name"] for one in answers] == ["ana", "ben"]
    finally:
        for name in ("ana", "ben"):
            Users(workbench.settings).remove(name)
        workbench.audit.add("ana", LAST_REMOVED)  # as the command does


def test_what_failed_may_be_sent_anew_with_its_key_and_what_goes_on_may_not(
    api: TestClient, workbench: App
) -> None:
    body = {"name": "In between", "description": "Round shapes."}
    label = {"answers": [{"picture": ids_of(api, "line")[0], "value": "no"}]}
    assert api.post("concepts/In between/labels", json=label, headers=keyed("once")).status_code == 404
    begin(api, body["name"])
    assert api.post("concepts/In between/labels", json=label, headers=keyed("once")).status_code == 201
    answered, name = AnsweredRequests(workbench.database), hashlib.sha256(b"me\ngoes on").hexdigest()
    assert answered.begin(name)
    other = {"name": "Another", "description": "Round shapes."}
    going = api.post("concepts", json=other, headers=keyed("goes on"))
    assert (going.status_code, going.headers["retry-after"]) == (409, "1")
    answered.end(name)
    assert api.post("concepts", json=other, headers=keyed("goes on")).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "concepts/Nothing", None, 404, "unknown-concept"),
        ("GET", "jobs/999999", None, 404, "unknown-job"),
        ("POST", "jobs/1/retry", None, 409, "conflict"),
        ("GET", "jobs/1/scores", None, 422, "discern"),
        ("GET", f"library/pictures/{'0' * 64}", None, 404, "unknown-picture"),
        ("GET", "library/pictures?answered=yes", None, 422, "discern"),
        ("POST", "library/pictures", {"paths": ["/no/such/folder"]}, 422, "discern"),
        ("POST", "settings/test", None, 202, ""),
        ("PATCH", "settings", {"openai_base_url": "file:///etc/passwd"}, 422, "settings"),
        ("PATCH", "settings", {"insecure": True}, 422, "invalid-request"),
        ("POST", "concepts", {"name": "a/b", "description": "x"}, 422, "invalid-request"),
        ("POST", "concepts", b"{", 400, "invalid-request"),
        ("POST", "concepts/Unanswered/versions", {}, 409, "not-enough-labels"),
        ("POST", "concepts/Unanswered/versions", {"target": "accuracy"}, 422, "wrong-usage"),
        ("GET", "library/pictures?sort=shape", None, 422, "invalid-request"),
        ("POST", "collections", {"name": "Two", "search": "x", "folder": "/x"}, 422, "discern"),
        ("POST", "collections", {"name": "Empty", "folder": "/nowhere"}, 422, "discern"),
        ("GET", "collections/999", None, 404, "unknown-collection"),
        ("POST", "trash", {"pictures": []}, 422, "invalid-request"),
        ("POST", "trash", {"pictures": ["0" * 64], "rule": "Both"}, 422, "discern"),
        ("GET", "nowhere", None, 404, ""),
        ("DELETE", "library", None, 405, ""),
    ],
)
def test_errors_are_problems_that_say_what_to_do(
    api: TestClient, unanswered: None, method: str, path: str, body: Any, status: int, kind: str
) -> None:
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    said = api.request(method, path, content=content, headers={"content-type": "application/json"})
    assert said.status_code == status, said.text
    if status >= 400:
        assert said.headers["content-type"] == "application/problem+json"
        problem = said.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert problem["type"].endswith(f"#{kind}" if kind else "about:blank")


def test_every_error_of_the_domain_has_a_status_that_is_not_an_accident() -> None:
    kinds: list[type[DiscernError]] = [DiscernError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert 400 <= kind.http_status < 600


def test_the_reference_shows_every_route_and_needs_nothing_from_elsewhere(api: TestClient) -> None:
    document, page = api.get("openapi.json").json(), api.get("docs").text
    for route in (route for methods in document["paths"].values() for route in methods.values()):
        assert f'id="{route["operationId"]}"' in page
    assert "<script" not in page
    assert "//" not in page.replace("https://www.rfc", "").split("</head>")[0]


def test_a_graded_concept_takes_grades_and_says_them_again(api: TestClient) -> None:
    body = {"name": "Roundness", "description": "How round.", "grades": 5, "counts_from": 4}
    assert api.post("concepts", json=body).json()["scale"]["counts_from"] == 4
    one, two, *_ = ids_of(api, "line")
    given = [{"picture": one, "value": "4"}, {"picture": two, "value": "2"}]
    kept = api.post("concepts/Roundness/labels", json={"answers": given})
    assert [answer["value"] for answer in kept.json()] == ["4", "2"]
    assert [row["label"] for row in api.get("concepts/Roundness/labels").json()] == ["4", "2"]
    count = api.get("concepts/Roundness").json()["answers"]
    assert (count["yes"], count["no"]) == (1, 1)


def test_pictures_that_are_sent_are_classified(api: TestClient, workbench: App) -> None:
    begin(api, "Round")
    answer(workbench, "Round", collection_of(workbench).library.all_ids())
    version = workbench.concept("Round").begin(train).wait().version
    page = api.get(f"concepts/Round/versions/{version}/scores", params={"limit": 200}).json()
    scored = page["pictures"]
    known = [scored[0], scored[-1]]
    sent = [("picture", (Path(p["path"]).name, Path(p["path"]).read_bytes())) for p in known]
    sent.append(("picture", ("none.jpg", b"no picture")))
    of_one = {"concept": "Round", "version": version}
    said = api.post("classify", files=sent, data=of_one).json()["pictures"]
    zones = zones_of(api.get(f"concepts/Round/versions/{version}").json()["threshold"], {})
    for one, picture in zip(said, known, strict=False):
        (found,) = one["said"]
        assert (one["name"], found["version"]) == (Path(picture["path"]).name, version)
        p = found["probability"]
        assert p == pytest.approx(picture["probability"], abs=1e-3)
        assert found["zone"] == ("yes" if p >= zones.yes_from else "no" if p <= zones.no_up_to else "look")
    assert [one["said"][0]["decision"] for one in said[:2]] == ["yes", "no"]
    assert said[2]["said"] == []
    assert "not a JPEG" in said[2]["error"]
    assert api.post("classify", files=sent).json()["pictures"][0]["said"] == said[0]["said"]
    assert api.post("classify", files=sent, data={"concept": "No such"}).status_code == 404
    assert api.post("classify", files=sent * 20).status_code == 422
