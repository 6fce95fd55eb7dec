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
from web_screens import PASSWORD, browser

from concepts.errors import SettingsError
from concepts.installation.users import Users
from concepts.rooms import open_app
from concepts.settings import Settings, load_settings
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.http.guard import COOKIE
from web.http.login import SIGNING_IN
from web.http.sign_in import check_exposure
from web.server import create_service

ROOT = Path(__file__).parents[2]


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
    bench = open_app(settings_with(tmp_path_factory.mktemp("home"), service))
    yield create_service(bench)
    bench.close()


@pytest.fixture
def client(app: FastAPI, provider: LocalOidc) -> TestClient:
    """A browser that was never here."""
    return browser(app)


@pytest.fixture
def bench(own_home: Path, provider: LocalOidc, request: pytest.FixtureRequest) -> Iterator[App]:
    """Of one test, with settings of its own."""
    made = open_app(settings_with(own_home, provider, **getattr(request, "param", {})))
    yield made
    made.close()


@pytest.fixture
def own_client(bench: App) -> TestClient:
    return browser(create_service(bench))


def own(**settings: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", [settings], indirect=True, ids=[""])


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


@own(allowed_hosts="discern.example")
def test_the_answer_comes_back_to_a_name_that_was_set_and_to_no_other(own_client: TestClient) -> None:
    for host, sent_back_to in (
        ("discern.example", "http://discern.example/login/callback"),
        ("localhost:7860", "http://localhost:7860/login/callback"),
        ("[::1]:7860", "http://[::1]:7860/login/callback"),
        ("evil.example", ""),
        ("203.0.113.9", ""),
        ("discern.example@evil.example", ""),
        ("discern.example.evil.example", ""),
    ):
        begun = own_client.get("/login/elsewhere", headers={"host": host})
        asked = parse_qs(urlsplit(begun.headers.get("location", "")).query)
        assert asked.get("redirect_uri", [""]) == [sent_back_to], host
        assert begun.status_code == (303 if sent_back_to else 421), host


def test_the_list_says_who_comes_in_and_what_each_may_do(
    client: TestClient, provider: LocalOidc, app: FastAPI
) -> None:
    for password in ("", "elsewhere$", "x" * 20):  # who signs in elsewhere has no password here
        assert client.get("/api/v1/concepts", auth=("ana", password)).status_code == 401
    provider.person = {"sub": "2", "preferred_username": "ben"}
    sign_in(client)
    assert client.get("/api/v1/concepts").status_code == 200
    assert client.post("/api/v1/concepts", json={"name": "B", "description": "A ball."}).status_code == 403
    provider.person, stranger = {"sub": "9", "preferred_username": "mallory"}, browser(app)
    answer = sign_in(stranger)
    assert (answer.status_code, "mallory is not among those" in answer.text) == (403, True)
    assert COOKIE not in stranger.cookies


def test_the_first_is_an_owner_and_others_labellers(own_home: Path) -> None:
    users = Users(load_settings(home=own_home, oauth_users="ana, ben=viewer, eva"))
    roles = {name: user.role for name, user in users.records().items()}
    assert roles == {"ana": Role.OWNER, "ben": Role.VIEWER, "eva": Role.LABELLER}


def test_a_password_is_asked_for_where_somebody_has_one_whom_no_namesake_elsewhere_signs_in(
    own_client: TestClient, bench: App, provider: LocalOidc
) -> None:
    assert 'name="password"' not in own_client.get("/login").text
    Users(bench.settings).set("ola", PASSWORD)
    assert 'name="password"' in own_client.get("/login").text
    provider.person = {"sub": "3", "preferred_username": "ola"}
    assert sign_in(own_client).status_code == 403


def test_whoever_is_taken_off_the_list_is_out_at_once(
    own_client: TestClient, bench: App, provider: LocalOidc, own_home: Path
) -> None:
    sign_in(own_client)
    bench.settings = settings_with(own_home, provider, oauth_users="ben")
    later = browser(create_service(bench), cookies={COOKIE: own_client.cookies[COOKIE]})
    assert later.get("/api/v1/concepts").status_code == 401


# What a stranger may try


def test_each_sign_in_has_state_nonce_and_proof_of_its_own(client: TestClient) -> None:
    asked = [parse_qs(urlsplit(away(client)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        (one,), (other,) = asked[0][name], asked[1][name]
        assert len(one) >= 32
        assert one != other


def test_an_answer_to_another_sign_in_is_not_taken(client: TestClient, app: FastAPI) -> None:
    forced = back(away(browser(app)))
    away(client)
    answer = client.get(forced)
    assert answer.status_code == 403
    assert "another sign-in" in answer.text
    assert browser(app).get(forced).status_code == 403


def test_a_code_counts_once_and_only_with_what_the_browser_kept_as_it_was_signed(client: TestClient) -> None:
    address = back(away(client))
    kept = client.cookies[SIGNING_IN]
    client.cookies.clear()
    signed, _, signature = kept.rpartition(".")
    other = "A" if signature[0] != "A" else "B"  # not the last letter, some of whose bits say nothing
    for cookie, status in ((f"{signed}.{other}{signature[1:]}", 403), (kept, 303), (kept, 403)):
        client.cookies.clear()
        client.cookies[SIGNING_IN] = cookie
        assert client.get(address).status_code == status


WRONG: tuple[Claims, ...] = (
    *({"nonce": nonce} for nonce in ("another", ...)),
    *({claim: "another-client"} for claim in ("aud", "azp")),
    *({"iss": "https://elsewhere.example"}, {"exp": 1}, {"nbf": 2**40}),
    *({"preferred_username": name} for name in ("", None)),
)
NOT_SIGNED = ("sign_not_at_all", "sign_with_another_key", "sign_with_public_key_as_secret")


@pytest.mark.parametrize("wrong", [*WRONG, *NOT_SIGNED], ids=str)
def test_a_token_that_is_not_for_this_sign_in_or_not_of_the_service_is_not_taken(
    client: TestClient, provider: LocalOidc, wrong: Claims | str
) -> None:
    def spoil(claims: Claims) -> None:
        claims.update(wrong)
        for name in [name for name, value in wrong.items() if value is ...]:
            del claims[name]

    if isinstance(wrong, str):
        provider.sign = getattr(provider, wrong)
    else:
        provider.spoil = spoil
    assert sign_in(client).status_code == 403
    assert COOKIE not in client.cookies


def test_nobody_is_sent_to_another_site_afterwards(client: TestClient) -> None:
    address = away(client, "https://evil.example/")
    assert client.get(back(address)).headers["location"] == "/"


@own(openid_provider_url="http://127.0.0.1:9")
def test_a_service_that_is_away_is_said_in_words(own_client: TestClient) -> None:
    answer = own_client.get("/login/elsewhere")
    assert (answer.status_code, "can&#39;t be reached" in answer.text) == (502, True)


# Where it is served


@own(space_host="ana-discern.hf.space")
def test_a_space_is_known_to_the_service_by_its_public_address(
    own_client: TestClient, provider: LocalOidc
) -> None:
    provider.redirects = {"https://ana-discern.hf.space/login/callback"}
    assert sign_in(own_client).status_code == 303


def test_hosts_of_spaces_set_it_by_their_own_names(
    own_home: Path, provider: LocalOidc, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("OPENID_PROVIDER_URL", provider.address),
        *(("OAUTH_CLIENT_ID", CLIENT), ("OAUTH_CLIENT_SECRET", SECRET), ("OAUTH_SCOPES", "openid profile")),
        ("DISCERN_OAUTH_USERS", "ana"),
    ):
        monkeypatch.setenv(name, value)
    settings = load_settings(home=own_home, host="0.0.0.0")
    check_exposure(settings)
    assert SECRET in settings.secrets


def test_a_service_without_names_or_names_without_a_service_are_said_at_the_start(
    own_home: Path, provider: LocalOidc
) -> None:
    with pytest.raises(SettingsError, match="open to everyone"):
        check_exposure(settings_with(own_home, provider, oauth_users="", host="0.0.0.0"))
    with pytest.raises(SettingsError, match="OPENID_PROVIDER_URL, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET"):
        check_exposure(load_settings(home=own_home, oauth_users="ana"))


def test_a_demo_behind_a_sign_in_asks_for_it_first(
    tmp_path: Path, tiny_open_clip: Path, provider: LocalOidc
) -> None:
    given = settings_with(tmp_path / "home", provider)
    more = {name: getattr(given, name) for name in ("oauth_users", "openid_provider_url", "oauth_client_id")}
    with demo_house(tmp_path, tiny_open_clip, oauth_client_secret=SECRET, **more) as house:
        client = browser(create_service(house.base, house))
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
