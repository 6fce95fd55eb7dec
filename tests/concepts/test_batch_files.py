"""Labelling by batch files: questions out, a SIMULATED batch runner, answers in, and what is asked after."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering import Filled
from fake_openai import FakeOpenAI, Reply, cut_off, refuses, says
from simulated_annotator import serving

from concepts.collaborator.setups import Setup
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept

NAME = "Round thing"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with serving(monkeypatch, prices="simulated-model 1/1") as model:
        yield model


def with_a_pool(bench: Workbench) -> None:
    bench.concepts.begin(NAME, "A filled ellipse.")
    bench.concept(NAME).definition.mine().wait()


@pytest.fixture
def concept(model: FakeOpenAI, filled: Filled) -> Concept:
    return filled(with_a_pool).concept(NAME)


def run_batch(model: FakeOpenAI, questions: Path, answers: Path) -> int:
    """As `vllm run-batch` does: each body is posted, each response written with the id of its question."""
    lines = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    with answers.open("w", encoding="utf-8") as out:
        for line in reversed(lines):  # in any order
            request = urllib.request.Request(
                model.base_url.removesuffix("/v1") + line["url"],
                json.dumps(line["body"]).encode(),
                {"Content-Type": "application/json"},
                method=line["method"],
            )
            with urllib.request.urlopen(request) as response:
                said = {"status_code": response.status, "body": json.load(response)}
            row = {"id": "x", "custom_id": line["custom_id"], "response": said, "error": None}
            out.write(json.dumps(row) + "\n")
    return len(lines)


def test_what_a_batch_answered_is_not_asked_again(
    concept: Concept, model: FakeOpenAI, tmp_path: Path
) -> None:
    written = concept.annotations.write_batch(tmp_path / "out.jsonl", limit=10)
    assert (written.questions, len(model.requests)) == (10, 0)
    assert run_batch(model, tmp_path / "out.jsonl", tmp_path / "in.jsonl") == 10
    taken = concept.annotations.read_batch(tmp_path / "in.jsonl")
    assert (taken.answered, taken.known, taken.bad, taken.unknown) == (10, 0, {}, [])
    result = concept.annotations.annotate(limit=12).wait()
    assert (result.annotated, result.calls, len(model.requests)) == (12, 2, 12)


def test_the_lines_are_what_would_have_been_sent(concept: Concept, model: FakeOpenAI, tmp_path: Path) -> None:
    concept.annotations.write_batch(tmp_path / "out.jsonl", limit=1)
    [line] = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    concept.annotations.annotate(limit=1).wait()
    assert line["body"] == model.requests[-1].body
    assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
    assert line["custom_id"] == concept.context.ledger.calls()[-1].prompt_hash


def test_the_ledger_has_tokens_and_cost_charged_to_the_concept(
    concept: Concept, model: FakeOpenAI, tmp_path: Path
) -> None:
    concept.annotations.write_batch(tmp_path / "out.jsonl", limit=3)
    run_batch(model, tmp_path / "out.jsonl", tmp_path / "in.jsonl")
    concept.annotations.read_batch(tmp_path / "in.jsonl")
    calls = [call for call in concept.context.ledger.calls() if call.purpose == "annotate"]
    assert [call.outcome for call in calls] == ["answered"] * 3
    assert {call.concept_id for call in calls} == {concept.id}
    for call in calls:
        assert call.tokens_in
        assert call.cost_usd == pytest.approx((call.tokens_in + (call.tokens_out or 0)) / 1e6)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (says({"evidence": [], "rationale": "r", "rating": 9}), "out of range"),
        (says("no JSON"), "wrong schema"),
        (refuses(), "refused"),
        (cut_off(), "cut off"),
    ],
)
def test_a_bad_answer_has_its_outcome_and_is_asked_again(
    concept: Concept, model: FakeOpenAI, tmp_path: Path, reply: Reply, outcome: str
) -> None:
    concept.annotations.write_batch(tmp_path / "out.jsonl", limit=1)
    model.script(reply)
    run_batch(model, tmp_path / "out.jsonl", tmp_path / "in.jsonl")
    taken = concept.annotations.read_batch(tmp_path / "in.jsonl")
    assert (taken.answered, taken.bad) == (0, {outcome: 1})
    result = concept.annotations.annotate(limit=1).wait()
    assert (result.annotated, result.calls) == (1, 1)


def test_lines_that_are_no_answers_are_counted_by_where_they_stand(
    concept: Concept, model: FakeOpenAI, tmp_path: Path
) -> None:
    concept.annotations.write_batch(tmp_path / "out.jsonl", limit=2)
    run_batch(model, tmp_path / "out.jsonl", tmp_path / "in.jsonl")
    first, second = (tmp_path / "in.jsonl").read_text().splitlines()
    failed = json.dumps({"custom_id": json.loads(second)["custom_id"], "error": {"message": "expired"}})
    stranger = json.dumps({"custom_id": "0" * 64, "response": {"status_code": 200, "body": {}}})
    (tmp_path / "in.jsonl").write_text("\n".join([stranger, first, "[]", "{", failed, first]))
    taken = concept.annotations.read_batch(tmp_path / "in.jsonl")
    assert (taken.answered, taken.known, taken.bad, taken.unknown) == (1, 1, {"failed": 1}, [1, 3, 4])
    assert "expired" in concept.context.ledger.calls()[-1].error


def test_the_answers_of_another_definition_are_refused(
    concept: Concept, model: FakeOpenAI, tmp_path: Path
) -> None:
    concept.bench.concepts.begin("Other", "A rectangle.")
    concept.bench.concept("Other").definition.mine().wait()
    concept.bench.concept("Other").annotations.write_batch(tmp_path / "out.jsonl", limit=2)
    run_batch(model, tmp_path / "out.jsonl", tmp_path / "in.jsonl")
    with pytest.raises(DiscernError, match="None of the 2 lines"):
        concept.annotations.read_batch(tmp_path / "in.jsonl")


def test_an_annotator_in_steps_takes_a_round_for_each(
    concept: Concept, model: FakeOpenAI, tmp_path: Path
) -> None:
    setup = Setup("decomposed")
    for step in range(3):
        out, back = tmp_path / f"{step}.out", tmp_path / f"{step}.in"
        assert concept.annotations.write_batch(out, limit=3, setup=setup).questions == 3
        run_batch(model, out, back)
        assert concept.annotations.read_batch(back, setup=setup).answered == 3
    result = concept.annotations.annotate(limit=3, **vars(setup)).wait()
    assert (result.annotated, result.calls, result.ratings) == (3, 0, {"2": 3})


def test_the_built_in_annotator_has_no_questions_for_a_file(concept: Concept, tmp_path: Path) -> None:
    with pytest.raises(DiscernError, match="asks no model"):
        concept.annotations.write_batch(tmp_path / "out.jsonl", setup=Setup("builtin"))
    assert list(tmp_path.glob("*.jsonl")) == []
