"""Models, a tab of Settings: the endpoint's form, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.page import Action, WebPage
from web.screens.settings import _Screen
from web.server import create_app


@pytest.fixture
def bench(own_home: Path) -> Workbench:
    return Workbench(Settings(home=own_home))


def view(bench: Workbench) -> str:
    """All HTML."""
    return html_of(_Screen(bench, WebPage()).show())


def act(bench: Workbench, name: str, value: str = "", **fields: str) -> str:
    """All HTML after a press."""
    return html_of(_Screen(bench, WebPage()).act(Action(name, value, fields), None))


def html_of(shown: dict[Any, Any]) -> str:
    return "".join(part for part in shown.values() if isinstance(part, str))


def test_the_theme_is_set_before_anything_is_painted_on_every_screen(bench: Workbench) -> None:
    client = TestClient(create_app(bench), base_url="http://127.0.0.1:7860")
    for address in ("/", "/settings", "/label"):
        for cookie, first in (("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ("x", "")):
            headers = {"accept": "text/html", "cookie": f"discern-theme={cookie}"}
            page = client.get(address, headers=headers).text
            assert page[: page.index("<head>")].count(" data-theme=") == bool(first)
            assert first in page[: page.index("<head>")]


def test_settings_are_saved_and_the_key_is_never_shown(bench: Workbench) -> None:
    fields = {"openai_base_url": "http://127.0.0.1:9/v1", "openai_api_key": "sk-secret", "llm_model": "m"}
    said = act(bench, "save", **fields)
    assert "Saved." in said
    assert "sk-secret" not in said
    assert bench.context.settings.openai_api_key is not None
    act(bench, "save", openai_api_key="", llm_model="other")
    assert bench.context.settings.openai_api_key is not None
    moved = act(bench, "save", openai_base_url="http://127.0.0.2:9/v1")
    assert "give it again" in moved
    assert bench.context.settings.openai_api_key is None


def test_what_the_environment_decides_is_shown_but_cannot_be_edited(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCERN_LLM_MODEL", "from-outside")
    bench = Workbench(Settings(home=own_home))
    form = view(bench)
    field = form.split('id="llm_model"')[1].split("</div>")[0]
    assert "disabled" in field
    assert "from-outside" in field
    act(bench, "save", llm_model="x", vlm_model="v")
    assert (bench.context.settings.llm_model, bench.context.settings.vlm_model) == ("from-outside", "v")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (
            "vlm_price",
            "cheap",
            "“cheap” is not a price. Write the price of the model for pictures in US dollars",
        ),
        ("critic_price", "1", "Write the price of the critic"),
        ("prices", "one-model cheap", "“cheap” is not a price. Write the prices of models in US dollars"),
        ("model_concurrency", "900", "Parallel requests: "),
        ("picture_side", "9", "Picture size: "),
        ("request_fields", "seed", "More fields: "),
        ("openai_base_url", "ftp://x", "is no address of an endpoint"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_form(
    bench: Workbench, field: str, value: str, words: str
) -> None:
    said = act(bench, "save", **{field: value})
    notice = said.split('class="notice', 1)[1].split("</div>", 1)[0]
    assert words in notice
    assert "Nothing was changed" in notice
    for name in ("DISCERN_", "OPENAI_", "_price", "_model", "base_url"):
        assert name not in notice


def test_a_key_that_the_environment_decides_is_told_without_its_name(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    bench = Workbench(Settings(home=own_home))
    said = act(bench, "save", openai_base_url="http://127.0.0.1:9/v1")
    notice = said.split('class="notice', 1)[1].split("</div>", 1)[0]
    assert "would be sent to this address" in notice
    assert "OPENAI" not in notice
