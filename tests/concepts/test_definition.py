"""Definitions: immutable documents with a word diff that loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from concepts.definition.document import Criterion, Definition, Query, changed_lines, word_diff

texts = st.text(alphabet="ab \n.", max_size=30)


@given(texts, texts)
def test_a_word_diff_holds_both_texts_whole(before: str, after: str) -> None:
    runs = word_diff(before, after)
    assert "".join(text for change, text in runs if change != "added") == before
    assert "".join(text for change, text in runs if change != "removed") == after


def test_a_word_diff_of_equal_texts_is_one_run() -> None:
    assert word_diff("a messy room", "a messy room") == [("same", "a messy room")]


def test_a_changed_word_is_removed_and_added() -> None:
    assert word_diff("a messy room", "a tidy room") == [
        ("same", "a "), ("removed", "messy"), ("added", "tidy"), ("same", " room"),
    ]  # fmt: skip


def test_of_changed_lines_the_words_are_compared_and_no_other_line_is_shown() -> None:
    assert changed_lines("Must: red\nNot: a toy\nlast", "Must: red\nNot: a toy car\nlast") == [
        ("same", "Not: a toy"),
        ("added", " car"),
    ]
    assert changed_lines("one\nlast", "one\nlast\nnew") == [("added", "new")]
    assert changed_lines("same", "same") == []


def test_queries_that_differ_in_case_spacing_or_punctuation_are_one() -> None:
    definition = Definition(
        name="Juice",
        description="Cartons of juice.",
        queries=(Query(text="apple juice"), Query(text="Apple  Juice."), Query(text="C++"), Query(text="C")),
    )
    assert [query.text for query in definition.queries] == ["apple juice", "C++", "C"]


def test_a_definition_cannot_be_changed() -> None:
    definition = Definition(name="Juice", description="Cartons of juice.")
    with pytest.raises(ValidationError):
        definition.name = "Milk"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_must_be_a_name(name: str) -> None:
    with pytest.raises(ValidationError):
        Definition(name=name, description="Cartons of juice.")


def test_criteria_are_found_by_kind() -> None:
    definition = Definition(
        name="Juice",
        description="Cartons of juice.",
        criteria=(Criterion(kind="necessary", text="a drink"), Criterion(kind="excluding", text="milk")),
    )
    assert [criterion.text for criterion in definition.of_kind("excluding")] == ["milk"]
