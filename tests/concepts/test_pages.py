"""Lists that can be long are read page by page: what a page costs doesn't grow with the list."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from statements import statements

from concepts.definition.revisions import definition_of, revisions
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import give_label, take_back_labels
from concepts.labelling.reasons import Reason
from concepts.learning.report import EvaluationReport
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.overview import list_concepts
from concepts.results.review import review_queue
from concepts.results.trained import list_versions, train
from concepts.results.trash import list_trash
from concepts.use_cases import App

NAME = "Round thing"


def unmeasured(number: int) -> dict[str, Any]:
    lists = dict.fromkeys(("labels", "metrics", "baselines", "sentences", "notes"), ())
    report = {"head": number, "threshold": 0.5, "looked_at": 20, "confusion": {}, "curves": None}
    return EvaluationReport.model_validate(report | lists).model_dump(mode="json")


@pytest.fixture
def filled(answered_once: App) -> App:
    """Five of everything."""
    bench = answered_once
    store, heads = bench.store, bench.heads
    concept = bench.concept(NAME).row
    bench.concept(NAME).begin(train).wait()
    take_back_labels(bench.concept(NAME), author="me", count=2)
    newest = heads.get(concept.id)
    assert newest
    for number in range(2, 6):
        begin_concept(bench, f"Concept {number}", "Another one.")
        gone = store.create(f"Gone {number}")
        store.put_away(gone.id)
        store.add_definition(
            concept.id, definition_of(bench.concept_of(concept.id)).definition.model_dump(), "me", ""
        )
        heads.add(concept.id, replace(newest, number=0))
    store.put_away(store.create("Gone 1").id)
    for number in range(1, 6):
        heads.add_evaluation(concept.id, number, 0, unmeasured(number))
    for picture in collection_of(bench).library.all_ids()[:5]:
        give_label(bench.concept(NAME), picture, "yes", author="ana", key=uuid.uuid4().hex)
    return bench


LISTS: dict[str, Callable[..., list[object]]] = {
    "concepts": lambda bench, *page: list_concepts(bench, *page),
    "trash": lambda bench, *page: list_trash(bench, "concept", *page),
    "revisions": lambda bench, *page: revisions(bench.concept(NAME), *page),
    "versions": lambda bench, *page: list_versions(bench.concept(NAME), *page),
    "labels": lambda bench, *page: label_rows(bench.concept(NAME), *page),
}


def test_a_page_is_that_part_of_the_list_and_reads_no_row_of_another(filled: App) -> None:
    for what, listed in LISTS.items():
        everything = listed(filled)  # answers are read once, then only what changed
        with statements(filled.database) as for_all:
            listed(filled)
        with statements(filled.database) as for_two:
            assert listed(filled, 2, 1) == everything[1:3], what
        assert len(everything) == 5, what
        assert any("LIMIT" in statement for statement in for_two), what
        assert len(for_two) <= len(for_all), what
        assert listed(filled, 10, 4) == everything[4:], what
        assert listed(filled, 2, 5) == [], what
    rows = review_queue(filled.concept(NAME), Reason.MISTAKE).rows
    assert rows
    assert review_queue(filled.concept(NAME), Reason.MISTAKE, 2, 1).rows == rows[1:3]
