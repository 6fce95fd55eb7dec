"""What was spent, job by job and added up, with a simulated model behind a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fake_openai import FakeOpenAI
from typer.testing import CliRunner

from concepts.cli import app
from concepts.installation.activity import call_sums
from concepts.workbench import Workbench

NAME = "Round thing"
SAYS = {"evidence": [], "rationale": "simulated", "rating": 4}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(lambda request: SAYS) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-model")
        monkeypatch.setenv("DISCERN_PRICES", "simulated-model 1/1")
        yield model


@pytest.fixture
def bench(model: FakeOpenAI, open_bench: Callable[[], Workbench]) -> Workbench:
    bench = open_bench()
    for name in (NAME, "Other"):
        bench.concepts.begin(name, f"A filled ellipse, {name}.")
        bench.concept(name).definition.mine().wait()
    bench.concept(NAME).annotations.annotate(limit=3).wait()
    bench.concept("Other").annotations.annotate(limit=2).wait()
    return bench


def test_each_job_says_what_it_asked_and_what_that_cost(bench: Workbench) -> None:
    second, first = [job for job in bench.installation.recent_jobs() if job.kind == "annotate"]
    assert (first.calls, second.calls) == (3, 2)
    assert first.cost_usd is not None
    assert first.cost_usd > 0
    assert bench.installation.job(first.id) == first
    mined = next(job for job in bench.installation.recent_jobs() if job.kind != "annotate")
    assert (mined.calls, mined.cost_usd) == (0, None)


def test_what_has_no_price_is_not_said_to_cost_nothing(
    model: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], Workbench]
) -> None:
    monkeypatch.delenv("DISCERN_PRICES")
    bench = open_bench()
    bench.concepts.begin(NAME, "A filled ellipse.")
    result = bench.concept(NAME).annotations.annotate(limit=2).wait()
    assert (result.calls, result.cost_usd) == (2, None)
    said = CliRunner().invoke(app, ["cost"]).stdout
    assert "no price set" in said
    assert "$" not in said


def test_calls_add_up_by_concept_purpose_and_model(bench: Workbench) -> None:
    totals = bench.installation.model_costs().totals
    by_concept = {one.name: one for one in call_sums(totals, "concept")}
    assert (by_concept[NAME].calls, by_concept["Other"].calls) == (3, 2)
    by_purpose = {one.name: one.calls for one in call_sums(totals, "purpose")}
    assert by_purpose["annotate"] == 5
    [by_model] = call_sums(totals, "model")
    assert by_model.cost_usd == pytest.approx(sum(one.cost_usd for one in by_concept.values()))


def test_an_estimate_says_its_basis_before_anything_is_asked(bench: Workbench, model: FakeOpenAI) -> None:
    expected = bench.concept(NAME).annotations.estimate()
    assert expected.basis.startswith(f"{expected.pictures} calls at about ")
    bench.close()
    before = len(model.requests)
    said = CliRunner().invoke(app, ["concept", "annotate", NAME, "--estimate"]).output
    assert expected.basis in said
    assert len(model.requests) == before
