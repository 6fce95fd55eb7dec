"""The ledger of model calls: what was spent, by job, by concept, by purpose and model."""

from __future__ import annotations

import pytest

from storage.calls import Call, CallTotal, Ledger
from storage.concepts import ConceptStore
from storage.database import Database
from storage.jobs import JobStore


@pytest.fixture
def ledger(database: Database) -> Ledger:
    for name in ("one", "other"):
        concept = ConceptStore(database).create(name)
        JobStore(database).add("annotate", {}, concept.id)
    return Ledger(database)


def call(cost: float | None, job: int | None = None, purpose: str = "annotate", **more: object) -> Call:
    values = {"tokens_in": 10, "tokens_out": 2, "cost_usd": cost, "job_id": job, "concept_id": job} | more
    return Call(purpose, "a-model", "http://e", "hash", 7, "answered", **values)  # type: ignore[arg-type]


def test_a_job_is_charged_its_own_calls_and_no_others(ledger: Ledger) -> None:
    for cost, job in ((0.1, 1), (0.2, 2), (0.4, 1), (0.8, None)):
        ledger.record(call(cost, job))
    assert ledger.spent_usd(job_id=1) == pytest.approx(0.5)
    assert ledger.count(job_id=1) == 2
    assert ledger.spent_usd() == pytest.approx(1.5)
    assert ledger.count() == 4


def test_a_call_comes_back_as_it_was_recorded(ledger: Ledger) -> None:
    made = [call(0.25, 2), call(None)]
    for one in made:
        ledger.record(one)
    assert ledger.calls() == made
    assert [one for _, one in ledger.recent()] == made[::-1]


def test_totals_are_by_purpose_and_model_and_on_request_by_concept(ledger: Ledger) -> None:
    ledger.record(call(0.1, 1))
    ledger.record(call(None, 2))
    ledger.record(call(0.3, 2, purpose="expand"))
    expand, annotate = ledger.totals()
    assert annotate == CallTotal("annotate", "a-model", 2, 2, 20, 4, pytest.approx(0.1), 1)
    assert (expand.purpose, expand.calls, expand.concept_id) == ("expand", 1, None)
    by_concept = {(total.concept_id, total.purpose): total.calls for total in ledger.totals_by_concept()}
    assert by_concept == {(1, "annotate"): 1, (2, "annotate"): 1, (2, "expand"): 1}


def test_an_answer_is_kept_with_its_call_and_the_newest_one_counts(ledger: Ledger) -> None:
    ledger.record(call(0.1), {"rating": 4})
    ledger.record(call(0.1), {"rating": 5})
    assert ledger.answer("hash") == {"rating": 5}
    assert ledger.answer("another hash") is None
