"""Models, a tab of Settings: the endpoint's form, what a test of it found, and what does the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient
from web_screens import Screens

from concepts.encoders import Resolution
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.page import Action, WebPage
from web.screens import encoder, settings
from web.screens.settings import _Screen
from web.server import create_app


@pytest.fixture
def bench(own_home: Path) -> Workbench:
    return Workbench(Settings(home=own_home))


def ended(bench: Workbench, kind: str, state: str, result: Any) -> None:
    job_id = bench.jobs.store.add(kind, {})
    bench.jobs.store.claim(job_id)
    bench.jobs.store.finish(job_id, state, result, "")


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


def test_what_does_the_work_is_told_here(bench: Workbench) -> None:
    said = view(bench)
    assert "No model is asked" in said
    assert "on this computer" in said


def test_a_model_that_automatic_would_take_is_named_before_the_first_picture(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "<b>built in</b>" in view(bench)
    taken = Resolution("PE-Core-B-16/meta", "PE-Core-B-16/meta is used: it is on this computer.")
    monkeypatch.setattr(settings, "resolve_auto", lambda: taken)
    assert "<b>PE-Core-B-16/meta</b>" in view(bench)


def test_an_encoder_that_is_set_is_named_before_the_first_picture(own_home: Path) -> None:
    bench = Workbench(Settings(home=own_home, encoder="PE-Core-B-16/meta"))
    assert "<b>PE-Core-B-16/meta</b>" in view(bench)
    assert "PE-Core-B-16/meta is used, as DISCERN_ENCODER says." in view(bench)


def test_automatic_says_which_encoder_it_is_now_and_a_library_keeps_its_own(
    own_home: Path, tmp_path: Path, tiny_open_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = f"local-dir:{tiny_open_clip}"
    bench = Workbench(Settings(home=own_home))
    bench.library.add([draw_folder(tmp_path / "pictures", 2)], encoder=own).wait()
    said = Screens(bench).load("settings/encoder")["encoder"]
    assert (f'<p class="say">{own}</p>' in said, "<b>Automatic (now: Built in)</b>" in said) == (True, True)
    assert "Choose one by name to download it." in said
    taken = Resolution("PE-Core-B-16/meta", "PE-Core-B-16/meta is used: it is on this computer.")
    monkeypatch.setattr(encoder, "resolve_auto", lambda: taken)
    said = Screens(bench).load("settings/encoder")["encoder"]
    assert (f'<p class="say">{own}</p>' in said, f"<b>Automatic (now: {taken.name})</b>" in said) == (
        True,
        True,
    )
    assert Workbench(Settings(home=own_home)).context.collection.encoder().name == own


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


def test_what_follows_stands_beside_what_was_found(bench: Workbench) -> None:
    answer = {
        "model": "m",
        "roles": ["scoping", "annotating"],
        "works": True,
        "sees": False,
        "chances": False,
    }
    report = {"address": "http://e", "models": [], "models_note": "No list.", "answers": [answer]}
    ended(bench, "test endpoint", "done", report)
    said = view(bench)
    assert "proposes criteria, suggests labels." in said
    assert "Name one that sees, or none: then the built-in encoder labels instead." in said
    assert "It is asked three times." in said


def test_a_model_that_did_not_answer_is_not_said_to_do_the_work(bench: Workbench) -> None:
    act(bench, "save", openai_base_url="http://127.0.0.1:9/v1", llm_model="m")
    said = view(bench)
    assert "m, on this computer, at http://127.0.0.1:9/v1, not tested yet." in said
    assert "than a cent" not in said
    answer = {"model": "m", "roles": ["scoping"], "works": False, "problem": "Nobody is there."}
    report = {"address": "http://127.0.0.1:9/v1", "models": [], "models_note": "", "answers": [answer]}
    running = bench.jobs.store.add("test endpoint", {})
    assert "m, on this computer, at http://127.0.0.1:9/v1, now being tested." in view(bench)
    bench.jobs.store.claim(running)
    bench.jobs.store.finish(running, "failed", None, "can’t be reached")
    ticked = html_of(_Screen(bench, WebPage()).tick())
    assert "m, on this computer, at http://127.0.0.1:9/v1, did not answer the last test." in ticked
    ended(bench, "test endpoint", "done", {**report, "answers": [{**answer, "works": True}]})
    assert "m proposes criteria, on this computer, at http://127.0.0.1:9/v1." in view(bench)
    ended(bench, "test endpoint", "done", report)
    said = view(bench)
    assert "<b>m, which did not answer the last test</b>" in said
    assert "m, on this computer, at http://127.0.0.1:9/v1, did not answer the last test." in said
    assert "m proposes criteria" not in said
    assert "sends to" not in said


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


def test_further_models_and_prices_are_kept_as_they_were_typed(bench: Workbench) -> None:
    prices = "one 1/2\r\ntwo 0/0"
    act(bench, "save", prices=prices, large_vlm_model="large", critic_model="critic", critic_price="1/2")
    settings = bench.context.settings
    assert (settings.large_vlm_model, settings.critic_model) == ("large", "critic")
    assert "two 0/0" in (settings.prices or "")
    assert "one 1/2" in view(bench)
    assert 'value="large"' in view(bench)
