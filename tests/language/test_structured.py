import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from concepts.language.base import locate_answer, wire_schema


class Inner(BaseModel):
    title: str = Field(min_length=1, pattern="x")
    verdict: Literal["met", "not met"] = "met"


class Outer(BaseModel):
    items: list[Inner] = Field(max_length=3)
    note: str | None = None


def test_the_wire_schema_is_flat_strict_and_without_limits():
    schema = wire_schema(Outer)
    inner = schema["properties"]["items"]["items"]
    assert schema["required"] == ["items", "note"]
    assert inner["required"] == ["title", "verdict"]
    assert schema["additionalProperties"] is inner["additionalProperties"] is False
    assert inner["properties"]["title"] == {"type": "string"}
    assert inner["properties"]["verdict"] == {"type": "string", "enum": ["met", "not met"]}
    for word in ("$ref", "$defs", "default", "pattern", "minLength", "maxItems"):
        assert word not in json.dumps(schema)


class Point(BaseModel):
    x: int


@given(st.text(), st.integers(), st.text())
def test_an_answer_is_found_between_other_words(before, x, after):
    before = before.replace("{", "").replace("<think>", "")
    assert locate_answer(f"{before}{json.dumps({'x': x})}{after}", Point)[0].x == x


@given(st.text(alphabet=st.characters(exclude_characters="x")))
def test_text_that_is_no_answer_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"JSON|x: Field required"):
        locate_answer(text, Point)


def test_deep_nesting_is_a_value_error():
    with pytest.raises(ValueError, match="JSON"):
        locate_answer('{"a":' * 5000, Point)
