"""Jobs belong to a concept, not to a name, and pay for their own calls alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from simulated_annotator import serving

from concepts.collaborator.annotations import annotate
from concepts.errors import DiscernError
from concepts.installation.jobs import job_state, newest_jobs, retry_job
from concepts.labelling.labels import upcoming
from concepts.labelling.mining import mine
from concepts.language.ledger import ledger_of
from concepts.results.concepts import begin_concept
from concepts.results.scores import scored_files
from concepts.results.trained import last_target
from concepts.results.trash import put_into_trash
from concepts.use_cases import App
from storage.calls import Call

NAME = "Round thing"


def concept_id(bench: App) -> int:
    return bench.concept(NAME).id


def done(bench: App, kind: str, result: dict[str, Any], **arguments: Any) -> int:
    job_id = bench.jobs.store.add(kind, arguments, concept_id(bench))
    bench.jobs.store.claim(job_id)
    bench.jobs.store.finish(job_id, "done", result)
    return job_id


def choose(bench: App) -> None:
    """Has questions chosen, and waits for that."""
    upcoming(bench.concept(NAME), [], 0)
    bench.background.submit(lambda: None).result(20)


def test_a_new_concept_shows_and_asks_nothing_of_a_deleted_one_with_its_name(bench: App) -> None:
    done(bench, "train", {"version": 1, "new": True, "measured": True}, target="precision=0.9")
    scores = {"out": "/scores.csv", "rows": 3, "yes": 1, "skipped": 0}
    done(bench, "score files", scores, version=1, paths=["/pictures"], suffix="csv")
    assert [file.folder for file in scored_files(bench.concept(NAME))] == ["/pictures"]
    assert last_target(bench.concept(NAME)) == "precision=0.9"
    choose(bench)

    put_into_trash(bench, concept=NAME, author="me")
    begin_concept(bench, NAME, "The same name, and quite another idea.")
    assert scored_files(bench.concept(NAME)) == []
    assert last_target(bench.concept(NAME)) == "f1"
    assert newest_jobs(bench, ["train"], NAME) == []
    evaluation = set(bench.store.evaluation_pictures(concept_id(bench)))
    choose(bench)
    asked = upcoming(bench.concept(NAME), [], 9).pictures
    assert {p.id for p in asked if p.purpose == "evaluation"} <= evaluation
    assert not {p.id for p in asked if p.purpose == "train"} & evaluation


def test_a_failed_job_is_tried_again_but_not_of_a_concept_in_the_trash(bench: App) -> None:
    store = bench.jobs.store
    failed = bench.concept(NAME).begin(mine, size=10).id
    store.claim(failed)
    store.finish(failed, "failed", error="the disk was full")
    assert retry_job(bench, failed).wait().model_dump()["candidates"] == 10
    job_id = bench.concept(NAME).begin(mine, size=12).id
    put_into_trash(bench, concept=NAME, author="me")
    assert job_state(bench, job_id).concept == NAME
    with pytest.raises(DiscernError, match="is in the trash"):
        retry_job(bench, job_id).wait()


def test_a_job_that_does_not_say_enough_says_so(bench: App) -> None:
    orphan = bench.jobs.store.add("train", {"target": "f1"}, None)
    assert job_state(bench, orphan).concept is None
    with pytest.raises(DiscernError, match="concept_id"):
        bench.jobs.resume(orphan)


def test_a_resumed_job_counts_what_its_first_part_spent_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], App]
) -> None:
    """A SIMULATED model costs about 0.12 $ a picture, and at worst 4 $."""

    def stop(done: int, total: int | None, message: str) -> None:
        if done:
            raise KeyboardInterrupt

    with serving(monkeypatch, vlm_price="1000/1000", model_concurrency="1"):
        concept = begin_concept(open_bench(), NAME, "A filled ellipse.")
        concept.begin(mine).wait()
        ledger = ledger_of(concept.app)
        with pytest.raises(KeyboardInterrupt):
            concept.begin(annotate, budget=6).wait(stop)
        tests = sum(c.cost_usd or 0 for c in ledger.calls() if c.purpose == "test")
        spent = ledger.spent_usd() - tests  # whether the model sees is charged to no job
        assert 0 < spent <= 6
        other = Call("expand", "simulated-model", "http://model", "0" * 64, 5, "answered", cost_usd=100)
        ledger.charged_to(None, concept.id).record(other)  # has nothing to do with the job
        result = concept.begin(annotate, budget=6).wait()
    assert "budget" in result.stopped.lower()
    assert spent <= result.cost_usd <= 6
    assert result.cost_usd == pytest.approx(ledger.spent_usd() - tests - 100)
    assert len([call for call in ledger.calls() if call.job_id]) == result.calls
    assert len({call.job_id for call in ledger.calls() if call.job_id}) == 1
