"""Settings that the app saves: only the endpoint's, never readable by others, and the environment wins."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from concepts.errors import SettingsError
from concepts.installation.activity import settings_view
from concepts.settings import load_settings, save_settings


def test_what_is_saved_counts_now_and_after_a_restart_and_only_the_owner_can_read_it(own_home: Path) -> None:
    changes = {"openai_base_url": "http://127.0.0.1:8000/v1", "openai_api_key": "sk-1", "llm_model": "m"}
    for settings in (save_settings(load_settings(), changes), load_settings()):
        assert settings.openai_api_key.get_secret_value() == "sk-1"
        assert settings.llm_model == "m"
    for name in ("settings.json", "secrets.json"):
        assert stat.S_IMODE((own_home / name).stat().st_mode) == 0o600


def test_what_is_not_named_stays_an_empty_value_is_the_usual_one_and_a_bad_one_changes_nothing(
    own_home: Path,
) -> None:
    saved = save_settings(load_settings(), {"llm_model": "m", "vlm_model": "v", "reasoning_effort": "high"})
    saved = save_settings(saved, {"llm_model": "", "answer_tokens": "900"})
    assert (saved.llm_model, saved.vlm_model) == (None, "v")
    assert (saved.reasoning_effort, saved.answer_tokens) == ("high", 900)
    saved = save_settings(saved, {"reasoning_effort": None, "answer_tokens": ""})
    assert (saved.reasoning_effort, saved.answer_tokens) == ("none", 3000)
    with pytest.raises(SettingsError, match="model_concurrency"):
        save_settings(saved, {"llm_model": "other", "model_concurrency": 1000})
    assert json.loads((own_home / "settings.json").read_text()) == {"vlm_model": "v"}


NO_ENDPOINTS = """
    file:///etc/passwd ftp://host host/v1 http:// http://[::1 http://host:port/v1
    http://169.254.169.254/latest http://169.254.169.254./latest http://[::ffff:169.254.169.254]/
    http://[::ffff:a9fe:a9fe]/ http://[64:ff9b::a9fe:a9fe]/ http://[2002:a9fe:a9fe::]/
    http://[fe80::1%25eth0]/ http://[fd00:ec2::254]/ http://2852039166/ http://0xa9fea9fe/
    http://0xa9.0xfe.0xa9.0xfe/ http://0251.0376.0251.0376/ http://169.16689662/
    http://100.100.100.200/ http://0.0.0.0:80/ http://0/ http://[::]/ http://224.0.0.1/
"""


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        *(("openai_base_url", address, None) for address in NO_ENDPOINTS.split()),
        # What would open the app to others.
        *((name, "x", None) for name in ("insecure", "users", "host", "home", "nonsense")),
        ("request_fields", "seed: 1", "isn’t a JSON object"),
        ("request_fields", "[1]", "isn’t a JSON object"),
        ("request_fields", '{"model": "x"}', "sets model itself"),
        ("request_fields", '{"max_tokens": 9}', "itself"),
    ],
)
def test_what_is_no_value_of_a_setting_that_the_app_may_save_is_refused(
    own_home: Path, name: str, value: str, why: str | None
) -> None:
    with pytest.raises(SettingsError, match=why):
        save_settings(load_settings(), {name: value})


@pytest.mark.parametrize(
    "address",
    [
        "http://ana:pa%2Fss@127.0.0.1:8000/v1",
        "https://sk-1@models.example/v1",
        "http://ana:pa/ss@host/v1",
        "ftp://a:b@c",
        "https://models.example/v1?key=sk-1",
    ],
)
def test_an_address_with_a_secret_is_neither_saved_nor_read_nor_repeated(
    own_home: Path, address: str
) -> None:
    with pytest.raises(SettingsError, match=r"can't contain .* as the key") as caught:
        save_settings(load_settings(), {"openai_base_url": address})
    assert "@" not in str(caught.value)
    assert not (own_home / "settings.json").exists()
    own_home.mkdir(exist_ok=True)
    (own_home / "settings.json").write_text(json.dumps({"openai_base_url": address}))
    with pytest.raises(SettingsError, match="can't contain"):
        load_settings()


def test_what_the_environment_sets_cannot_be_changed_in_the_app(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    with pytest.raises(SettingsError, match="environment"):
        save_settings(load_settings(), {"openai_api_key": "sk-2"})
    with pytest.raises(SettingsError, match="would be sent to this address"):
        save_settings(load_settings(), {"openai_base_url": "https://two.example/v1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("openai_base_url", "http://127.0.0.1:11434/v1"),
        ("openai_base_url", "http://192.168.1.9:8000/v1"),
        ("openai_base_url", "http://localhost/v1"),
        ("openai_base_url", "https://models.example/v1/ana@example.org?api-version=1"),  # which is no login
        ("request_fields", '{"seed": 1}'),
    ],
)
def test_endpoints_in_the_house_and_more_fields_are_taken(own_home: Path, name: str, value: str) -> None:
    assert getattr(save_settings(load_settings(), {name: value}), name) == value


@pytest.mark.parametrize(
    ("moved", "keeps"),
    [
        ("https://one.example/v2", True),
        ("https://one.example:8443/v1", False),
        ("https://two.example/v1", False),
        ("http://one.example/v1", False),
    ],
)
def test_a_key_is_handed_to_no_other_endpoint_and_never_goes_from_https_to_http(
    own_home: Path, moved: str, keeps: bool
) -> None:
    first = {"openai_base_url": "https://one.example/v1", "openai_api_key": "sk-1"}
    saved = save_settings(save_settings(load_settings(), first), {"openai_base_url": moved})
    assert (saved.openai_api_key is not None) == keeps
    assert ("sk-1" in (own_home / "secrets.json").read_text()) == keeps


@pytest.mark.parametrize(
    ("login", "rest", "key"),
    [
        ("http://ana:pa%2Fss@", "127.0.0.1:8000/v1", "Basic ana:pa/ss"),
        ("https://sk-1@", "models.example/v1?api-version=1", "Basic sk-1:"),
        ("http://ana:pa/ss@", "models.example/v1", "Basic ana:pa/ss"),
    ],
)
def test_a_login_in_an_address_of_the_environment_becomes_the_key(
    monkeypatch: pytest.MonkeyPatch, login: str, rest: str, key: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", login + rest)
    settings = load_settings()
    assert settings.openai_base_url == f"{login.partition('//')[0]}//{rest}"
    assert settings.openai_api_key.get_secret_value() == key


def test_a_key_in_an_address_of_the_environment_is_known_as_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example/v1?key=sk-1")
    settings = load_settings()
    assert "sk-1" in settings.secrets
    assert settings_view(settings).openai_base_url == "https://models.example/v1"
