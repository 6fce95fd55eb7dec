"""REST: the whole job by HTTP, and what a program can rely on."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawing import draw
from fastapi.testclient import TestClient

from concepts.bundle.decisions import zones_of
from concepts.errors import DiscernError
from concepts.workbench import Workbench

Finished = Callable[[Any], dict[str, Any]]


def all_subclasses(kind: type) -> set[type]:
    return {kind}.union(*(all_subclasses(child) for child in kind.__subclasses__()))


def begin(api: TestClient, name: str) -> None:
    answer = api.post("concepts", json={"name": name, "description": "Round shapes."})
    assert answer.status_code == 201, answer.text


def ids_of(api: TestClient, shape: str) -> list[str]:
    pictures = api.get("library/pictures", params={"limit": 200}).json()["pictures"]
    return [p["id"] for p in pictures if Path(p["path"]).name.startswith(shape)]


def all_scores(api: TestClient, version: int) -> list[dict[str, Any]]:
    page = api.get(f"concepts/Round/versions/{version}/scores", params={"limit": 200}).json()
    return list(page["pictures"])


def test_the_whole_job_by_http(api: TestClient, finished: Finished, tmp_path: Path) -> None:
    begin(api, "Round")
    assert finished(api.post("concepts/Round/mine", json={"size": 40}))["result"]["candidates"] == 40
    round_ones, others = ids_of(api, "ellipse"), ids_of(api, "rectangle") + ids_of(api, "line")
    answers = [{"picture": i, "value": "yes"} for i in round_ones] + [
        {"picture": i, "value": "no"} for i in others
    ]
    kept = api.post("concepts/Round/labels", json={"answers": answers, "simulated": True})
    assert kept.status_code == 201
    assert {answer["author_kind"] for answer in kept.json()} == {"simulated"}
    assert "lda" in api.post("concepts/Round/versions", json={"head": "forest"}).json()["detail"]
    trained = finished(api.post("concepts/Round/versions", json={"target": "f1", "head": "lda"}))
    assert trained["state"] == "done", trained
    version = trained["result"]["version"]
    quality = api.get(f"concepts/Round/versions/{version}/quality").json()
    assert quality["n"] > 0
    page = api.get(f"concepts/Round/versions/{version}/scores", params={"limit": 5}).json()
    assert len(page["pictures"]) == 5
    scored = finished(api.post(f"concepts/Round/versions/{version}/scores", json={"format": "csv"}))
    lines = api.get(f"jobs/{scored['id']}/scores").text.splitlines()
    assert len(lines) == 61
    scored = all_scores(api, version)
    known = [scored[0], scored[-1]]
    sent = [("picture", (Path(p["path"]).name, Path(p["path"]).read_bytes())) for p in known]
    sent.append(("picture", ("none.jpg", b"no picture")))
    said = api.post(f"concepts/Round/versions/{version}/classify", files=sent).json()["pictures"]
    for one, picture in zip(said, known, strict=False):
        (answer,) = one["said"]
        assert (one["name"], answer["version"]) == (Path(picture["path"]).name, version)
        assert answer["probability"] == pytest.approx(picture["probability"], abs=1e-3)
    assert [one["said"][0]["decision"] for one in said[:2]] == ["yes", "no"]
    zones = zones_of(api.get(f"concepts/Round/versions/{version}").json()["threshold"], {})
    for answer in (one["said"][0] for one in said[:2]):
        p = answer["probability"]
        expected = "yes" if p >= zones.yes_from else "no" if p <= zones.no_up_to else "look"
        assert answer["zone"] == expected
    assert said[2]["said"] == []
    assert "not a JPEG" in said[2]["error"]
    assert api.post("classify", files=sent).json()["pictures"][0]["said"] == said[0]["said"]
    assert api.post("classify", files=sent, data={"concept": "No such"}).status_code == 404
    assert api.post("classify", files=sent * 20).status_code == 422
    bundle = api.get(f"concepts/Round/versions/{version}/bundle")
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        assert any(name.endswith("head.json") for name in archive.namelist())
    twice = api.get(f"concepts/Round/versions/{version}/bundle", params={"also": "Round"})
    assert (twice.status_code, "more than once" in twice.text) == (422, True)
    assert api.get(f"concepts/Round/versions/{version}/card").text.startswith("# Round")
    lowered = api.post(f"concepts/Round/versions/{version}/threshold", json={"threshold": 0.2}).json()[
        "number"
    ]
    assert [head["number"] for head in api.get("concepts/Round/versions").json()] == [version, lowered]
    comparison = api.get("concepts/Round/compare", params={"one": version, "other": lowered})
    assert comparison.status_code == 200, comparison.text


def test_a_repeated_request_with_the_same_key_counts_once_and_is_answered_the_same(api: TestClient) -> None:
    begin(api, "Repeated")
    body = {"answers": [{"picture": ids_of(api, "line")[0], "value": "no", "comment": "a line"}]}
    first = api.post("concepts/Repeated/labels", json=body, headers={"Idempotency-Key": "k1"})
    again = api.post("concepts/repeated/labels", json=body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len(api.get("concepts/Repeated/labels").json()) == 1
    undone = api.post("concepts/Repeated/labels/undo", json={}, headers={"Idempotency-Key": "u1"})
    assert undone.json() == [{"picture": body["answers"][0]["picture"], "value": "no"}]
    repeated = api.post("concepts/Repeated/labels/undo", json={}, headers={"Idempotency-Key": "u1"})
    assert repeated.json() == undone.json()
    assert api.get("concepts/Repeated/labels").json() == []


def test_a_key_of_a_deleted_concept_is_new_to_its_namesake(api: TestClient) -> None:
    begin(api, "Begun twice")
    body = {"answers": [{"picture": ids_of(api, "line")[0], "value": "no"}]}
    api.post("concepts/Begun twice/labels", json=body, headers={"Idempotency-Key": "k2"})
    api.post("trash", json={"concept": "Begun twice"})
    begin(api, "Begun twice")
    api.post("concepts/Begun twice/labels", json=body, headers={"Idempotency-Key": "k2"})
    assert [row["label"] for row in api.get("concepts/Begun twice/labels").json()] == ["no"]


def test_a_key_that_is_used_for_something_else_is_refused(api: TestClient) -> None:
    begin(api, "Reused")
    picture = ids_of(api, "line")[0]
    for value, status in (("no", 201), ("yes", 409)):
        body = {"answers": [{"picture": picture, "value": value}]}
        answer = api.post("concepts/Reused/labels", json=body, headers={"Idempotency-Key": "k"})
        assert answer.status_code == status
    assert [row["label"] for row in api.get("concepts/Reused/labels").json()] == ["no"]


def test_answers_are_committed_together_or_not_at_all(api: TestClient) -> None:
    begin(api, "Together")
    good = {"picture": ids_of(api, "line")[0], "value": "no"}
    answer = api.post("concepts/Together/labels", json={"answers": [good, good | {"picture": "0" * 64}]})
    assert answer.status_code == 404
    assert api.get("concepts/Together/labels").json() == []


def test_labels_leave_as_a_file_and_come_back(api: TestClient) -> None:
    begin(api, "Out")
    begin(api, "In")
    answers = [{"picture": i, "value": "no", "comment": 'a "line", long'} for i in ids_of(api, "line")]
    api.post("concepts/Out/labels", json={"answers": answers})
    for kind in ("csv", "jsonl"):
        file = api.get("concepts/Out/labels/export", params={"format": kind})
        assert "attachment" in file.headers["content-disposition"]
        result = api.post(
            "concepts/In/labels/import",
            params={"format": kind},
            content=file.content,
            headers={"content-type": "text/plain"},
        ).json()
        assert result["bad_rows"] == []
        assert result["imported"] == (len(answers) if kind == "csv" else 0)


def test_training_before_an_answer_and_an_unknown_target_are_refused_at_once(api: TestClient) -> None:
    api.post("concepts", json={"name": "Unanswered", "description": "Nothing."})
    nothing = api.post("concepts/Unanswered/versions", json={})
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/api/v1/docs#not-enough-labels")
    assert "0 yes and 0 no" in nothing.json()["detail"]
    assert api.post("concepts/Unanswered/versions", json={"target": "accuracy"}).status_code == 422


def test_a_label_file_of_only_bad_rows_is_an_error_that_lists_them(api: TestClient) -> None:
    api.post("concepts", json={"name": "Bad rows", "description": "Nothing."})
    answer = api.post(
        "concepts/Bad rows/labels/import",
        content="path;label\nnowhere.png;yes\n",
        headers={"content-type": "text/plain"},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"where": "row 2", "what": "no picture of the library: nowhere.png"}]


def test_pages_of_pictures_join_up_and_are_never_longer_than_asked(api: TestClient) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get("library/pictures", params={"limit": 17, "cursor": cursor}).json()
        assert len(page["pictures"]) <= 17
        seen += [picture["id"] for picture in page["pictures"]]
        cursor = page["older"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == api.get("library").json()["pictures"]
    assert api.get("library/pictures", params={"limit": 201}).status_code == 422


def test_a_picture_its_thumbnail_and_pictures_like_it(api: TestClient) -> None:
    picture = ids_of(api, "ellipse")[0]
    assert api.get(f"library/pictures/{picture}").json()["id"] == picture
    assert api.get(f"library/pictures/{picture}/thumbnail").content[8:12] == b"WEBP"
    hits = api.get("library/search", params={"like": [picture], "text": "a circle", "limit": 3}).json()
    assert len(hits) == 3
    assert picture not in {hit["id"] for hit in hits}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "concepts/Nothing", None, 404, "unknown-concept"),
        ("GET", "jobs/999999", None, 404, "unknown-job"),
        ("POST", "jobs/1/retry", None, 409, "conflict"),
        ("GET", "jobs/1/scores", None, 422, "discern"),
        ("GET", f"library/pictures/{'0' * 64}", None, 404, "unknown-picture"),
        ("GET", "library/search", None, 422, "discern"),
        ("POST", "library/pictures", {"paths": ["/no/such/folder"]}, 422, "discern"),
        ("POST", "settings/test", None, 202, ""),
        ("PATCH", "settings", {"openai_base_url": "file:///etc/passwd"}, 422, "settings"),
        ("PATCH", "settings", {"insecure": True}, 422, "invalid-request"),
        ("POST", "concepts", {"name": "a/b", "description": "x"}, 422, "invalid-request"),
        ("GET", "nowhere", None, 404, ""),
        ("DELETE", "library", None, 405, ""),
    ],
)
def test_errors_are_problems_that_say_what_to_do(
    api: TestClient, method: str, path: str, body: Any, status: int, kind: str
) -> None:
    answer = api.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == status
        assert problem["detail"]
        assert problem["type"].endswith(f"#{kind}" if kind else "about:blank")


def test_a_body_that_is_no_json_is_a_problem_too(api: TestClient) -> None:
    answer = api.post("concepts", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_two_concepts_cannot_have_one_name_and_one_in_the_trash_comes_back(api: TestClient) -> None:
    begin(api, "Twice")
    again = api.post("concepts", json={"name": "TWICE", "description": "x"})
    assert again.status_code == 409
    put = api.post("trash", json={"concept": "Twice"}).json()
    refused = api.get("concepts/Twice")
    assert (refused.status_code, refused.json()["type"].split("#")[1]) == (409, "concept-in-trash")
    assert put["ids"] == [item["id"] for item in api.get("trash?kind=concept&limit=1").json()]
    assert api.post("trash", json={"concept": "Twice"}).status_code == 409
    assert api.post("trash/restore", json={"concept": put["ids"][0]}).json() == put
    assert api.get("concepts/Twice").status_code == 200
    assert api.post("trash/restore", json={"concept": "No such"}).status_code == 404


def test_a_renamed_concept_is_reached_by_its_old_name_until_another_has_it(api: TestClient) -> None:
    begin(api, "Was so")
    begin(api, "Is there")
    known = api.get("concepts/Was so").json()
    for name, status in (("is THERE", 409), ("  ", 422), ("", 422), ("x" * 121, 422), ("a/b", 422)):
        assert api.patch("concepts/Was so", json={"name": name}).status_code == status
    renamed = api.patch("concepts/Was so", json={"name": "Is so"}).json()
    assert (renamed["id"], renamed["name"], renamed["revisions"]) == (known["id"], "Is so", 2)
    now = api.get("concepts/Was so").json()
    assert (now["id"], now["name"], now["revision"]["definition"]["name"]) == (known["id"], "Is so", "Is so")
    begin(api, "Was so")
    assert api.get("concepts/Was so").json()["id"] != known["id"]


def test_a_duplicate_has_answers_only_where_they_are_asked_for(api: TestClient) -> None:
    begin(api, "First")
    picture = ids_of(api, "ellipse")[0]
    answer = {"picture": picture, "value": "yes", "comment": "round"}
    assert api.post("concepts/First/labels", json={"answers": [answer]}).status_code < 300
    bare = api.post("concepts", json={"name": "Second", "from": "First"})
    assert (bare.status_code, bare.json()["answers"]["answers"]) == (201, 0)
    assert api.get("concepts/Second/labels").json() == []
    full = api.post("concepts", json={"name": "Third", "from": "First", "with_labels": True})
    assert full.json()["answers"]["answers"] == 1
    (row,) = api.get("concepts/Third/labels").json()
    assert (row["id"], row["label"], row["comment"], row["from_concept"]) == (
        picture,
        "yes",
        "round",
        "First",
    )
    assert api.post("concepts", json={"name": "Third", "from": "First"}).status_code == 409


def test_a_revision_is_refused_where_another_came_before_it(api: TestClient) -> None:
    begin(api, "Edited")
    definition = api.get("concepts/Edited").json()["revision"]["definition"]
    changed = definition | {"criteria": [{"kind": "necessary", "text": "round"}]}
    first = api.post("concepts/Edited/revisions", json={"definition": changed, "note": "n", "after": 1})
    assert first.json()["number"] == 2
    late = api.post("concepts/Edited/revisions", json={"definition": definition, "after": 1})
    assert late.status_code == 409
    assert [r["changes"] for r in api.get("concepts/Edited/revisions", params={"limit": 1}).json()] == [[]]
    (second,) = api.get("concepts/Edited/revisions", params={"offset": 1}).json()
    runs = second["changes"]
    assert any(run["change"] == "added" and "round" in run["text"] for run in runs)


def test_the_key_goes_in_and_never_comes_out(api: TestClient, workbench: Workbench) -> None:
    answer = api.patch(
        "settings", json={"openai_api_key": "sk-very-secret", "openai_base_url": "http://127.0.0.1:9/v1"}
    )
    assert answer.json()["has_key"] is True
    everything = answer.text + api.get("settings").text + api.get("about").text
    assert "sk-very-secret" not in everything
    backup = api.get("backup").content
    with zipfile.ZipFile(io.BytesIO(backup)) as archive:
        assert json.loads(archive.read("settings.json")) == {"openai_base_url": "http://127.0.0.1:9/v1"}
    assert b"sk-very-secret" not in backup
    cleared = api.patch("settings", json={"openai_api_key": None, "openai_base_url": None}).json()
    assert cleared["has_key"] is False
    assert workbench.context.settings.has_endpoint is False


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


def test_a_wall_is_committed_once_by_its_key_and_never_shown_again(api: TestClient) -> None:
    begin(api, "On a wall")
    wall = [picture["id"] for picture in api.get("concepts/On a wall/wall").json()]
    body, key = {"pictures": wall, "counts": wall[:2]}, {"Idempotency-Key": "wall 1"}
    for _ in range(2):
        assert api.post("concepts/On a wall/wall", json=body, headers=key).status_code == 204
    labels = api.get("concepts/On a wall/labels").json()
    assert [(row["id"], row["label"]) for row in labels] == [(picture, "yes") for picture in wall[:2]]
    assert not {picture["id"] for picture in api.get("concepts/On a wall/wall").json()} & set(wall)
    other = {"pictures": wall[2:], "counts": wall[:1]}
    assert "isn't on this wall" in api.post("concepts/On a wall/wall", json=other).json()["detail"]


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


def test_questions_are_asked_listed_and_answered_by_http(api: TestClient, finished: Finished) -> None:
    begun = {"name": "Asked", "description": "Bottles of fruit juice", "excluding": ["lemonade", " "]}
    [lemonade] = api.post("concepts", json=begun).json()["revision"]["definition"]["criteria"]
    assert (lemonade["text"], lemonade["kind"], lemonade["origin"]) == ("lemonade", "excluding", "person")
    assert finished(api.post("concepts/Asked/expand"))["state"] == "done"
    assert finished(api.post("concepts/Asked/questions"))["state"] == "done"
    question, *others = api.get("concepts/Asked").json()["questions"]
    body = {"question": question["question"], "said": question["answers"][1]["answer"], "after": 2}
    answered = api.post("concepts/Asked/questions/answer", json=body)
    assert answered.status_code == 201
    assert answered.json()["definition"]["criteria"][-1]["kind"] == "excluding"
    assert api.get("concepts/Asked").json()["questions"] == others
    assert api.post("concepts/Asked/questions/answer", json=body).status_code == 422
    assert "none is set" in api.post("concepts/Asked/expand", json={"kinds": True}).json()["detail"]
