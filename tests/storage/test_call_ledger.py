"""The ledger of model calls: what was spent, by job, by concept, by purpose and model."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Thread

import pytest
from postgres import Server
from sqlalchemy import text

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


def test_totals_are_by_purpose_and_model_and_on_request_by_concept(ledger: Ledger) -> None:
    ledger.record(call(0.1, 1))
    ledger.record(call(None, 2))
    ledger.record(call(0.3, 2, purpose="expand"))
    expand, annotate = ledger.totals()
    assert annotate == CallTotal("annotate", "a-model", 2, 2, 20, 4, pytest.approx(0.1), 1)
    assert (expand.purpose, expand.calls, expand.concept_id) == ("expand", 1, None)
    by_concept = {(total.concept_id, total.purpose): total.calls for total in ledger.totals_by_concept()}
    assert by_concept == {(1, "annotate"): 1, (2, "annotate"): 1, (2, "expand"): 1}


def test_a_call_comes_back_as_it_was_recorded_with_the_newest_answer(ledger: Ledger) -> None:
    made = [call(0.25, 2), call(None)]
    for one, rating in zip(made, (4, 5), strict=True):
        ledger.record(one, {"rating": rating})
    assert ledger.calls() == made
    assert [one for _, one in ledger.recent()] == made[::-1]
    assert ledger.answer("hash") == {"rating": 5}
    assert ledger.answer("another hash") is None


def test_who_wants_to_ask_the_same_waits_and_who_asks_something_else_does_not(
    database: Database, database_url: str
) -> None:
    """On PostgreSQL the others are as another process is: they have connections of their own."""
    others = database if database.engine.dialect.name == "sqlite" else Database(database_url)
    ledger, theirs = Ledger(database), Ledger(others)
    found: list[dict[str, object] | None] = []

    def ask_the_same() -> None:
        with theirs.asking("hash"):
            found.append(theirs.answer("hash"))

    waiting = Thread(target=ask_the_same)
    with ledger.asking("hash"):
        waiting.start()
        with theirs.asking("another hash"):
            pass
        waiting.join(0.3)
        assert waiting.is_alive()
        ledger.record(call(0.1), {"rating": 4})
    waiting.join(30)
    assert found == [{"rating": 4}]
    with ledger.asking("hash"):  # it was given back
        pass
    others.close()


def test_what_a_process_was_asking_that_ended_another_may_ask(postgres: Server) -> None:
    url = postgres.new_database()
    dying, living = Database(url), Database(url)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(dying._dialect, "give", lambda name: None)
        stack.enter_context(Ledger(dying).asking("hash"))
        with living.write() as session:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            session.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        with Ledger(living).asking("hash"):
            pass
    with Ledger(dying).asking("hash"):  # over a new connection
        pass
    dying.close()
    living.close()
