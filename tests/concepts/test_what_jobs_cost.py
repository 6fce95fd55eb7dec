"""What was spent, job by job and added up, with a simulated model behind a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fake_openai import FakeOpenAI
from simulated_annotator import serving
from typer.testing import CliRunner

from concepts.cli import app
from concepts.collaborator.annotations import annotate, estimate_annotation
from concepts.installation.activity import call_sums
from concepts.installation.jobs import job_state, list_jobs, model_costs
from concepts.labelling.mining import mine
from concepts.results.concepts import begin_concept
from concepts.results.library import picture_count
from concepts.use_cases import App

NAME = "Round thing"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with serving(monkeypatch, prices="simulated-model 1/1") as model:
        yield model


def test_what_was_spent_is_said_of_each_job_and_added_up_by_concept_purpose_and_model(
    model: FakeOpenAI, open_bench: Callable[[], App]
) -> None:
    bench = open_bench()
    for name, pictures in ((NAME, 3), ("Other", 2)):
        concept = begin_concept(bench, name, f"A filled ellipse, {name}.")
        concept.begin(mine).wait()
        before = len(model.requests)
        expected = estimate_annotation(concept)
        assert expected.basis.startswith(f"{expected.pictures} calls at about ")
        assert len(model.requests) == before
        concept.begin(annotate, limit=pictures).wait()
    jobs = list_jobs(bench)
    second, first = [job for job in jobs if job.kind == "annotate"]
    assert (first.calls, second.calls) == (3, 2)
    assert first.cost_usd > 0
    assert job_state(bench, first.id) == first
    mined = next(job for job in jobs if job.kind != "annotate")
    assert (mined.calls, mined.cost_usd) == (0, None)
    totals = model_costs(bench).totals
    by_concept = {one.name: one for one in call_sums(totals, "concept")}
    assert (by_concept[NAME].calls, by_concept["Other"].calls) == (3, 2)
    assert {one.name: one.calls for one in call_sums(totals, "purpose")}["annotate"] == 5
    [by_model] = call_sums(totals, "model")
    assert by_model.cost_usd == pytest.approx(sum(one.cost_usd for one in by_concept.values()))


def test_what_has_no_price_is_not_said_to_cost_nothing_before_or_afterwards(
    model: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], App]
) -> None:
    monkeypatch.delenv("DISCERN_PRICES")
    bench = open_bench()
    concept = begin_concept(bench, NAME, "A filled ellipse.")
    expected = estimate_annotation(concept)
    assert (expected.pictures, expected.usd) == (picture_count(bench), None)
    told = CliRunner().invoke(app, ["concept", "annotate-cost", NAME]).output
    assert expected.basis in told
    assert model.requests == []
    result = concept.begin(annotate, limit=2).wait()
    assert (result.calls, result.cost_usd) == (2, None)
    said = CliRunner().invoke(app, ["system", "cost"]).stdout
    assert "no price set" in said
    assert "$" not in told + said
