"""Who may do what: every route has a role, and it is held to in one place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from web_screens import PASSWORD, PEOPLE, add_people, browser

from concepts.errors import SettingsError
from concepts.installation.jobs import list_deeds
from concepts.installation.users import Users
from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from concepts.visitors import Sandboxes
from storage.database import Database
from storage.files import sqlite_url
from web.http.access import Access
from web.http.guard import Guard
from web.http.roles import CLOSED, ROUTES, rule_of
from web.mcp.server import PATH
from web.server import create_app, create_page


def routes_of(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of everything that an application answers, included and mounted ones too."""
    for route in getattr(app, "routes", []):
        path = prefix + getattr(route, "path", "")
        for method in getattr(route, "methods", None) or ():
            yield method, re.sub(r"\{[^}]*\}", "x", path)
        inner = getattr(route, "app", None) or getattr(route, "original_router", None)
        yield from routes_of(inner, path if getattr(route, "app", None) else prefix)


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Those of a demo are the others and some more."""
    sandboxes = Sandboxes(Settings(home=tmp_path_factory.mktemp("routes"), demo=True))
    found = set(routes_of(create_app(sandboxes.base, sandboxes)))
    sandboxes.close()
    return found | {(method, PATH) for method in ("GET", "POST", "DELETE")}  # of MCP's Streamable HTTP


def test_every_route_of_ours_has_a_role(routes: set[tuple[str, str]]) -> None:
    assert len(routes) > 60
    none = [(m, p) for m, p in sorted(routes) if rule_of(m, p) is None]
    assert [f"{m} {p}" for m, p in none if not CLOSED.fullmatch(p)] == []


def test_what_the_page_does_not_use_of_gradio_is_closed_to_owners_too(guarded: TestClient) -> None:
    for method, path in (
        ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=http://x"),
        ("POST", "/gradio_api/vibe-edit"),
    ):
        assert guarded.request(method, path, auth=("ola", PASSWORD)).status_code == 404, path


def test_every_rule_is_for_a_route_that_there_is(routes: set[tuple[str, str]]) -> None:
    gradio = re.compile(r".*(gradio_api|config|/web/).*")
    idle = [
        f"{method} {pattern.pattern}"
        for method, pattern, _ in ROUTES
        if not gradio.match(pattern.pattern)
        and not any(m == method and pattern.fullmatch(path) for m, path in routes)
    ]
    assert idle == []


async def answers_everything(scope: Scope, receive: Receive, send: Send) -> None:
    await Response("done", 200)(scope, receive, send)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of an application that does whatever it is asked for."""
    home = tmp_path_factory.mktemp("roles")
    settings = Settings(home=home)
    database = Database(sqlite_url(home / "discern.sqlite"))
    add_people(settings)
    yield browser(Guard(answers_everything, Access(settings, database)), headers={"cookie": ""})
    database.close()


def test_each_role_may_do_what_the_table_says_and_nothing_else(
    guarded: TestClient, routes: set[tuple[str, str]]
) -> None:
    wrong = []
    for name, role in PEOPLE.items():
        for method, path in sorted(routes):
            if path.startswith(("/login", "/healthz", "/web")):
                continue
            rule = rule_of(method, path)
            expected = 200 if role >= (rule.role if rule else Role.OWNER) else 403
            expected = 404 if rule is None and CLOSED.fullmatch(path) else expected
            answer = guarded.request(method, path, auth=(name, PASSWORD))
            if answer.status_code != expected:
                wrong.append((name, method, path, answer.status_code))
    assert wrong == []


def test_who_may_not_is_told_why(guarded: TestClient) -> None:
    answer = guarded.request("PATCH", "/api/v1/settings", auth=("lea", PASSWORD))
    assert (answer.status_code, answer.json()["detail"]) == (403, "Only an owner may do this.")
    answer = guarded.post("/api/v1/concepts/Ball/labels", auth=("vic", PASSWORD))
    assert "Only a labeller or an owner may" in answer.json()["detail"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, FastAPI]]:
    """The whole app with one person of each role and one concept."""
    settings = Settings(home=tmp_path_factory.mktemp("whole"))
    add_people(settings)
    bench = open_app(settings)
    begin_concept(bench, "Ball", "A ball.")
    yield bench, create_app(bench)
    bench.close()


def test_owners_see_everybody_and_others_themselves(whole: tuple[App, FastAPI]) -> None:
    bench, app = whole
    events = create_page(bench).fns.items()
    number = next(number for number, one in events if getattr(one.fn, "__qualname__", "") == "People.open")
    for name, sees in (("ola", True), ("lea", False)):
        asked = {"fn_index": number, "data": [], "session_hash": "s"}
        said = browser(app, name).post("/gradio_api/run/predict", json=asked).text
        assert f"You are {name}" in said
        assert ('"vic"' in said) == sees
        assert "scrypt" not in said


# Users


def roles_of(users: Users) -> dict[str, Role]:
    return {name: user.role for name, user in users.records().items()}


def test_the_first_user_is_an_owner_and_others_are_labellers_unless_it_is_said(own_home: Path) -> None:
    users = Users(Settings(home=own_home))
    assert users.set("ana", PASSWORD) == Role.OWNER
    assert users.set("ben", PASSWORD) == Role.LABELLER
    assert users.set("cat", PASSWORD, Role.VIEWER) == Role.VIEWER
    assert users.set("cat", "another password") == Role.VIEWER
    users.set_role("ben", Role.OWNER)
    assert roles_of(users) == {"ana": Role.OWNER, "ben": Role.OWNER, "cat": Role.VIEWER}


def test_the_environment_may_name_roles(tmp_path: Path) -> None:
    users = Users(Settings(home=tmp_path, users=f"ana:{PASSWORD},ben=viewer:{PASSWORD}"))
    assert roles_of(users) == {"ana": Role.OWNER, "ben": Role.VIEWER}
    with pytest.raises(SettingsError, match="no role"):
        Users(Settings(home=tmp_path, users=f"ana=king:{PASSWORD}"))


BROKEN = ("", "{", "[]", "7", '{"ana": 7}', '{"ana": null}', '{"ana": "scrypt$$"}', "\x00\xff")
BROKEN += ('{"ana": {"password": "x"}}', '{"ana": {"password": "scrypt$AA==$AA==", "role": "king"}}')


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_of_users_lets_nobody_in_and_says_so(own_home: Path, content: str) -> None:
    own_home.mkdir(parents=True, exist_ok=True)
    (own_home / "users.json").write_text(content, encoding="latin-1")
    settings = Settings(home=own_home)
    database = Database(settings.database)
    client = browser(Guard(answers_everything, Access(settings, database)))
    for address in ("/", "/login", "/api/v1/concepts"):
        answer = client.get(address)
        assert answer.status_code == 503, address
        assert answer.json()["detail"].startswith("users.json in the data folder can't be read.")
    assert client.get("/healthz").status_code == 200  # the process lives
    database.close()


# What an owner reads later


def test_deeds_are_kept_with_who_did_them_and_looking_is_none(own_home: Path) -> None:
    add_people(Settings(home=own_home))
    bench = open_app(Settings(home=own_home))
    client = browser(create_app(bench), "ola", client=("10.0.0.7", 5))
    client.post("/api/v1/concepts", json={"name": "Ball", "description": "A ball."})
    client.get("/api/v1/concepts")
    client.request("PATCH", "/api/v1/settings", json={"llm_model": "m"})
    client.request("PATCH", "/api/v1/settings", json={"llm_model": 7})  # is refused: nothing was done
    client.get("/api/v1/concepts/Ball/labels/export")
    client.post("/api/v1/trash", json={"concept": "Ball"})
    client.get("/api/v1/backup")
    client.post("/logout")
    first, *deeds = [(d.who, d.address, d.what) for d in list_deeds(bench)][::-1]
    assert first == ("Discern", "", "found users")
    assert {deed[:2] for deed in deeds} == {("ola", "10.0.0.7")}
    done = "logged in, began a concept, changed settings, exported labels, deleted a concept, made a backup"
    assert [what for _, _, what in deeds] == [*done.split(", "), "logged out"]
    bench.close()
