"""Annotating cheap first: what is answered before, who is asked about what, and what becomes a label."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from answering import answer
from fake_openai import FakeOpenAI, Request, says
from simulated_annotator import serving

from concepts.classifier.versions import with_sure_no
from concepts.collaborator.annotating import AnnotateResult
from concepts.collaborator.cascade import PERSON, CascadeSample
from concepts.collaborator.suggestions import ReviewFilter
from concepts.errors import DiscernError, NoModelError, NotEnoughLabelsError
from concepts.jobs import Listener
from concepts.learning.report import Guarantee
from concepts.settings import load_settings
from concepts.workbench import Concept, Workbench
from concepts.workbench.cascades import surely_known

NAME = "Round thing"
RIGHT = 0.6  # few answers are enough for it
SMALL, LARGE = "simulated-model", "simulated-large"


def rates(rating: int, sure: float) -> Any:
    other = "1" if rating > 3 else "5"
    content = {"evidence": [], "rationale": "simulated", "rating": rating}
    return says(content, others={str(rating): sure, other: 1 - sure})


def no_of_both(request: Request) -> Any:
    """SIMULATED: the small model is sure that nothing counts, except of every fourth picture, about which it
    is wrong and unsure; the large one is always sure that nothing counts."""
    if request.body["model"] == LARGE:
        return rates(1, 0.98)
    hard = hashlib.sha256(request.pictures[-1]).digest()[0] % 4 == 0
    return rates(5, 0.6) if hard else rates(1, 0.99)


def small_is_wrong(request: Request) -> Any:
    return rates(1, 0.98) if request.body["model"] == LARGE else rates(5, 0.9)


def both_are_wrong(request: Request) -> Any:
    return rates(5, 0.9)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    more = {"large_vlm_model": LARGE, "vlm_price": "1/1", "large_vlm_price": "9/9", "model_concurrency": "2"}
    with serving(monkeypatch, no_of_both, **more) as model:
        yield model


@pytest.fixture
def asked(model: FakeOpenAI, open_bench: Callable[[], Workbench]) -> Concept:
    """With some answers and a pool, of which a sample is drawn."""
    bench = open_bench()
    concept = bench.concepts.begin(NAME, "A filled ellipse.")
    answer(bench, NAME, [picture.id for picture in concept.labels.next_pictures(12)])
    concept.definition.mine().wait()
    with pytest.raises(NotEnoughLabelsError):
        annotated(concept)
    return concept


@pytest.fixture
def ready(asked: Concept) -> Concept:
    answer(asked.bench, NAME, drawn(asked), always="no")
    return asked


def annotated(concept: Concept, listener: Listener | None = None) -> AnnotateResult:
    return concept.annotations.annotate(cascade=RIGHT).wait(listener)


def restarted(concept: Concept) -> Concept:
    concept.bench.close()
    return Workbench(load_settings()).concept(NAME)


def drawn(concept: Concept) -> list[str]:
    return list(concept.context.store.certifying_pictures(concept.id))


def large(model: FakeOpenAI) -> list[Request]:
    return [request for request in model.requests if request.body["model"] == LARGE]


def test_a_sample_of_the_pool_is_answered_first_and_teaches_and_measures_nothing(
    asked: Concept, model: FakeOpenAI
) -> None:
    sample = drawn(asked)
    assert len(sample) == CascadeSample.size(RIGHT)
    assert model.requests == []
    dataset = asked.context.dataset(asked.row)
    assert set(sample) <= dataset.candidates.keys() & dataset.reserved
    first = asked.labels.next_pictures(len(sample), purpose="evaluation")
    assert [picture.id for picture in first] == sample
    answer(asked.bench, NAME, sample[:-1], always="no")
    with pytest.raises(NotEnoughLabelsError) as refused:
        annotated(asked)
    assert refused.value.needed == 1
    assert drawn(asked) == sample


def test_each_step_says_how_many_it_decided_and_the_rest_is_no_label_and_waits_on_review(
    ready: Concept,
) -> None:
    result = annotated(ready)
    head, small, _, person = result.steps
    assert (head.taken, head.decided) == (False, 0)
    assert (small.by, small.taken, person.by) == (SMALL, True, PERSON)
    assert "wrong in at most 40 %, with 90 % confidence" in small.sentence
    assert sum(step.decided for step in result.steps) == result.annotated
    assert result.ratings["1"] >= small.decided
    dataset = ready.context.dataset(ready.row)
    unsure = {said.picture_id for said in dataset.ratings if said.rating == 3}
    assert len(unsure) == person.decided > 0
    training = dataset.training
    machine = {i for i, kind in zip(training.ids, training.kinds, strict=True) if kind == "annotator"}
    assert machine
    assert not machine & (unsure | set(drawn(ready)))
    assert ready.annotations.review(ReviewFilter(kind="unsure")).items


def test_where_the_small_model_is_not_certified_its_labels_are_not_kept_and_the_large_one_decides(
    ready: Concept, model: FakeOpenAI
) -> None:
    model.answer = small_is_wrong
    result = annotated(ready)
    _, small, big, person = result.steps
    assert (small.taken, big.taken) == (False, True)
    assert small.sentence.startswith("not certified")
    assert (big.decided, person.decided) == (result.annotated, 0)
    assert result.ratings == {"1": result.annotated}
    assert len(model.requests) - len(large(model)) == len(drawn(ready))


def test_where_no_model_is_certified_nothing_more_is_asked(ready: Concept, model: FakeOpenAI) -> None:
    model.answer = both_are_wrong
    result = annotated(ready)
    assert result.annotated == 0
    assert "none was asked" in result.stopped
    assert len(model.requests) == 2 * len(drawn(ready))


def test_without_a_large_model_the_person_gets_what_the_small_one_leaves(
    ready: Concept, model: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISCERN_LARGE_VLM_MODEL")
    assert [step.by for step in annotated(restarted(ready)).steps[1:]] == [SMALL, PERSON]
    assert large(model) == []


def test_a_killed_run_pays_no_call_twice_and_says_the_same_of_its_steps(
    ready: Concept, model: FakeOpenAI
) -> None:
    def stop(done: int, total: int | None, message: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        annotated(ready, stop)
    result = annotated(restarted(ready))
    paid = [(request.body["model"], request.pictures[-1]) for request in model.requests]
    assert len(set(paid)) == len(paid)
    assert sum(step.decided for step in result.steps) == result.annotated


def test_what_the_classifier_surely_knows_is_not_asked_about_and_becomes_no_label(ready: Concept) -> None:
    context, concept = ready.context, ready.row
    ready.versions.train().wait()
    head = ready.versions.head()
    scores = context.scores.of(head, context.dataset(concept).index).probability
    promise = Guarantee(
        side="no",
        line=sorted(scores.values.tolist())[len(scores) // 3],
        at_least=RIGHT,
        confidence=0.95,
        n=40,
        errors=0,
        floor=0.1,
        attempt=1,
        made_from=1,
        day=date(2026, 1, 1),
    )
    context.heads.add(concept.id, with_sure_no(head, promise))
    known = surely_known(context, concept, RIGHT).pictures
    assert known
    step = annotated(ready).steps[0]
    assert not {said.picture_id for said in context.dataset(concept).ratings} & known
    assert (step.by, step.taken) == ("version 2", True)
    assert step.decided > 0
    assert "With 95 % confidence" in step.sentence
    assert not surely_known(context, concept, 0.99).pictures


def test_it_takes_a_model_and_no_rounds(ready: Concept, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DiscernError, match="all at once"):
        ready.annotations.annotate(cascade=RIGHT, rounds=3).wait()
    monkeypatch.delenv("DISCERN_VLM_MODEL")
    with pytest.raises(NoModelError):
        annotated(restarted(ready))
