"""Signing in through another service, against a real OpenID provider on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from demo_house import demo_house
from fastapi import FastAPI
from fastapi.testclient import TestClient
from local_oidc import CLIENT, SECRET, Claims, LocalOidc

from concepts.errors import SettingsError
from concepts.installation.users import Role, Users
from concepts.settings import Settings, load_settings
from concepts.workbench import Workbench
from web.http.exposure import check_exposure
from web.http.guard import COOKIE
from web.http.login import SIGNING_IN
from web.server import create_app

ROOT = Path(__file__).parents[2]
BASE = "http://127.0.0.1:7860"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def service() -> Iterator[LocalOidc]:
    with LocalOidc() as running:
        yield running


@pytest.fixture
def provider(service: LocalOidc) -> LocalOidc:
    service.begin_anew()
    return service


def settings_with(home: Path, provider: LocalOidc, **more: Any) -> Settings:
    given = {
        "oauth_users": "ana,ben=viewer,eva",
        "openid_provider_url": provider.address,
        "oauth_client_id": CLIENT,
        "oauth_client_secret": SECRET,
    }
    return load_settings(home=home, **given | more)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, service: LocalOidc) -> Iterator[FastAPI]:
    bench = Workbench(settings_with(tmp_path_factory.mktemp("home"), service))
    yield create_app(bench)
    bench.close()


@pytest.fixture
def client(app: FastAPI, provider: LocalOidc) -> TestClient:
    """A browser that was never here."""
    return TestClient(app, base_url=BASE, follow_redirects=False)


@pytest.fixture
def bench(own_home: Path, provider: LocalOidc) -> Iterator[Workbench]:
    """Of one test, which changes who may come in."""
    made = Workbench(settings_with(own_home, provider))
    yield made
    made.close()


@pytest.fixture
def own_client(bench: Workbench) -> TestClient:
    return TestClient(create_app(bench), base_url=BASE, follow_redirects=False)


def away(client: TestClient, target: str = "/label?concept=Ball") -> str:
    """Where the browser is sent to sign in."""
    return client.get("/login/elsewhere", params={"next": target}).headers["location"]


def back(address: str) -> str:
    """The path that the service sends the browser back to."""
    parts = urlsplit(httpx.get(address).headers["location"])
    return f"{parts.path}?{parts.query}"


def sign_in(client: TestClient) -> httpx.Response:
    return client.get(back(away(client)))


def test_who_is_on_the_list_comes_in_and_goes_on_where_they_wanted_to(client: TestClient) -> None:
    assert "Sign in with 127.0.0.1" in client.get("/login").text
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/label?concept=Ball")
    assert client.get("/api/v1/concepts").status_code == 200
    assert client.get("/api/v1/audit").json()[0]["who"] == "ana"


def test_the_answer_comes_back_to_a_name_that_was_set_and_to_no_other(
    own_home: Path, provider: LocalOidc
) -> None:
    bench = Workbench(settings_with(own_home, provider, allowed_hosts="discern.example"))
    app = create_app(bench)
    for host, sent_back_to in (
        ("discern.example", "http://discern.example/login/callback"),
        ("localhost:7860", "http://localhost:7860/login/callback"),
        ("[::1]:7860", "http://[::1]:7860/login/callback"),
        ("evil.example", ""),
        ("203.0.113.9", ""),
        ("discern.example@evil.example", ""),
        ("discern.example.evil.example", ""),
    ):
        client = TestClient(app, base_url=BASE, follow_redirects=False)
        begun = client.get("/login/elsewhere", headers={"host": host})
        asked = parse_qs(urlsplit(begun.headers.get("location", "")).query)
        assert asked.get("redirect_uri", [""]) == [sent_back_to], host
        assert begun.status_code == (303 if sent_back_to else 421), host
    bench.close()


def test_no_password_is_asked_for_where_nobody_has_one(own_client: TestClient, bench: Workbench) -> None:
    assert 'name="password"' not in own_client.get("/login").text
    Users(bench.context.settings).set("ola", PASSWORD)
    assert 'name="password"' in own_client.get("/login").text


def test_the_list_says_what_each_may_do(client: TestClient, provider: LocalOidc) -> None:
    provider.person = {"sub": "2", "preferred_username": "ben"}
    sign_in(client)
    assert client.get("/api/v1/concepts").status_code == 200
    assert client.post("/api/v1/concepts", json={"name": "B", "description": "A ball."}).status_code == 403


def test_the_first_is_an_owner_and_others_labellers(own_home: Path) -> None:
    users = Users(load_settings(home=own_home, oauth_users="ana, ben=viewer, eva"))
    roles = {name: user.role for name, user in users.records().items()}
    assert roles == {"ana": Role.OWNER, "ben": Role.VIEWER, "eva": Role.LABELLER}


def test_who_signs_in_elsewhere_has_no_password_here(client: TestClient) -> None:
    for password in ("", "elsewhere$", "x" * 20):
        assert client.get("/api/v1/concepts", auth=("ana", password)).status_code == 401


def test_who_is_not_on_the_list_stays_outside(client: TestClient, provider: LocalOidc) -> None:
    provider.person = {"sub": "9", "preferred_username": "mallory"}
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "mallory is not among those" in answer.text
    assert COOKIE not in client.cookies


def test_a_user_with_a_password_is_not_signed_in_by_a_namesake_elsewhere(
    own_client: TestClient, bench: Workbench, provider: LocalOidc
) -> None:
    Users(bench.context.settings).set("ola", PASSWORD)
    provider.person = {"sub": "3", "preferred_username": "ola"}
    assert sign_in(own_client).status_code == 403


def test_whoever_is_taken_off_the_list_is_out_at_once(
    own_client: TestClient, bench: Workbench, provider: LocalOidc, own_home: Path
) -> None:
    sign_in(own_client)
    cookie = own_client.cookies[COOKIE]
    bench.context.settings = settings_with(own_home, provider, oauth_users="ben")
    later = TestClient(create_app(bench), base_url=BASE, headers={"cookie": f"{COOKIE}={cookie}"})
    assert later.get("/api/v1/concepts").status_code == 401


# What a stranger may try


def test_each_sign_in_has_state_nonce_and_proof_of_its_own(client: TestClient) -> None:
    asked = [parse_qs(urlsplit(away(client)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        (one,), (other,) = asked[0][name], asked[1][name]
        assert len(one) >= 32
        assert one != other


def test_an_answer_to_another_sign_in_is_not_taken(client: TestClient, app: FastAPI) -> None:
    stranger = TestClient(app, base_url=BASE, follow_redirects=False)
    forced = back(away(stranger))
    away(client)
    answer = client.get(forced)
    assert answer.status_code == 403
    assert "another sign-in" in answer.text
    assert TestClient(app, base_url=BASE).get(forced).status_code == 403


def test_a_code_counts_once(client: TestClient) -> None:
    address = back(away(client))
    kept = client.cookies[SIGNING_IN]
    assert client.get(address).status_code == 303
    client.cookies.clear()
    client.cookies[SIGNING_IN] = kept
    assert client.get(address).status_code == 403


def test_what_the_browser_kept_is_signed(client: TestClient) -> None:
    address = back(away(client))
    kept = client.cookies[SIGNING_IN]
    client.cookies.clear()
    signed, _, signature = kept.rpartition(".")
    other = "A" if signature[0] != "A" else "B"  # not the last letter, some of whose bits say nothing
    client.cookies[SIGNING_IN] = f"{signed}.{other}{signature[1:]}"
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": ...},
        {"aud": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"nbf": 2**40},
        {"preferred_username": ""},
        {"preferred_username": None},
        {"azp": "another-client"},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_not_taken(
    client: TestClient, provider: LocalOidc, wrong: Claims
) -> None:
    def spoil(claims: Claims) -> None:
        claims.update(wrong)
        for name in [name for name, value in wrong.items() if value is ...]:
            del claims[name]

    provider.spoil = spoil
    assert sign_in(client).status_code == 403
    assert COOKIE not in client.cookies


@pytest.mark.parametrize(
    "signed", ["sign_not_at_all", "sign_with_another_key", "sign_with_public_key_as_secret"]
)
def test_a_token_that_the_service_did_not_sign_is_not_taken(
    client: TestClient, provider: LocalOidc, signed: str
) -> None:
    provider.sign = getattr(provider, signed)
    assert sign_in(client).status_code == 403
    assert COOKIE not in client.cookies


def test_nobody_is_sent_to_another_site_afterwards(client: TestClient) -> None:
    address = away(client, "https://evil.example/")
    assert client.get(back(address)).headers["location"] == "/"


def test_a_service_that_is_away_is_said_in_words(own_home: Path, provider: LocalOidc) -> None:
    bench = Workbench(settings_with(own_home, provider, openid_provider_url="http://127.0.0.1:9"))
    answer = TestClient(create_app(bench), base_url=BASE).get("/login/elsewhere")
    assert answer.status_code == 502
    assert "can&#39;t be reached" in answer.text
    bench.close()


# Where it is served


def test_a_space_is_known_to_the_service_by_its_public_address(own_home: Path, provider: LocalOidc) -> None:
    provider.redirects = {"https://ana-discern.hf.space/login/callback"}
    bench = Workbench(settings_with(own_home, provider, space_host="ana-discern.hf.space"))
    client = TestClient(create_app(bench), base_url=BASE, follow_redirects=False)
    assert sign_in(client).status_code == 303
    bench.close()


def test_hosts_of_spaces_set_it_by_their_own_names(
    own_home: Path, provider: LocalOidc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENID_PROVIDER_URL", provider.address)
    monkeypatch.setenv("OAUTH_CLIENT_ID", CLIENT)
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("OAUTH_SCOPES", "openid profile")
    monkeypatch.setenv("DISCERN_OAUTH_USERS", "ana")
    settings = load_settings(home=own_home, host="0.0.0.0")
    check_exposure(settings)
    assert SECRET in settings.secrets


def test_without_names_a_service_alone_lets_nobody_in(own_home: Path, provider: LocalOidc) -> None:
    settings = settings_with(own_home, provider, oauth_users="", host="0.0.0.0")
    with pytest.raises(SettingsError, match="open to everyone"):
        check_exposure(settings)


def test_names_without_a_service_are_a_mistake_that_is_said_at_the_start(own_home: Path) -> None:
    with pytest.raises(SettingsError, match="OPENID_PROVIDER_URL, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET"):
        check_exposure(load_settings(home=own_home, oauth_users="ana"))


def test_a_demo_behind_a_sign_in_asks_for_it_first(
    tmp_path: Path, tiny_open_clip: Path, provider: LocalOidc
) -> None:
    given = settings_with(tmp_path / "home", provider)
    more = {name: getattr(given, name) for name in ("oauth_users", "openid_provider_url", "oauth_client_id")}
    with demo_house(tmp_path, tiny_open_clip, oauth_client_secret=SECRET, **more) as house:
        client = TestClient(create_app(house.base, house), base_url=BASE, follow_redirects=False)
        page = {"accept": "text/html"}
        assert client.get("/begin", headers=page).headers["location"].startswith("/login")
        assert client.post("/begin").status_code == 401
        sign_in(client)
        assert client.get("/", headers=page).headers["location"] == "/begin"
        client.post("/begin")
        body = {"name": "Ball", "description": "A round thing."}
        assert client.post("/api/v1/concepts", json=body).status_code == 201


def test_what_signing_in_and_other_machines_need_is_not_imported_by_an_app_that_does_without() -> None:
    extras = "('authlib', 'joserfc', 'ray')"
    said = f"import sys, app; print([n for n in sys.modules if n.partition('.')[0] in {extras}])"
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
