"""How likely each value was, from the tokens of an answer: whatever a tokenizer glues to what."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from concepts.language.base import wire_schema
from concepts.language.replies import Token, chances


class Judged(BaseModel):
    why: str
    rating: int = Field(ge=1, le=5)
    verdict: Literal["met", "not met", "unclear"]
    sure: bool


SCHEMA = wire_schema(Judged, limits=True)
ANSWER = {"why": 'It says "rating": 1, café.', "rating": 4, "verdict": "not met", "sure": True}


def token(text: str, chance: float = 1.0, **others: float) -> Token:
    told = tuple((other.encode(), math.log(p)) for other, p in others.items())
    return Token(text.encode(), math.log(chance), told)


def weighed(field: str, tokens: Sequence[Token], text: str | None = None) -> dict[str, float] | None:
    text = "".join(t.raw.decode() for t in tokens) if text is None else text
    found = chances(text, text.find("{"), field, SCHEMA, tokens)
    return None if found is None else {value: round(chance, 3) for value, chance in found.items()}


def around(value: str, *tokens: Token) -> list[Token]:
    """The whole answer as JSON, with these tokens where `value` stands."""
    before, after = json.dumps(ANSWER, ensure_ascii=False).split(value, 1)
    return [token(before), *tokens, token(after)]


def test_a_value_is_weighed_where_it_stands_without_what_could_be_several_or_none() -> None:
    tokens = around("4, ", token("4", 0.6, **{"5": 0.3, "3": 0.05}), token(", "))
    assert weighed("rating", tokens) == {"4": 0.6, "5": 0.3, "3": 0.05}
    tokens = around("4, ", token("4", 0.5, **{'"': 0.2, " ": 0.1, "7": 0.1, "45": 0.05}), token(", "))
    assert weighed("rating", tokens) == {"4": 0.5}
    assert weighed("sure", around("true", token("true", 0.8, **{"false": 0.2}))) == {
        "true": 0.8,
        "false": 0.2,
    }


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        (' 4, "', [token(" 4", 0.6, **{" 5": 0.3, "3": 0.05}), token(', "')]),
        (': 4, "', [token(": 4", 0.6, **{": 5": 0.3, ":3": 0.05}), token(', "')]),
        ('": 4, "', [token('": ', 1.0), token("4,", 0.6, **{"5,": 0.3, "3\n": 0.05}), token(' "')]),
    ],
)
def test_spaces_colons_and_commas_may_be_glued_to_the_value(value: str, tokens: list[Token]) -> None:
    assert weighed("rating", around(value, *tokens)) == {"4": 0.6, "5": 0.3, "3": 0.05}


@pytest.mark.parametrize(
    "tokens",
    [
        [token(' "'), token("not", 0.7, met=0.2, unclear=0.05), token(' met"')],
        [token(' "not', 0.7, **{' "met': 0.2, '"unclear"': 0.05}), token(' met"')],
        [token(' "'), token("n", 0.7, m=0.2, unc=0.05), token('ot met"')],
        [token(' "'), token('not met"', 0.7, **{'met"': 0.2, "unclear": 0.05})],
    ],
)
def test_words_are_told_apart_by_their_first_token(tokens: list[Token]) -> None:
    assert weighed("verdict", around(' "not met"', *tokens)) == {"not met": 0.7, "met": 0.2, "unclear": 0.05}


def test_a_token_may_end_inside_a_character() -> None:
    whole = json.dumps(ANSWER, ensure_ascii=False).encode()
    cut, begins = whole.index("é".encode()) + 1, whole.index(b"4, ")
    tokens = [Token(whole[:cut], 0.0), Token(whole[cut:begins], 0.0)]
    tokens += [Token(b"4", math.log(0.9), ((b"5", math.log(0.1)),)), Token(whole[begins + 1 :], 0.0)]
    assert weighed("rating", tokens, whole.decode()) == {"4": 0.9, "5": 0.1}


def test_nothing_is_said_without_tokens_of_this_text_or_for_a_field_of_any_value() -> None:
    tokens = around("4, ", token("4"), token(", "))
    text = json.dumps(ANSWER, ensure_ascii=False)
    assert weighed("rating", [], text) is None
    assert weighed("rating", tokens[:-1], text) is None
    assert weighed("why", tokens) is None


@given(st.dictionaries(st.sampled_from("1235"), st.floats(0.001, 0.2), min_size=1), st.data())
def test_chances_are_at_most_one_together_wherever_the_tokens_end(
    others: dict[str, float], data: Any
) -> None:
    text = json.dumps(ANSWER)
    begins = text.index("4, ")
    start = data.draw(st.integers(0, begins))
    end = data.draw(st.integers(begins + 1, len(text)))
    told = {text[start:begins] + other: p for other, p in others.items()}
    tokens = [token(text[:start]), token(text[start:end], 0.5, **told), token(text[end:])]
    found = chances(text, 0, "rating", SCHEMA, tokens)
    assert found["4"] > max(found.get(other, 0.0) for other in others)
    assert sum(found.values()) <= 1 + 1e-9
