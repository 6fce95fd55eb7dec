"""A secret that is entered on Settings, by command or over REST is in one file, and in no other byte of the
data folder or of a backup."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from answering import answer
from drawing import draw_folder
from typer.testing import CliRunner
from web_screens import Screens, browser

import concepts.cli
from concepts.errors import DiscernError, SettingsError
from concepts.installation.jobs import backup_of, examine_endpoint
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.trained import train, use_version
from concepts.results.watcher import look_at_folder, watcher_of
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from web.server import create_app, create_page

KEY, PATH = f"sk-of-ana-{7**9}", f"path-of-ana-{7**8}"
ENDPOINT = "http://127.0.0.1:9/v1"  # where nothing listens
NAME = "Watched"


def on_the_screen(bench: App) -> None:
    screens = Screens(bench)
    screens.load("settings")  # which shows what the form has
    page = create_page(bench)
    number, save = next(
        (number, one)
        for number, one in page.fns.items()
        if getattr(one.fn, "__qualname__", "") == "Models.save_only"
    )
    typed = {"Address": ENDPOINT, "Key": KEY, "Model for words": "m"}
    data = [typed.get(getattr(one, "label", ""), getattr(one, "value", None)) for one in save.inputs]
    assert set(typed.values()) <= set(data), [getattr(one, "label", "") for one in save.inputs]
    sent = {"fn_index": number, "data": data, "session_hash": "t"}
    answered = screens.client.post("/gradio_api/run/predict", json=sent)
    assert answered.status_code == 200, answered.text
    assert KEY not in answered.text


def over_rest(bench: App) -> None:
    changes = {"openai_base_url": ENDPOINT, "openai_api_key": KEY, "llm_model": "m"}
    client = browser(create_app(bench))
    answered = client.patch("/api/v1/settings", json=changes, headers={"Idempotency-Key": "a"})
    assert answered.status_code == 200, answered.text


def by_command(bench: App) -> None:
    for name, value in (("openai_base_url", ENDPOINT), ("openai_api_key", KEY), ("llm_model", "m")):
        assert CliRunner().invoke(concepts.cli.app, ["settings", name, value]).exit_code == 0


def told(bench: App, home: Path) -> list[str]:
    """The files that have one of the secrets, in the data folder or in a backup."""
    files = {str(file.relative_to(home)): file.read_bytes() for file in home.rglob("*") if file.is_file()}
    files["backup"] = b"".join(backup_of(bench))
    return [name for name, content in files.items() if KEY.encode() in content or PATH.encode() in content]


@pytest.mark.parametrize("way", [on_the_screen, over_rest, by_command])
def test_a_key_is_in_one_file_alone_and_on_no_screen(
    own_home: Path, way: Callable[[App], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def key() -> str:
        found = load_settings().openai_api_key
        return found.get_secret_value() if found else ""

    bench = open_app(load_settings())
    way(bench)
    assert key() == KEY
    with pytest.raises(DiscernError):
        bench.begin(examine_endpoint).wait()
    assert KEY not in Screens(bench).load("settings")
    assert told(bench, own_home) == ["secrets.json"]
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")  # which wins, and is in no file
    assert key() == "of-the-environment"
    assert key() not in (own_home / "secrets.json").read_text()
    bench.close()


def test_the_address_of_a_webhook_and_what_signs_are_in_one_file_alone(
    own_library: App, own_home: Path, tmp_path: Path
) -> None:
    bench, concept = own_library, begin_concept(own_library, NAME, "A filled ellipse.")
    answer(bench, NAME, collection_of(bench).library.all_ids())
    concept.begin(train).wait()
    watcher_of(bench).pause = lambda seconds: None
    inbox = draw_folder(tmp_path / "inbox", 2, first_seed=700)
    body = {"folder": str(inbox), "webhook": f"http://127.0.0.1:9/{PATH}"}
    bench.settings = load_settings(internal_webhooks=True)
    watches, once = f"/api/v1/concepts/{NAME}/watches", {"Idempotency-Key": "watch"}
    begun = browser(create_app(bench)).post(watches, json=body, headers=once).json()
    use_version(concept, 1, 1e-9, author="me").wait()  # everything is a yes
    assert concept.begin(look_at_folder, begun["watch"]["id"]).wait().flagged == 2
    assert watcher_of(bench).send_due().failed
    assert told(bench, own_home) == ["secrets.json"]
    assert begun["secret"] in (own_home / "secrets.json").read_text()


@pytest.mark.parametrize("name", ["openai_api_key", "users", "database_url", "oauth_client_secret"])
def test_a_secret_in_the_file_that_backups_have_is_refused(own_home: Path, name: str) -> None:
    own_home.mkdir()
    (own_home / "settings.json").write_text(json.dumps({name: KEY}))
    with pytest.raises(SettingsError, match=f"can't hold {name}") as caught:
        load_settings()
    assert KEY not in str(caught.value)
    (own_home / "settings.json").write_text("{}")
    (own_home / "secrets.json").write_text(json.dumps({name: KEY}))
    assert getattr(load_settings(), name).get_secret_value() == KEY
