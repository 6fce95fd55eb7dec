"""REST: the whole job by HTTP, and what a program can rely on."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawing import draw
from fastapi.testclient import TestClient

from concepts.bundle.decisions import zones_of
from concepts.errors import DiscernError
from concepts.installation.users import LAST_REMOVED, Role, Users
from concepts.workbench import Workbench
from storage.people import AnsweredRequests

PASSWORD = "correct horse battery"

Finished = Callable[[Any], dict[str, Any]]


def all_subclasses(kind: type) -> set[type]:
    return {kind}.union(*(all_subclasses(child) for child in kind.__subclasses__()))


def begin(api: TestClient, name: str) -> None:
    answer = api.post("concepts", json={"name": name, "description": "Round shapes."})
    assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def unanswered(api: TestClient) -> None:
    begin(api, "Unanswered")


def ids_of(api: TestClient, shape: str) -> list[str]:
    pictures = api.get("library/pictures", params={"limit": 200}).json()["pictures"]
    return [p["id"] for p in pictures if Path(p["path"]).name.startswith(shape)]


def all_scores(api: TestClient, version: int) -> list[dict[str, Any]]:
    page = api.get(f"concepts/Round/versions/{version}/scores", params={"limit": 200}).json()
    return list(page["pictures"])


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_request_that_is_sent_again_is_done_once_and_answered_as_before(
    api: TestClient, workbench: Workbench
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
    deeds = [deed.what for deed in workbench.installation.deeds() if "concepts" in deed.about]
    assert deeds.count("began a concept") == 1


def test_a_key_of_a_deleted_concept_is_new_to_its_namesake(api: TestClient) -> None:
    begin(api, "Begun twice")
    body = {"answers": [{"picture": ids_of(api, "line")[0], "value": "no"}]}
    api.post("concepts/Begun twice/labels", json=body, headers={"Idempotency-Key": "k2"})
    api.post("trash", json={"concept": "Begun twice"})
    begin(api, "Begun twice")
    api.post("concepts/Begun twice/labels", json=body, headers={"Idempotency-Key": "k2"})
    assert [row["label"] for row in api.get("concepts/Begun twice/labels").json()] == ["no"]


def test_a_key_belongs_to_one_request_of_one_person(api: TestClient, workbench: Workbench) -> None:
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
        Users(workbench.context.settings).set(name, PASSWORD, Role.OWNER)
    try:
        answers = [
            api.post("concepts", json=body | {"name": name}, headers=keyed("shared"), auth=(name, PASSWORD))
            for name in ("ana", "ben")
        ]
        assert [one.json()["name"] for one in answers] == ["ana", "ben"]
    finally:
        for name in ("ana", "ben"):
            Users(workbench.context.settings).remove(name)
        workbench.context.audit.add("ana", LAST_REMOVED)  # as the command does


def test_what_failed_may_be_sent_anew_with_its_key_and_what_goes_on_may_not(
    api: TestClient, workbench: Workbench
) -> None:
    body = {"name": "In between", "description": "Round shapes."}
    label = {"answers": [{"picture": ids_of(api, "line")[0], "value": "no"}]}
    assert api.post("concepts/In between/labels", json=label, headers=keyed("once")).status_code == 404
    begin(api, body["name"])
    assert api.post("concepts/In between/labels", json=label, headers=keyed("once")).status_code == 201
    answered, name = AnsweredRequests(workbench.context.database), hashlib.sha256(b"me\ngoes on").hexdigest()
    assert answered.begin(name)
    going = api.post("concepts/In between/labels", json=label, headers=keyed("goes on"))
    assert (going.status_code, going.headers["retry-after"]) == (409, "1")
    answered.end(name)
    assert api.post("concepts/In between/labels", json=label, headers=keyed("goes on")).status_code == 201


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
        ("GET", "nowhere", None, 404, ""),
        ("DELETE", "library", None, 405, ""),
    ],
)
def test_errors_are_problems_that_say_what_to_do(
    api: TestClient, unanswered: None, method: str, path: str, body: Any, status: int, kind: str
) -> None:
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    answer = api.request(method, path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert problem["type"].endswith(f"#{kind}" if kind else "about:blank")


def test_every_error_of_the_domain_has_a_status_that_is_not_an_accident() -> None:
    for error in all_subclasses(DiscernError):
        assert 400 <= error.http_status < 600


def test_the_reference_shows_every_route_and_needs_nothing_from_elsewhere(api: TestClient) -> None:
    document = api.get("openapi.json").json()
    page = api.get("docs")
    operations = [r["operationId"] for methods in document["paths"].values() for r in methods.values()]
    assert len(operations) > 40
    assert len(operations) == len(set(operations))
    for operation in operations:
        assert f'id="{operation}"' in page.text
    assert "<script" not in page.text
    assert "//" not in page.text.replace("https://www.rfc", "").split("</head>")[0]
    for target in set(page.text.split('href="#')[1:]):
        assert f'id="{target.partition(chr(34))[0]}"' in page.text


def test_an_example_is_sent_as_a_file_shown_and_taken_back(api: TestClient) -> None:
    begin(api, "By example")
    content = io.BytesIO()
    draw("ellipse", 4711).save(content, "PNG")
    file = {"picture": ("phone.png", content.getvalue())}
    given = api.post("concepts/By example/examples", files=file, data={"counts": "true"})
    assert (given.status_code, given.json()["outside"]) == (201, True)
    picture = given.json()["id"]
    listed = {"id": picture, "counts": True, "outside": True, "used": True}
    assert api.get("concepts/By example").json()["examples"] == [listed]
    bad = api.post("concepts/By example/examples", files={"picture": ("x.png", b"no picture")})
    assert (bad.status_code, bad.json()["type"].partition("#")[2]) == (422, "bad-picture")
    assert api.delete(f"concepts/By example/examples/{picture}").status_code == 200
    assert api.get("concepts/By example").json()["examples"] == []


def test_pictures_that_are_sent_are_classified(api: TestClient, workbench: Workbench) -> None:
    begin(api, "Round")
    for picture in workbench.library.pictures(limit=60).pictures:
        value = "yes" if "ellipse" in picture.path else "no"
        workbench.concept("Round").labels.give(picture.id, value, author="me")
    version = workbench.concept("Round").versions.train().wait().version
    scored = all_scores(api, version)
    known = [scored[0], scored[-1]]
    sent = [("picture", (Path(p["path"]).name, Path(p["path"]).read_bytes())) for p in known]
    sent.append(("picture", ("none.jpg", b"no picture")))
    of_one = {"concept": "Round", "version": version}
    said = api.post("classify", files=sent, data=of_one).json()["pictures"]
    zones = zones_of(api.get(f"concepts/Round/versions/{version}").json()["threshold"], {})
    for one, picture in zip(said, known, strict=False):
        (answer,) = one["said"]
        assert (one["name"], answer["version"]) == (Path(picture["path"]).name, version)
        p = answer["probability"]
        assert p == pytest.approx(picture["probability"], abs=1e-3)
        assert answer["zone"] == ("yes" if p >= zones.yes_from else "no" if p <= zones.no_up_to else "look")
    assert [one["said"][0]["decision"] for one in said[:2]] == ["yes", "no"]
    assert said[2]["said"] == []
    assert "not a JPEG" in said[2]["error"]
    assert api.post("classify", files=sent).json()["pictures"][0]["said"] == said[0]["said"]
    assert api.post("classify", files=sent, data={"concept": "No such"}).status_code == 404
    assert api.post("classify", files=sent * 20).status_code == 422
