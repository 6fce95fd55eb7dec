import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import BudgetError, SettingsError
from concepts.language.base import Message
from concepts.language.ledger import Budget, Price, estimate_tokens


def test_a_price_is_usd_per_million_tokens():
    assert Price.parse(" 0.15/0.60 ", "llm_price") == Price(0.15, 0.6)
    assert Price(0.15, 0.6).cost(1_000_000, 500_000) == pytest.approx(0.45)


@given(st.text(max_size=12) | st.from_regex(r"[0-9.]{1,4}/[0-9.]{1,4}"))
def test_a_price_is_two_numbers_or_an_error_that_names_the_setting(text):
    sides = text.split("/")
    if len(sides) == 2 and all(re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", side, re.ASCII) for side in sides):
        assert Price.parse(text, "vlm_price") == Price(*map(float, sides))
    else:
        with pytest.raises(SettingsError, match="is not a price") as caught:
            Price.parse(text, "vlm_price")
        assert caught.value.setting == "vlm_price"


def test_a_reservation_that_cost_less_leaves_the_rest():
    budget = Budget(1.0)
    for _ in range(5):
        with budget.reserve(0.6) as costs:
            costs.append(0.1)
    assert budget.spent_usd == pytest.approx(0.5)
    with pytest.raises(BudgetError), budget.reserve(0.6):
        pass


def test_a_failed_call_gives_its_reservation_back():
    budget = Budget(1.0)
    for _ in range(3):
        with pytest.raises(RuntimeError), budget.reserve(0.9):
            raise RuntimeError
    assert budget.spent_usd == 0


def test_a_call_waits_for_the_one_in_flight_rather_than_giving_up():
    budget, inside, made = Budget(1.0), threading.Event(), []

    def second() -> None:
        inside.wait()
        with budget.reserve(0.7) as costs:
            costs.append(0.2)
        made.append(True)

    thread = threading.Thread(target=second)
    thread.start()
    with budget.reserve(0.7) as costs:
        inside.set()
        costs.append(0.2)
    thread.join(5)
    assert made == [True]


def test_what_an_interrupted_run_spent_counts():
    with pytest.raises(BudgetError), Budget(1.0, spent_usd=0.95).reserve(0.1):
        pass


def test_a_call_that_does_not_fit_is_told_with_what_it_could_cost_and_what_was_spent():
    budget = Budget(0.006)
    with budget.reserve(0.0058) as costs:
        costs.append(0.0013)
    said = r"could cost \$0\.0058, but of the budget of \$0\.006 only \$0\.0047 is left: \$0\.0013 is spent\."
    with pytest.raises(BudgetError, match=said), budget.reserve(0.0058):
        pass


def test_the_cost_of_calls_in_flight_is_known_before_a_budget_is_said_not_to_suffice():
    budget, inside, said = Budget(1.0), threading.Event(), []

    def second() -> None:
        inside.wait()
        with pytest.raises(BudgetError) as caught, budget.reserve(0.9):
            pass
        said.append(str(caught.value))

    thread = threading.Thread(target=second)
    with budget.reserve(0.2) as costs:
        costs.append(0.2)
    thread.start()
    with budget.reserve(0.7) as costs:
        inside.set()
        costs.append(0.6)
    thread.join(5)
    assert [" $0.8 is spent" in one for one in said] == [True]


def test_an_estimate_grows_with_the_words_and_the_pictures():
    words, seen = (Message("user", "x" * 400, pictures) for pictures in ((), (b"jpeg",)))
    assert estimate_tokens([words]) == 104
    assert estimate_tokens([seen]) > 5 * estimate_tokens([words])
