"""Prices of models: a role's own, else that of the table; no list of prices is built in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.errors import SettingsError
from concepts.language import chat_model, named
from concepts.language.ledger import Ledger, Price
from concepts.settings import Settings, load_settings


def made(tmp_path: Path, **values: Any) -> Settings:
    return Settings(**{"home": tmp_path, "llm_model": "words", "vlm_model": "org/eyes"} | values)


def test_the_settings_name_the_models(tmp_path: Path, ledger: Ledger) -> None:
    told = made(tmp_path, openai_base_url="http://127.0.0.1:9/v1", vlm_model=None)
    model = chat_model(told, "scoping", ledger)
    assert model is not None
    assert model.name == "words"
    assert chat_model(told, "annotating", ledger) is None
    assert chat_model(made(tmp_path), "scoping", ledger) is None


def test_the_table_is_read_where_a_role_has_no_price_of_its_own(tmp_path: Path) -> None:
    told = made(tmp_path, prices="words 1/2\norg/eyes 0.5/1.5", vlm_price="3/4")
    assert named(told, "scoping") == ("words", Price(1, 2))
    assert named(told, "criticising") == ("words", Price(1, 2))
    assert named(told, "annotating") == ("org/eyes", Price(3, 4))


def test_a_model_that_is_in_no_table_has_no_price(tmp_path: Path) -> None:
    assert named(made(tmp_path), "annotating") == ("org/eyes", None)
    assert named(made(tmp_path, prices="other 1/2"), "annotating") == ("org/eyes", None)


def test_the_environment_gives_them_too_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCERN_PRICES", "words 1/2, name with spaces 0/0")
    table = Price.table(load_settings().prices or "")
    assert table == {"words": Price(1, 2), "name with spaces": Price(0, 0)}


@pytest.mark.parametrize("text", ["words", "words 1", "0.1/0.2", "a 1/2\nb cheap", "a 1/2 b"])
def test_what_is_no_model_with_its_price_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a price") as refused:
        Price.table(text)
    assert refused.value.setting == "prices"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    with suppress(SettingsError):
        assert all(name == name.strip() != "" for name in Price.table(text))
