"""A rule as text: what is written comes back, and what can't be read says where and why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.bundle.facts import AllOf, AnyOf, Expression, Is, Not
from concepts.bundle.rule_text import parse, quoted, text_of
from concepts.errors import RuleTextError
from concepts.results.rule_scores import combined, groups_of

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
    assert parse(quoted(name), {name: 7}.__getitem__) == Is(concept=7)


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
def test_what_is_certain_is_combined_as_logic(expression: Expression, seed: int) -> None:
    sure = np.random.default_rng(seed).uniform(size=(20, 3)) > 0.5
    assert (combined(expression, sure.astype(float)) == holds(expression, sure)).all()


def holds(expression: Expression, sure: np.ndarray) -> np.ndarray:
    if isinstance(expression, Is):
        return sure[:, expression.concept]
    if isinstance(expression, Not):
        return ~holds(expression.but, sure)
    if isinstance(expression, AllOf):
        return np.all([holds(part, sure) for part in expression.all], axis=0)
    return np.any([holds(part, sure) for part in expression.any], axis=0)


def test_a_plain_rule_can_be_read_as_groups_and_a_nested_one_not() -> None:
    a, b, c = (Is(concept=i) for i in range(3))
    assert groups_of(AnyOf(any=(AllOf(all=(a, Not(but=b))), c))) == [[(0, True), (1, False)], [(2, True)]]
    assert groups_of(a) == [[(0, True)]]
    assert groups_of(AllOf(all=(a, AnyOf(any=(b, c))))) is None
    assert groups_of(Not(but=AllOf(all=(a, b)))) is None
