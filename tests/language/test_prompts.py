"""What goes to a model and how its answer is read: prompts, the schema on the wire, JSON among words."""

import json
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

import concepts.language
from concepts.language.base import locate_answer, wire_schema
from concepts.language.prompts import Prompt, PromptError, load_prompt

FILES = sorted((Path(concepts.language.__file__).parent / "prompts").glob("*.md"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_prompt_file_renders_with_the_variables_it_names(file):
    prompt = load_prompt(file.stem)
    assert "{{" not in prompt.render(**dict.fromkeys(prompt.variables, "words"))


def test_a_missing_variable_an_unused_one_and_an_unknown_prompt_are_errors():
    prompt = Prompt("p", "Hello {{ name }}")
    assert prompt.render(name="Ann") == "Hello Ann"
    with pytest.raises(PromptError, match="needs name"):
        prompt.render()
    with pytest.raises(PromptError, match="doesn't use age"):
        prompt.render(name="Ann", age="5")
    with pytest.raises(PromptError, match="no prompt"):
        load_prompt("nothing")
    assert Prompt("p", "a").version == Prompt("q", "a").version != Prompt("p", "b").version


@given(st.text())
def test_no_value_can_close_the_tag_around_it_or_bring_in_a_variable(value):
    rendered = Prompt("p", "<concept>{{ definition }}</concept>").render(definition=value)
    assert rendered.startswith("<concept>")
    assert rendered.endswith("</concept>")
    assert rendered.count("<") == 2
    assert Prompt("p", "{{ a }}{{ b }}").render(a="{{ b }}", b="x") == "{{ b }}x"


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
