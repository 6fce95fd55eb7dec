"""Who may come in, from where, and what stays outside: over HTTP, against the whole app."""

from __future__ import annotations

import hashlib
import stat
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from at_once import at_once
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner
from web_screens import PASSWORD, browser

import concepts.cli
from concepts.errors import NotAllowedError, SettingsError
from concepts.installation.users import Users
from concepts.library.roots import check_roots
from concepts.rooms import open_app
from concepts.settings import Settings, load_settings
from storage.database import Database
from storage.people import TooManyTriesError
from web.http.access import CHECKED_AT_ONCE, TRIES, TRIES_OF_A_NAME, Access
from web.http.guard import COOKIE, LARGEST_BODY
from web.http.sign_in import check_exposure
from web.server import create_app


def client_of(settings: Settings) -> TestClient:
    return browser(create_app(open_app(settings)))


@pytest.fixture(scope="module")
def open_client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    open_home = tmp_path_factory.mktemp("open")
    return client_of(Settings(home=open_home, allowed_hosts="discern.example, other.example", insecure=True))


@pytest.fixture(scope="module")
def closed_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    settings = Settings(home=tmp_path_factory.mktemp("closed"))
    Users(settings).set("ana", PASSWORD)
    return create_app(open_app(settings))


@pytest.fixture
def guarded(closed_app: FastAPI, request: pytest.FixtureRequest) -> TestClient:
    """A browser that was never here, at an address of its own."""
    return browser(closed_app, client=(request.node.name, 50000))


def log_in(client: TestClient, password: str = PASSWORD, path: str = "/login") -> httpx2.Response:
    return client.post(path, data={"name": "ana", "password": password})


def users(*arguments: str, **options: Any) -> str:
    """What the command says."""
    ended = CliRunner().invoke(concepts.cli.app, ["users", *arguments], **options)
    assert ended.exit_code == 0, ended.output
    return ended.output


# What must be set before other computers can reach the app


def test_it_refuses_to_be_open_to_others_without_a_password_or_an_explicit_word(own_home: Path) -> None:
    for reached in ({"host": "0.0.0.0"}, {"trusted_proxies": "127.0.0.1"}, {"allowed_hosts": "a.example"}):
        with pytest.raises(SettingsError, match="users add NAME"):
            check_exposure(Settings(home=own_home, **reached))
    for host in ("127.0.0.1", "::1"):
        check_exposure(Settings(home=own_home, host=host))
    check_exposure(Settings(home=own_home, host="0.0.0.0", insecure=True))
    check_exposure(Settings(home=own_home, host="0.0.0.0", users=f"ana:{PASSWORD}"))
    with pytest.raises(SettingsError, match="DISCERN_USERS"):
        Users(Settings(home=own_home, users="ana:short"))
    with pytest.raises(SettingsError, match="at least 8"):
        Users(Settings(home=own_home)).set("ana", "short")


def test_the_command_line_keeps_a_password_only_as_a_hash_and_changes_roles_without_it(
    own_home: Path,
) -> None:
    users("add", "ana", input=f"{PASSWORD}\n{PASSWORD}\n")
    file = own_home / "users.json"
    assert PASSWORD not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    users("add", "ana", "--role", "viewer", "--json")
    known = Users(load_settings())
    assert known.records()["ana"].role.word == "viewer"
    assert known.check("ana", PASSWORD)


# Where users are missing

OWNERS_ALONE = (("GET", "/api/v1/backup"), ("PATCH", "/api/v1/settings"))


def is_closed(client: TestClient) -> bool:
    """Whether nobody is let in, and the proxy is still told that the process lives."""
    statuses = {client.request(*one, json={"llm_model": "m"}).status_code for one in OWNERS_ALONE}
    assert client.get("/healthz").status_code == 200
    assert statuses in ({200}, {503})
    return statuses == {503}


@pytest.fixture
def team(own_home: Path) -> Path:
    """A home with one user, whom the command added."""
    users("add", "ana", "--password", PASSWORD)
    return own_home


def test_who_has_lost_the_users_lets_nobody_in_until_they_are_back(team: Path) -> None:
    file = team / "users.json"
    kept, running = file.read_bytes(), client_of(Settings(home=team))
    assert running.get("/api/v1/concepts", auth=("ana", PASSWORD)).status_code == 200
    for lose in (lambda: file.write_text("{}"), file.unlink):
        lose()
        assert is_closed(running)
        started_again = client_of(Settings(home=team))
        assert is_closed(started_again)
    page = started_again.get("/", headers={"accept": "text/html", "host": "discern.example"})
    assert (page.status_code, "discern users add NAME" in page.text) == (503, True)
    file.write_bytes(kept)
    assert started_again.get("/").status_code == 401
    assert started_again.get("/api/v1/concepts", auth=("ana", PASSWORD)).status_code == 200


@pytest.mark.slow
def test_a_restored_backup_of_a_team_lets_nobody_in_nor_where_users_were_set_elsewhere(
    team: Path, tmp_path: Path
) -> None:
    file, restored = tmp_path / "backup.zip", tmp_path / "restored"
    assert CliRunner().invoke(concepts.cli.app, ["backup", str(file)]).exit_code == 0
    zipfile.ZipFile(file).extractall(restored)
    assert not (restored / "users.json").exists()
    assert is_closed(client_of(Settings(home=restored)))
    other = tmp_path / "other"
    assert client_of(Settings(home=other, users=f"ana:{PASSWORD}")).get("/").status_code == 401
    assert is_closed(client_of(Settings(home=other)))


def test_after_the_command_removed_the_last_user_nobody_has_to_log_in(team: Path) -> None:
    client = client_of(Settings(home=team))
    assert client.get("/").status_code == 401
    assert "Nobody has to log in any more" in users("remove", "ana")
    assert not is_closed(client)
    assert is_closed(client_of(Settings(home=team, trusted_proxies="127.0.0.1")))


def test_what_a_proxy_sends_on_needs_users(tmp_path: Path) -> None:
    client = client_of(Settings(home=tmp_path))
    assert not is_closed(client)
    for header in ("X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"):
        client.headers[header] = "203.0.113.9"
        assert is_closed(client), header
        del client.headers[header]


# Without a login, on loopback


def test_names_that_a_stranger_cannot_point_here_or_that_were_set_are_accepted(
    open_client: TestClient,
) -> None:
    numbers = ("127.0.0.1", "[::1]:7860", "192.168.1.7:7860")
    for host in ("localhost:7860", "mypc", "discern.example", *numbers):
        assert open_client.get("/healthz", headers={"host": host}).json()["status"] == "ok", host
    for host in ("[::1", "]", "[", "[::1]:x:y", "a:b:c", "\t"):
        assert open_client.get("/healthz", headers={"host": host}).status_code in (400, 421), host
        assert open_client.post("/logout", headers={"origin": f"http://{host}"}).status_code == 403, host


def test_a_request_with_too_large_a_body_is_refused_before_it_is_read(open_client: TestClient) -> None:
    def endless():  # type: ignore[no-untyped-def]
        for _ in range(LARGEST_BODY // 2**20 + 1):
            yield b"x" * 2**20

    form = {"content-type": "application/x-www-form-urlencoded"}
    for address in ("/login", "/api/v1/concepts", "/api/v1/concepts/Any/labels", "/gradio_api/queue/join"):
        assert open_client.post(address, headers=form, content=endless()).status_code == 413, address
        for length in (str(LARGEST_BODY + 1), "9" * 5000):
            headers = {"content-length": length}
            assert open_client.post(address, headers=headers, content=b"x").status_code == 413, address


# With a login


def test_a_browser_is_sent_to_the_login_and_back_to_where_it_wanted(guarded: TestClient) -> None:
    assert guarded.get("/config").status_code == 401
    answer = guarded.get("/label?concept=Messy+room", headers={"accept": "text/html"})
    assert answer.status_code == 303
    page = guarded.get(answer.headers["location"])
    assert "Password" in page.text
    assert "script" not in page.headers["content-security-policy"]
    back = log_in(guarded, path=answer.headers["location"])
    assert back.headers["location"] == "/label?concept=Messy+room"
    assert guarded.get("/config").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "", "/\n/x"])
def test_the_login_leads_nowhere_else(guarded: TestClient, target: str) -> None:
    answer = log_in(guarded, path=f"/login?{urlencode({'next': target})}")
    assert answer.headers["location"] == "/"


def test_a_session_is_kept_from_scripts_and_outlives_a_restart_but_not_a_new_password(own_home: Path) -> None:
    known = Users(Settings(home=own_home))
    known.set("ana", PASSWORD)
    first = client_of(Settings(home=own_home))
    first.base_url = "https://discern.example"
    assert {"HttpOnly", "SameSite=lax", "Secure"} <= set(log_in(first).headers["set-cookie"].split("; "))
    assert stat.S_IMODE((own_home / "secrets.json").stat().st_mode) == 0o600
    second = client_of(Settings(home=own_home))
    second.base_url, second.cookies = first.base_url, first.cookies
    assert second.get("/").status_code == 200
    known.set("ana", "another password")
    assert second.get("/").status_code == 401


def test_a_forged_session_is_none_and_one_that_was_left_neither_while_others_stay(
    guarded: TestClient, closed_app: FastAPI
) -> None:
    guarded.cookies.set(COOKIE, "WyJhbmEiLCJ4Il0.aaaa.bbbb")
    assert guarded.get("/").status_code == 401
    guarded.cookies.clear()
    other = browser(closed_app, "ana")
    log_in(guarded)
    guarded.post("/logout")
    assert guarded.get("/").status_code == 401
    assert other.get("/api/v1/concepts").status_code == 200


def test_guessing_is_slowed_down_even_when_the_guess_is_right_at_last(guarded: TestClient) -> None:
    for _ in range(TRIES):
        assert log_in(guarded, "wrong password").status_code == 401
    answer = log_in(guarded)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    settings = Settings(home=tmp_path)
    Users(settings).set("ana", PASSWORD)
    database = Database(settings.database)
    yield Access(settings, database)
    database.close()


def tried(access: Access, name: str, password: str, address: str) -> str:
    try:
        return "in" if access.log_in(name, password, address) else "wrong"
    except TooManyTriesError:
        return "too many"


def test_of_many_tries_at_once_no_more_are_looked_at_than_one_after_the_other(access: Access) -> None:
    said = at_once(60, lambda number: tried(access, "ana", f"wrong password {number}", "1.2.3.4"))
    assert Counter(said) == {"wrong": TRIES, "too many": 60 - TRIES}


def test_an_office_that_logs_in_at_the_same_moment_is_let_in(access: Access) -> None:
    """All from one address, as behind a proxy, and each with a password of their own."""
    people = [f"person {number}" for number in range(TRIES + 5)]
    for name in people:
        access.users.set(name, PASSWORD)
    said = at_once(len(people), lambda number: tried(access, people[number], PASSWORD, "10.0.0.1"))
    assert set(said) == {"in"}


def test_a_process_that_is_killed_while_people_log_in_locks_nobody_out(access: Access) -> None:
    reached = threading.Semaphore(0)
    goes_on = threading.Event()

    def check(name: str, password: str) -> bool:
        reached.release()
        return not goes_on.wait()

    access.users.check = check  # type: ignore[method-assign]  # as far as a password is checked, and no further
    with ThreadPoolExecutor(2 * TRIES) as pool:
        for number in range(2 * TRIES):
            pool.submit(tried, access, f"person {number}", PASSWORD, "10.0.0.1")
        for _ in range(CHECKED_AT_ONCE):
            reached.acquire()
        database = Database(access.settings.database)
        started_again = Access(access.settings, database)
        try:
            assert tried(started_again, "ana", PASSWORD, "10.0.0.1") == "in"
        finally:
            goes_on.set()
            database.close()


def test_strangers_who_guess_lock_nobody_out_where_they_logged_in_before(access: Access) -> None:
    often = {tried(access, "ana", PASSWORD, "10.0.0.1") for _ in range(5 * TRIES)}
    assert often == {"in"}  # who logs in often is not taken for one who guesses
    for number in range(TRIES_OF_A_NAME + 5):
        tried(access, "ana", "wrong password", f"66.0.0.{number}")
    assert tried(access, "ana", PASSWORD, "66.0.1.1") == "too many"
    assert tried(access, "ana", PASSWORD, "10.0.0.1") == "in"


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        ([f"2001:db8:0:7::{n:x}" for n in range(1, TRIES + 1)], "2001:db8:0:8::1"),  # a whole network
        (["66.0.0.1", "::ffff:66.0.0.1"] * (TRIES // 2), "::ffff:66.0.0.2"),
    ],
)
def test_whoever_has_many_ways_to_write_an_address_has_the_tries_of_one(
    access: Access, addresses: list[str], other: str
) -> None:
    assert {tried(access, "nobody", "wrong password", address) for address in addresses} == {"wrong"}
    assert tried(access, "ana", PASSWORD, addresses[0]) == "too many"
    assert tried(access, "ana", PASSWORD, other) == "in"


def test_an_unknown_name_is_worth_as_much_work_as_a_known_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Users(Settings(home=tmp_path, users=f"ben:{PASSWORD}"))
    known.set("ana", PASSWORD)
    hashed: list[bytes] = []
    real = hashlib.scrypt

    def counted(password: bytes, **cost: Any) -> bytes:
        hashed.append(password)
        return real(password, **cost)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    for users in (known, Users(Settings(home=tmp_path))):  # with one of the environment, and without
        for name in ("ana", "ben", "nobody"):
            hashed.clear()
            assert not users.check(name, "wrong password")
            assert len(hashed) == 1, name


def test_programs_use_name_and_password(guarded: TestClient) -> None:
    refused = guarded.get("/api/v1/concepts", auth=("ana", "wrong password"))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")
    assert guarded.get("/", auth=("ana", PASSWORD)).status_code == 200


# Folders of this computer


def test_pictures_are_added_only_from_allowed_roots_where_others_can_ask_for_it(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "inside").mkdir(parents=True)
    outside.mkdir()
    (root / "link").symlink_to(outside)
    exposed = Settings(home=tmp_path / "home", host="0.0.0.0", allowed_roots=str(root))
    check_roots([root / "inside", root, tmp_path / "home" / "uploads" / "a.zip"], exposed)
    for path in (outside, root / "link", root / ".." / "outside", root / "list.csv", tmp_path / "home"):
        with pytest.raises(NotAllowedError):
            check_roots([path], exposed)
    with pytest.raises(NotAllowedError, match="none is set"):
        check_roots([root], Settings(home=tmp_path / "home", host="0.0.0.0"))
    check_roots([outside], Settings(home=tmp_path / "home"))


def test_pages_of_no_other_origin_may_read_anything_not_even_of_this_computer(
    open_client: TestClient,
) -> None:
    as_browsers = {"host": "localhost:7860", "cookie": "a=b", "access-control-request-method": "GET"}
    for origin in ("http://localhost:9999", "http://127.0.0.1:7860", "null"):
        for path in ("/", "/config", "/gradio_api/info", "/api/v1/concepts"):
            for method in ("GET", "OPTIONS"):
                answer = open_client.request(method, path, headers=as_browsers | {"origin": origin})
                assert "access-control-allow-origin" not in answer.headers
                assert "access-control-allow-credentials" not in answer.headers
