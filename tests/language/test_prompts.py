from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import concepts.language
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


def test_the_version_changes_with_the_text():
    assert Prompt("p", "a").version == Prompt("q", "a").version != Prompt("p", "b").version


@given(st.text())
def test_no_value_can_close_the_tag_around_it_or_bring_in_a_variable(value):
    rendered = Prompt("p", "<concept>{{ definition }}</concept>").render(definition=value)
    assert rendered.startswith("<concept>")
    assert rendered.endswith("</concept>")
    assert rendered.count("<") == 2
    assert Prompt("p", "{{ a }}{{ b }}").render(a="{{ b }}", b="x") == "{{ b }}x"
