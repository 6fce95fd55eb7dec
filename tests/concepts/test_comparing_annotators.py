"""Annotators compared on the person's answers, with a SIMULATED model that sees which shape was drawn."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from answering import Filled, answer
from fake_openai import FakeOpenAI, Request
from PIL import Image
from simulated_annotator import serving
from sqlalchemy import update

from concepts.collaborator.annotations import (
    annotate,
    choose_annotator,
    compare_annotators,
    estimate_comparing,
)
from concepts.collaborator.comparing import drawn_answers
from concepts.collaborator.setups import Setup, setup_of
from concepts.errors import NotEnoughLabelsError, SettingsError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.mining import mine
from concepts.learning.evaluation import consistency
from concepts.learning.report import EvaluationReport
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.measuring import consistency_of
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.tables import LabelEventRow

NAME = "Round thing"


def is_round(jpeg: bytes) -> bool:
    """Ellipses fill less of their bounding box than rectangles, and far more than lines."""
    with Image.open(io.BytesIO(jpeg)) as image:
        grey = np.asarray(image.convert("L"), dtype=float)
    dark = grey < 130
    rows, columns = np.flatnonzero(dark.mean(1) > 0.1), np.flatnonzero(dark.mean(0) > 0.1)
    if not len(rows) or not len(columns):
        return False
    inside = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean()
    return bool(0.5 < inside < 0.9)


def judge(request: Request) -> dict[str, Any]:
    """In one call it guesses; in steps it sees."""
    if request.schema_name == "Caption":
        shape = "ROUND" if is_round(request.pictures[0]) else "square"
        return {"caption": f"{shape} {hashlib.sha256(request.pictures[0]).hexdigest()}", "writing": ""}
    if request.schema_name == "Findings":
        return {"findings": []}
    if request.schema_name == "Conclusion":
        yes = "ROUND" in request.text.partition("<caption>")[2].partition("</caption>")[0]
    else:
        yes = hashlib.sha256(request.pictures[-1]).digest()[0] < 128  # the same every time
    return {"evidence": [], "rationale": "simulated", "rating": 5 if yes else 1}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with serving(monkeypatch, judge, vlm_price="1/1", model_concurrency="4") as model:
        yield model


def all_answered(bench: App) -> None:
    """But what measures."""
    concept = begin_concept(bench, NAME, "A filled ellipse.")
    reserved = dataset_of(concept).reserved
    answer(bench, NAME, [i for i in collection_of(bench).library.all_ids() if i not in reserved])


@pytest.fixture
def concept(model: FakeOpenAI, filled: Filled) -> Concept:
    return filled(all_answered).concept(NAME)


def test_setups_stand_side_by_side_and_the_better_is_recommended(concept: Concept, model: FakeOpenAI) -> None:
    found = concept.begin(compare_annotators).wait()
    by_name = {one.name: one for one in found.setups}
    assert next(iter(by_name)) == "simulated-model"
    ways = ("", ", with examples", ", in steps", ", in steps, with examples")
    assert by_name.keys() == {"builtin", *(f"simulated-model{way}" for way in ways)}
    steps, guess = by_name["simulated-model, in steps"], by_name["simulated-model"]
    assert steps.agree > guess.agree
    assert guess.in_use
    assert all(one.low <= one.agreement <= one.high for one in found.setups)
    best = next(one for one in found.setups if one.recommended)
    assert best.in_use or best.change_low > 0
    assert (guess.usd or 0) > 0
    assert guess.seconds is not None
    assert found.pictures == len(drawn_answers(dataset_of(concept)))
    assert concept.newest(compare_annotators) == found


def test_no_answer_that_measures_or_was_given_in_view_is_among_them(concept: Concept) -> None:
    dataset = dataset_of(concept)
    drawn = drawn_answers(dataset)
    ids = {str(i) for i, _ in drawn}
    assert ids
    assert not ids & dataset.reserved
    assert sum(bool(counts) for _, counts in drawn) == len(drawn) / 2
    fresh = next(i for i in dataset.answers if i in ids)
    assert len(set(collection_of(concept.app).library.near_groups(sorted(ids)))) == len(ids)
    with concept.app.database.write() as session:
        session.execute(update(LabelEventRow).where(LabelEventRow.picture_id == fresh).values(in_view=True))
    assert fresh not in {i for i, _ in drawn_answers(dataset_of(concept))}


def test_what_it_would_cost_is_said_and_a_budget_ends_it_cleanly(concept: Concept, model: FakeOpenAI) -> None:
    expected = estimate_comparing(concept)
    assert (expected.setups, expected.missing) == (5, 0)
    assert expected.usd is not None
    assert model.requests == []
    found = concept.begin(compare_annotators, budget=0.02).wait()
    assert found.stopped
    assert found.cost_usd <= 0.02
    assert len(found.setups) < 5


@pytest.mark.slow
def test_a_run_that_was_interrupted_pays_for_nothing_twice(concept: Concept, model: FakeOpenAI) -> None:
    def stop(done: int, total: int | None, message: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        concept.begin(compare_annotators).wait(stop)
    assert model.requests
    give_label(concept, next(iter(dataset_of(concept).answers)), "no", author="me", key="meanwhile")
    concept.app.close()
    bench = open_app(load_settings())
    found = bench.concept(NAME).begin(compare_annotators).wait()
    asked = [str(request.body) for request in model.requests]
    assert len(asked) == len(set(asked)) == found.calls


def test_the_chosen_one_labels_from_then_on_and_is_kept(concept: Concept, model: FakeOpenAI) -> None:
    concept.begin(mine).wait()
    choose_annotator(concept, Setup("decomposed", examples=True), author="me")
    assert concept.begin(annotate, limit=2).wait().annotator == "simulated-model, in steps"
    choose_annotator(concept, Setup("builtin"), author="me")
    assert concept.begin(annotate, limit=2).wait().annotator == "builtin"
    assert setup_of(concept) == Setup("builtin")
    with pytest.raises(SettingsError, match="is set"):
        choose_annotator(concept, Setup("vlm", large=True), author="me")


def test_with_too_few_answers_it_says_how_many_are_missing(model: FakeOpenAI, bench: App) -> None:
    answer(bench, NAME, [picture.id for picture in next_pictures(bench.concept(NAME), 6)])
    assert estimate_comparing(bench.concept(NAME)).missing > 0
    with pytest.raises(NotEnoughLabelsError):
        bench.concept(NAME).begin(compare_annotators).wait()
    assert model.requests == []


def test_how_often_people_say_the_same_twice_stands_beside_it(trained: App) -> None:
    assert consistency_of(trained.concept(NAME)) == ""
    twice = consistency([("yes", "yes")] * 18 + [("yes", "no")] * 2, 60, 1)
    assert twice is not None
    nothing = dict.fromkeys(("labels", "metrics", "baselines", "sentences", "notes"), ())
    report = EvaluationReport(
        head=1, threshold=0.5, looked_at=20, confusion={}, curves=None, consistency=twice, **nothing
    )
    trained.heads.add_evaluation(trained.concept(NAME).id, 1, 20, report.model_dump(mode="json"))
    assert "18 of 20 pictures the same way twice" in consistency_of(trained.concept(NAME))
