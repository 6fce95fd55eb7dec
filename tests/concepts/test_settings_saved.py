"""Settings that the app saves: only the endpoint's, never readable by others, and the environment wins."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from concepts.errors import SettingsError
from concepts.installation.activity import settings_view
from concepts.settings import Settings, load_settings, save_settings


def test_what_is_saved_counts_now_and_after_a_restart_and_only_the_owner_can_read_it(own_home: Path) -> None:
    changes = {"openai_base_url": "http://127.0.0.1:8000/v1", "openai_api_key": "sk-1", "llm_model": "m"}
    for settings in (save_settings(load_settings(), changes), load_settings()):
        assert settings.openai_api_key is not None
        assert settings.openai_api_key.get_secret_value() == "sk-1"
        assert settings.llm_model == "m"
    for name in ("settings.json", "secrets.json"):
        assert stat.S_IMODE((own_home / name).stat().st_mode) == 0o600


def test_what_is_not_named_stays_and_an_empty_value_is_taken_away(own_home: Path) -> None:
    saved = save_settings(load_settings(), {"llm_model": "m", "vlm_model": "v"})
    saved = save_settings(saved, {"llm_model": ""})
    assert (saved.llm_model, saved.vlm_model) == (None, "v")
    assert json.loads((own_home / "settings.json").read_text()) == {"vlm_model": "v"}


def test_a_bad_value_changes_nothing(own_home: Path) -> None:
    saved = save_settings(load_settings(), {"llm_model": "m"})
    with pytest.raises(SettingsError, match="model_concurrency"):
        save_settings(saved, {"llm_model": "other", "model_concurrency": 1000})
    assert json.loads((own_home / "settings.json").read_text()) == {"llm_model": "m"}


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://host",
        "host/v1",
        "http://",
        "http://[::1",
        "http://host:port/v1",
        "http://169.254.169.254/latest",
        "http://169.254.169.254./latest",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00:ec2::254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0xa9.0xfe.0xa9.0xfe/",
        "http://0251.0376.0251.0376/",
        "http://169.16689662/",
        "http://100.100.100.200/",
        "http://0.0.0.0:80/",
        "http://0/",
        "http://[::]/",
        "http://224.0.0.1/",
    ],
)
def test_an_address_that_is_no_endpoint_is_refused(own_home: Path, address: str) -> None:
    with pytest.raises(SettingsError):
        save_settings(load_settings(), {"openai_base_url": address})


def test_what_the_environment_sets_cannot_be_changed_in_the_app(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    with pytest.raises(SettingsError, match="environment"):
        save_settings(load_settings(), {"openai_api_key": "sk-2"})
    with pytest.raises(SettingsError, match="would be sent to this address"):
        save_settings(load_settings(), {"openai_base_url": "https://two.example/v1"})


@pytest.mark.parametrize("name", ["insecure", "users", "host", "home", "nonsense"])
def test_nothing_that_opens_the_app_to_others_can_be_saved(own_home: Path, name: str) -> None:
    with pytest.raises(SettingsError):
        save_settings(Settings(home=own_home), {name: "x"})


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:11434/v1",
        "http://192.168.1.9:8000/v1",
        "http://localhost/v1",
        "https://api.example/v1",
    ],
)
def test_endpoints_on_this_computer_and_in_the_house_are_taken(own_home: Path, address: str) -> None:
    assert save_settings(load_settings(), {"openai_base_url": address}).openai_base_url == address


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


LOGIN = "http://ana:pa%2Fss@127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    "address", [LOGIN, "https://sk-1@models.example/v1", "http://ana:pa/ss@host/v1", "ftp://a:b@c"]
)
def test_an_address_with_a_login_is_refused_without_repeating_it(own_home: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="as the key") as caught:
        save_settings(load_settings(), {"openai_base_url": address})
    assert "@" not in str(caught.value)
    assert not (own_home / "settings.json").exists()


@pytest.mark.parametrize(
    ("address", "shown", "key"),
    [
        (LOGIN, "http://127.0.0.1:8000/v1", "Basic ana:pa/ss"),
        (
            "https://sk-1@models.example/v1?api-version=1",
            "https://models.example/v1?api-version=1",
            "Basic sk-1:",
        ),
        ("http://ana:pa/ss@models.example/v1", "http://models.example/v1", "Basic ana:pa/ss"),
    ],
)
def test_a_login_in_an_address_of_the_environment_becomes_the_key(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, address: str, shown: str, key: str
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    settings = load_settings()
    assert settings.openai_base_url == shown
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == key


@pytest.mark.parametrize(
    "address", ["https://ana:pw@models.example/v1", "https://models.example/v1?key=sk-1"]
)
def test_an_address_with_a_secret_is_neither_saved_nor_read(own_home: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="can't contain"):
        save_settings(load_settings(), {"openai_base_url": address})
    own_home.mkdir(exist_ok=True)
    (own_home / "settings.json").write_text(json.dumps({"openai_base_url": address}))
    with pytest.raises(SettingsError, match="can't contain"):
        load_settings()


def test_a_key_in_an_address_of_the_environment_is_known_as_a_secret(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example/v1?key=sk-1")
    settings = load_settings()
    assert "sk-1" in settings.secrets
    assert settings_view(settings).openai_base_url == "https://models.example/v1"


def test_an_at_sign_behind_the_host_is_no_login(own_home: Path) -> None:
    address = "https://models.example/v1/ana@example.org?api-version=1"
    assert save_settings(load_settings(), {"openai_base_url": address}).openai_base_url == address


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ("seed: 1", "isn’t a JSON object"),
        ("[1]", "isn’t a JSON object"),
        ('{"model": "x"}', "sets model itself"),
        ('{"max_tokens": 9}', "itself"),
    ],
)
def test_more_fields_of_a_request_are_an_object_that_sets_nothing_of_ours(
    own_home: Path, fields: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        save_settings(load_settings(), {"request_fields": fields})
    assert save_settings(load_settings(), {"request_fields": '{"seed": 1}'}).request_fields == '{"seed": 1}'


def test_an_empty_value_is_the_usual_one_again(own_home: Path) -> None:
    saved = save_settings(load_settings(), {"reasoning_effort": "high", "answer_tokens": "900"})
    assert (saved.reasoning_effort, saved.answer_tokens) == ("high", 900)
    saved = save_settings(saved, {"reasoning_effort": None, "answer_tokens": ""})
    assert (saved.reasoning_effort, saved.answer_tokens) == ("none", 3000)
