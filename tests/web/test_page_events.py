"""The page's own events, called as a stranger would: each in the role of the use case that it calls, with
values that its fields may have, and none waited for without end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_house import Clock, demo_house
from fastapi import FastAPI
from fastapi.testclient import TestClient
from web_screens import PEOPLE, add_people, browser

from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.http.calls import FITS, NOT_A_CALL, TOO_MANY, WAITING
from web.server import create_app, create_page

NAME = "Ball"
BLANK: dict[str, Any] = {"slider": 5, "number": 1, "checkbox": True, "checkboxgroup": [], "state": None}
COUNTED = {"kept_figures"}  # counts of what there is, kept by whoever asks first
LABELS = {"label_events", "comments", "label_keys", "answer_counts"}  # what a labeller's events may change


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    settings = Settings(home=tmp_path_factory.mktemp("events"))
    add_people(settings)
    made = open_app(settings)
    begin_concept(made, NAME, "A ball.")
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(bench: App) -> FastAPI:
    return create_app(bench)


def kept(home: Path) -> dict[str, list[Any]]:
    """Everything in the database, by table."""
    database = sqlite3.connect(f"file:{home / 'discern.sqlite'}?mode=ro", uri=True)
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {table: database.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}
    database.close()
    return found


def blank(part: dict[str, Any]) -> Any:
    chosen = part["props"].get("value") if part["type"] in ("radio", "dropdown") else None
    return chosen or BLANK.get(part["type"], NAME)


def calls(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A body for each event that reaches Python, with values that its fields may have."""
    parts = {one["id"]: one for one in config["components"]}
    for event in config["dependencies"]:
        if event["backend_fn"]:
            data = [blank(parts[one]) for one in event["inputs"]]
            yield {"fn_index": event["id"], "data": data, "event_data": {"value": NAME}, "session_hash": "s"}


def call(client: TestClient, body: dict[str, Any]) -> int:
    address = f"/gradio_api/run/predict?concept={NAME}"
    return int(client.post(address, json=body).status_code)


def test_every_event_names_the_use_cases_that_it_calls(bench: App) -> None:
    page = create_page(bench)
    unnamed = [one.api_name for one in page.fns.values() if one.fn and not hasattr(one.fn, "rule")]
    assert unnamed == []
    assert len(page.fns) > 20


def test_every_field_that_an_event_reads_has_a_type(bench: App) -> None:
    config = create_page(bench).get_config_file()
    types = {one["id"]: one["type"] for one in config["components"]}
    read = {types[one] for event in config["dependencies"] if event["backend_fn"] for one in event["inputs"]}
    assert read <= set(FITS)


def test_the_page_is_made_of_plain_values(bench: App) -> None:
    """An object among them is copied with all that hangs on it, for every page that is opened."""
    assert len(json.dumps(create_page(bench).get_config_file())) < 800_000


def test_what_a_stranger_gets_says_nothing_of_anybody(bench: App, app: FastAPI) -> None:
    assert browser(app).get("/config").status_code == 401
    config = create_page(bench).get_config_file()
    assert NAME not in str(config)
    assert not any(one["props"].get("server_fns") for one in config["components"])


@pytest.mark.parametrize("name", ["", "vic", "lea"])
def test_no_event_does_what_a_role_may_not(bench: App, app: FastAPI, name: str) -> None:
    client = browser(app, name)
    config = browser(app, "ola").get("/config").json()
    rules = {number: one.fn.rule for number, one in create_page(bench).fns.items() if one.fn}
    before = kept(bench.settings.home)
    for body in calls(config):
        status = call(client, body)
        if not name:
            assert status == 401
        elif PEOPLE[name] < rules[body["fn_index"]].role:
            assert status >= 400, body
    after = kept(bench.settings.home)
    changed = {table for table in before if before[table] != after[table]}
    assert changed - COUNTED <= (LABELS if name == "lea" else set())


def test_a_demos_visitor_changes_nothing_of_the_host(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path
) -> None:
    with demo_house(tmp_path_factory.mktemp("demo"), tiny_open_clip, Clock()) as house:
        app = create_app(house.base, house)
        client = browser(app)
        client.post("/begin")
        before = kept(house.base.settings.home)
        config = client.get("/config").json()
        assert {call(client, body) for body in calls(config)} <= {200, 500}
        assert kept(house.base.settings.home) == before


@pytest.mark.parametrize(
    "value",
    [
        {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
        {"url": "http://127.0.0.1:9/x", "path": "x", "meta": {"_type": "gradio.FileData"}},
        [{"path": "/etc/passwd"}],
        {"a": 1},
    ],
)
def test_values_of_other_types_do_not_reach_gradio(
    app: FastAPI, capfd: pytest.CaptureFixture[str], value: Any
) -> None:
    client = browser(app, "ola")
    config = client.get("/config").json()
    parts = {one["id"]: one["type"] for one in config["components"]}
    types = {one["id"]: [parts[part] for part in one["inputs"]] for one in config["dependencies"]}
    for body in calls(config):
        for place in range(len(body["data"])):
            data = [value if i == place else one for i, one in enumerate(body["data"])]
            if value == {"a": 1} and types[body["fn_index"]][place] == "html":
                continue  # a view sends what it shows
            answer = client.post("/gradio_api/run/predict", json=body | {"data": data})
            assert (answer.status_code, answer.json()["detail"]) == (422, NOT_A_CALL)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("data", [[1, 2, 3], "x", None, {}])
@pytest.mark.parametrize("number", [0, 99999, -1, [1], True, None])
def test_what_calls_no_endpoint_does_not_reach_gradio(app: FastAPI, data: Any, number: Any) -> None:
    client = browser(app, "ola")
    for address in ("run/predict", "run/nothing", "api/predict", "queue/join", "call/nothing"):
        answer = client.post(f"/gradio_api/{address}", json={"data": data, "fn_index": number})
        assert (answer.status_code, answer.json()["detail"]) == (422, NOT_A_CALL), address


def test_nobody_has_many_calls_waiting_and_what_is_collected_makes_room(bench: App) -> None:
    with TestClient(create_app(bench), base_url="http://127.0.0.1:7860") as client:
        client.post("/login", data={"name": "vic", "password": "correct horse battery"})
        asked = [client.post("/gradio_api/call/concepts", json={"data": []}) for _ in range(WAITING + 1)]
        assert [one.status_code for one in asked] == [200] * WAITING + [429]
        assert asked[-1].json()["detail"] == TOO_MANY
        event = asked[0].json()["event_id"]
        assert "event: error" in client.get(f"/gradio_api/call/concepts/{event}").text
        assert client.post("/gradio_api/call/concepts", json={"data": []}).status_code == 200


def test_roles_are_those_that_the_use_cases_declare(bench: App) -> None:
    roles = {one.api_name: one.fn.rule.role for one in create_page(bench).fns.values() if one.fn}
    assert roles["begin"] == Role.OWNER
    assert roles["shown"] == Role.VIEWER
