"""A rule as text: what is written comes back, and what can't be read says where and why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.bundle.facts import AllOf, AnyOf, Expression, Is, Not
from concepts.bundle.rule_text import parse, quoted, text_of
from concepts.classifier.rule_scores import bounds, combined, groups_of, holds, places
from concepts.errors import RuleTextError

NAMES = ["messy room", "people", 'salt and "pepper"', "(old)", "or", "Not"]


def expressions(concepts: int) -> st.SearchStrategy[Expression]:
    return st.recursive(
        st.integers(0, concepts - 1).map(lambda i: Is(concept=i)),
        lambda inner: st.one_of(
            inner.map(lambda e: Not(but=e)),
            st.lists(inner, min_size=2, max_size=3).map(lambda es: AllOf(all=tuple(es))),
            st.lists(inner, min_size=2, max_size=3).map(lambda es: AnyOf(any=tuple(es))),
        ),
        max_leaves=8,
    )


@given(expression=expressions(len(NAMES)))
def test_a_rule_that_is_written_is_read_as_the_same(expression: Expression) -> None:
    assert parse(text_of(expression, NAMES), NAMES.index) == expression


@given(name=st.text(min_size=1))
def test_any_name_is_read_as_itself_in_quotes_or_without(name: str) -> None:
    read: list[str] = []

    def note(found: str) -> int:
        read.append(found)
        return 0

    assert parse(quoted(name), note) == Is(concept=0)
    assert read == [name]


@given(text=st.text(alphabet='ab ()"NOTANDOR', max_size=30))
def test_whatever_is_typed_is_a_rule_or_is_refused_with_its_place(text: str) -> None:
    places: list[int] = []
    try:
        parse(text, lambda name: 0)
    except RuleTextError as error:
        places.append(error.place)
    assert all(0 <= place <= len(text) for place in places)


def test_not_binds_closer_than_and_and_that_closer_than_or() -> None:
    a, b, c = (Is(concept=i) for i in range(3))
    read = parse("people or messy room AND not (old one)", ["people", "messy room", "old one"].index)
    assert read == AnyOf(any=(a, AllOf(all=(b, Not(but=c)))))


@pytest.mark.parametrize(
    ("text", "why", "place"),
    [
        ("", "missing at the end", 0),
        ("a and", "missing at the end", 5),
        ("a and or b", "missing before “or”", 6),
        ("a) and b", "closed that was not opened", 1),
        ("(a or b", "opened and not closed", 7),
        ('"a', "quote is opened", 0),
        ('a "b"', "AND or OR", 2),
        ("(" * 30 + "a" + ")" * 30, "brackets in brackets", 20),
    ],
)
def test_what_is_no_rule_says_why_and_where(text: str, why: str, place: int) -> None:
    with pytest.raises(RuleTextError, match=why) as error:
        parse(text, lambda name: 0)
    assert error.value.place == place


@given(expression=expressions(3), seed=st.integers(0, 999))
def test_the_product_lies_between_the_limits_and_certainty_is_logic(
    expression: Expression, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.uniform(size=(20, 3))
    low, high = bounds(expression, shares)
    assert (low <= high + 1e-12).all()
    if max(places(expression).values()) == 1:  # one that stands there twice is multiplied as if it were two
        found = combined(expression, shares)
        assert ((low - 1e-12 <= found) & (found <= high + 1e-12)).all()
    sure = rng.uniform(size=(20, 3)) > 0.5
    assert (combined(expression, sure.astype(float)) == holds(expression, sure)).all()


@given(expression=expressions(2), tie=st.floats(-1, 1), p=st.floats(0.01, 0.99), q=st.floats(0.01, 0.99))
def test_the_limits_hold_however_the_concepts_go_together(
    expression: Expression, tie: float, p: float, q: float
) -> None:
    """Of every joint distribution with these two probabilities."""
    least, most = max(0.0, p + q - 1), min(p, q)
    both = least + (tie + 1) / 2 * (most - least)
    worlds = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    weights = np.array([both, p - both, q - both, 1 - p - q + both])
    truth = float(weights @ holds(expression, worlds))
    low, high = bounds(expression, np.array([[p, q]]))
    assert low[0] - 1e-9 <= truth <= high[0] + 1e-9


def test_a_plain_rule_can_be_read_as_groups_and_a_nested_one_not() -> None:
    a, b, c = (Is(concept=i) for i in range(3))
    assert groups_of(AnyOf(any=(AllOf(all=(a, Not(but=b))), c))) == [[(0, True), (1, False)], [(2, True)]]
    assert groups_of(a) == [[(0, True)]]
    assert groups_of(AllOf(all=(a, AnyOf(any=(b, c))))) is None
    assert groups_of(Not(but=AllOf(all=(a, b)))) is None
