"""When a picture counts, over the columns of a table: a stranger's text, never evaluated by Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import DiscernError
from study.conditions import condition

ROW = {"coarse": "Milk", "valence_mean": "5.5", "category": "Object", "empty": "", "n": "3"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('coarse == "Milk"', True),
        ('coarse != "Milk"', False),
        ("valence_mean >= 5.5", True),
        ("2 < n <= 3", True),
        ('valence_mean >= 5 and category != "Object"', False),
        ('not (coarse == "Juice" or n < -1)', True),
        ('coarse in ["Juice", "Milk"]', True),
        ("n in (1, 2)", False),
        ('category not in ["Scene"]', True),
        ("empty > 0", False),
        ("empty != 0", True),
        ('coarse == "Milk" == category', False),
        ("n == 3.0", True),
        ('n == "3.0"', False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert condition(text, ROW)(ROW) is holds


REFUSED = """
coarse
True
coarse ==
__import__("os").system("x") == 0
coarse.upper() == "MILK"
n + 1 > 2
coarse is None
[x for x in coarse]
coarse < f'{n}'
lambda: n == 1
n == True
coarse in "Milk"
n == b'1'
n[0] == 1
(n := 3) == 3
"""


@pytest.mark.parametrize(
    "text", [*REFUSED.splitlines(), "(" * 500 + "n == 1" + ")" * 500, "n == 1" * 1000, "n == 1\nn == 2"]
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(DiscernError):
        condition(text, ROW)
    with pytest.raises(DiscernError, match=r"no column “colour”.*coarse, empty, n"):
        condition('colour == "red"', ["n", "coarse", "empty"])


@given(st.text(max_size=60) | st.text("n=<>'\"()[], andortin1.", max_size=40))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        holds = condition(text, ROW)
    except DiscernError:
        return
    assert holds(ROW) in (True, False)
