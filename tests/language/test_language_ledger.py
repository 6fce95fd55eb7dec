"""What models cost: prices of a role's own or of the table, none built in; budgets, which no call exceeds."""

import concurrent.futures
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import BudgetError, SettingsError
from concepts.language import chat_model, named
from concepts.language.base import Message
from concepts.language.ledger import Budget, Ledger, Price, estimate_tokens
from concepts.settings import Settings, load_settings


def test_a_price_is_usd_per_million_tokens_and_an_estimate_grows_with_words_and_pictures():
    assert Price.parse(" 0.15/0.60 ", "llm_price") == Price(0.15, 0.6)
    assert Price(0.15, 0.6).cost(1_000_000, 500_000) == pytest.approx(0.45)
    words, seen = (Message("user", "x" * 400, pictures) for pictures in ((), (b"jpeg",)))
    assert estimate_tokens([words]) == 104
    assert estimate_tokens([seen]) > 5 * estimate_tokens([words])


@given(st.text(max_size=12) | st.from_regex(r"[0-9.]{1,4}/[0-9.]{1,4}"))
def test_a_price_is_two_numbers_or_an_error_that_names_the_setting(text):
    sides = text.split("/")
    if len(sides) == 2 and all(re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", side, re.ASCII) for side in sides):
        assert Price.parse(text, "vlm_price") == Price(*map(float, sides))
    else:
        with pytest.raises(SettingsError, match="is not a price") as caught:
            Price.parse(text, "vlm_price")
        assert caught.value.setting == "vlm_price"


def test_a_reservation_that_cost_less_or_failed_leaves_the_rest():
    budget = Budget(1.0)
    for _ in range(5):
        with budget.reserve(0.6) as costs:
            costs.append(0.1)
    with pytest.raises(RuntimeError), budget.reserve(0.4):
        raise RuntimeError  # a failed call gives its reservation back
    assert budget.spent_usd == pytest.approx(0.5)
    for spent in (budget, Budget(1.0, spent_usd=0.5)):  # by this run, or one that was interrupted
        with pytest.raises(BudgetError), spent.reserve(0.6):
            pass


def while_one_is_in_flight(budget, cost, call):
    """`call` begins during another that reserves 0.7 and comes to this cost."""
    with ThreadPoolExecutor(1) as thread:
        with budget.reserve(0.7) as costs:
            begun = thread.submit(call)
            concurrent.futures.wait([begun], timeout=0.1)
            costs.append(cost)
        begun.result(5)


def test_a_call_waits_for_what_those_in_flight_cost_before_it_is_made_or_given_up():
    budget = Budget(1.0)

    def fits() -> None:
        with budget.reserve(0.7) as costs:
            costs.append(0.2)

    def is_too_much() -> None:
        with pytest.raises(BudgetError, match=r" \$0.8 is spent"), budget.reserve(0.9):
            pass

    while_one_is_in_flight(budget, 0.2, fits)
    assert budget.spent_usd == pytest.approx(0.4)
    budget = Budget(1.0, spent_usd=0.2)
    while_one_is_in_flight(budget, 0.6, is_too_much)


def test_a_call_that_does_not_fit_is_told_with_what_it_could_cost_and_what_was_spent():
    budget = Budget(0.006)
    with budget.reserve(0.0058) as costs:
        costs.append(0.0013)
    said = r"could cost \$0\.0058, but of the budget of \$0\.006 only \$0\.0047 is left: \$0\.0013 is spent\."
    with pytest.raises(BudgetError, match=said), budget.reserve(0.0058):
        pass


def made(tmp_path: Path, **values: Any) -> Settings:
    return Settings(**{"home": tmp_path, "llm_model": "words", "vlm_model": "org/eyes"} | values)


def test_the_settings_name_the_models(tmp_path: Path, ledger: Ledger) -> None:
    told = made(tmp_path, openai_base_url="http://127.0.0.1:9/v1", vlm_model=None)
    model = chat_model(told, "scoping", ledger)
    assert model.name == "words"
    assert chat_model(told, "annotating", ledger) is None
    assert chat_model(made(tmp_path), "scoping", ledger) is None


def test_the_table_is_read_where_a_role_has_no_price_of_its_own_and_no_other_list_is(tmp_path: Path) -> None:
    told = made(tmp_path, prices="words 1/2\norg/eyes 0.5/1.5", vlm_price="3/4")
    assert named(told, "scoping") == ("words", Price(1, 2))
    assert named(told, "criticising") == ("words", Price(1, 2))
    assert named(told, "annotating") == ("org/eyes", Price(3, 4))
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


@given(st.text(max_size=60))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    with suppress(SettingsError):
        assert all(name == name.strip() != "" for name in Price.table(text))
