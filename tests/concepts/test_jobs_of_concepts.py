"""Jobs belong to a concept, not to a name, and pay for their own calls alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from at_once import at_once
from simulated_annotator import serving

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from storage.calls import Call

NAME, OTHER = "Round thing", "Square thing"


def concept_id(bench: Workbench, name: str = NAME) -> int:
    return bench.context.concept(name).id


def done(bench: Workbench, kind: str, result: dict[str, Any], **arguments: Any) -> int:
    job_id = bench.jobs.store.add(kind, arguments, concept_id(bench))
    bench.jobs.store.claim(job_id)
    bench.jobs.store.finish(job_id, "done", result)
    return job_id


def choose(bench: Workbench) -> None:
    """Has questions chosen, and waits for that."""
    bench.concept(NAME).labels.upcoming([], 0)
    bench.context.background.submit(lambda: None).result(20)


def test_a_new_concept_shows_and_asks_nothing_of_a_deleted_one_with_its_name(bench: Workbench) -> None:
    done(bench, "train", {"version": 1, "new": True, "measured": True}, target="precision=0.9")
    scores = {"out": "/scores.csv", "rows": 3, "yes": 1, "skipped": 0}
    done(bench, "score files", scores, version=1, paths=["/pictures"], suffix="csv")
    assert [file.folder for file in bench.concept(NAME).scores.files()] == ["/pictures"]
    assert bench.concept(NAME).versions.last_target() == "precision=0.9"
    choose(bench)

    bench.trash.put(concept=NAME, author="me")
    bench.concepts.begin(NAME, "The same name, and quite another idea.")
    assert bench.concept(NAME).scores.files() == []
    assert bench.concept(NAME).versions.last_target() == "f1"
    assert bench.installation.newest_jobs(["train"], NAME) == []
    evaluation = set(bench.context.store.evaluation_pictures(concept_id(bench)))
    choose(bench)
    asked = bench.concept(NAME).labels.upcoming([], 9).pictures
    assert {p.id for p in asked if p.purpose == "evaluation"} <= evaluation
    assert not {p.id for p in asked if p.purpose == "train"} & evaluation


def test_a_failed_job_is_tried_again_but_not_of_a_concept_in_the_trash(bench: Workbench) -> None:
    store = bench.jobs.store
    failed = bench.concept(NAME).definition.mine(size=10).id
    store.claim(failed)
    store.finish(failed, "failed", error="the disk was full")
    assert bench.installation.retry_job(failed).wait().model_dump()["candidates"] == 10
    job_id = bench.concept(NAME).definition.mine(size=12).id
    bench.trash.put(concept=NAME, author="me")
    assert bench.installation.job(job_id).concept == NAME
    with pytest.raises(DiscernError, match="is in the trash"):
        bench.installation.retry_job(job_id).wait()


def test_a_job_that_does_not_say_enough_says_so(bench: Workbench) -> None:
    orphan = bench.jobs.store.add("train", {"target": "f1"}, None)
    assert bench.installation.job(orphan).concept is None
    with pytest.raises(DiscernError, match="concept_id"):
        bench.jobs.resume(orphan)


# What a job spends

WORST = 5  # $ that one call could cost, rounded up


@pytest.fixture
def paid(monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], Workbench]) -> Iterator[Workbench]:
    """Two concepts, and a SIMULATED model that costs about 0.12 $ a picture, and at worst 4 $."""
    with serving(monkeypatch, vlm_price="1000/1000", model_concurrency="1"):
        bench = open_bench()
        for name in (NAME, OTHER):
            bench.concepts.begin(name, f"A {name}.")
            bench.concept(name).definition.mine().wait()
        yield bench


def elsewhere(bench: Workbench, cost: float) -> None:
    """A call that has nothing to do with the running job, such as proposing another definition."""
    call = Call("expand", "simulated-model", "http://model", "0" * 64, 5, "answered", cost_usd=cost)
    bench.context.ledger.charged_to(None, concept_id(bench, OTHER)).record(call)


def test_a_resumed_job_counts_what_its_first_part_spent_and_nothing_else(paid: Workbench) -> None:
    def stop(done: int, total: int | None, message: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        paid.concept(NAME).annotations.annotate(budget=6).wait(stop)
    tests = sum(c.cost_usd or 0 for c in paid.context.ledger.calls() if c.purpose == "test")
    spent = paid.context.ledger.spent_usd() - tests  # whether the model sees is charged to no job
    assert 0 < spent <= 6
    elsewhere(paid, 100)
    result = paid.concept(NAME).annotations.annotate(budget=6).wait()
    assert "budget" in result.stopped.lower()
    assert result.cost_usd is not None
    assert spent <= result.cost_usd <= 6
    assert result.cost_usd == pytest.approx(paid.context.ledger.spent_usd() - tests - 100)


def test_two_annotations_at_once_keep_their_own_budgets(paid: Workbench) -> None:
    budgets = [6, 8]
    results = at_once(
        2, lambda i: paid.concept((NAME, OTHER)[i]).annotations.annotate(budget=budgets[i]).wait()
    )
    for result, budget, name in zip(results, budgets, (NAME, OTHER), strict=True):
        assert result.cost_usd is not None
        assert budget - WORST < result.cost_usd <= budget  # as far as its own goes, whatever the other's is
        assert "budget" in result.stopped.lower()
        calls = [c for c in paid.context.ledger.calls() if c.concept_id == concept_id(paid, name)]
        assert len(calls) == result.calls
        assert len({call.job_id for call in calls}) == 1
