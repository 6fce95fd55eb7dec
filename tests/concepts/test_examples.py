"""An example is a yes wherever it is given: it is learned from and not asked about."""

from __future__ import annotations

import pytest

from concepts.workbench import Workbench

NAME = "Line"


def by_kind(bench: Workbench, kind: str) -> list[str]:
    pictures = bench.library.pictures(limit=90).pictures
    return sorted(picture.id for picture in pictures if kind in picture.path)


def begun(bench: Workbench, **examples: list[str]) -> None:
    concept = bench.context.store.create(NAME)
    document = {"name": NAME, "description": "Something drawn.", **examples}
    bench.context.store.add_definition(concept.id, document, "me", "begun")
    bench.context.draw_evaluation(concept)


def test_examples_and_counterexamples_are_learned_from_as_answers_are(bench: Workbench) -> None:
    lines, others = by_kind(bench, "line")[:2], by_kind(bench, "rectangle")[:2]
    begun(bench, examples=lines, counterexamples=others)
    training = bench.context.dataset(bench.context.concept(NAME)).training
    said = dict(zip(training.ids, training.data.positive.tolist(), strict=True))
    assert said == dict.fromkeys(lines, True) | dict.fromkeys(others, False)
    assert set(training.kinds) == {"person"}
    head = bench.concept(NAME).versions.train().wait()
    assert head.kind != "text"


@pytest.fixture
def line(bench: Workbench) -> str:
    """The one example of the concept."""
    line = by_kind(bench, "line")[0]
    begun(bench, examples=[line])
    return line


def test_an_answer_about_an_example_counts_instead_of_it(bench: Workbench, line: str) -> None:
    bench.concept(NAME).labels.give(line, "no", author="me", key="changed-my-mind")
    training = bench.context.dataset(bench.context.concept(NAME)).training
    assert dict(zip(training.ids, training.data.positive.tolist(), strict=True)) == {line: False}


def test_an_example_is_asked_about_neither_itself_nor_by_a_picture_that_looks_the_same(
    bench: Workbench, line: str
) -> None:
    asked = [picture.id for picture in bench.concept(NAME).labels.next_pictures(100)]
    groups = bench.context.collection.library.near_groups([line, *asked])
    assert asked
    assert groups[0] not in groups[1:]


def test_after_one_example_what_is_like_it_is_asked_first(bench: Workbench, line: str) -> None:
    found = bench.concept(NAME).labels.next_pictures(5)
    assert {picture.reason for picture in found} == {"like a yes"}
    index = bench.context.collection.index()
    nearest = index.search(index.vectors([line]), 40)[0]
    assert found[0].id in [picture_id for picture_id, _ in nearest[:12]]
