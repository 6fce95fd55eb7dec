"""Having the machine label in rounds: the classifier chooses what it is asked next."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from answering import Filled, answer_next
from fake_openai import FakeOpenAI, Request
from simulated_annotator import serving

from concepts.collaborator.annotating import AnnotationRound, is_settled
from concepts.collaborator.annotations import annotate, annotations_to_review
from concepts.collaborator.suggestions import ReviewFilter
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import give_label
from concepts.labelling.mining import LIKE_A_YES, mine, mine_more
from concepts.labelling.ranking import effect_of
from concepts.labelling.selection import BY_THE_CLASSIFIER, next_for_machine, surest_yes
from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept

NAME = "Round thing"


def by_pixels(request: Request) -> dict[str, Any]:
    """A SIMULATED model that says yes to half of the pictures, and the same of a picture always."""
    digest = hashlib.sha256(request.pictures[-1]).digest()
    return {"evidence": [], "rationale": "simulated", "rating": 5 if digest[0] % 2 else 1}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with serving(monkeypatch, by_pixels, vlm_price="1/1", model_concurrency="2") as model:
        yield model


def with_a_small_pool(bench: App) -> None:
    """With answers, too."""
    concept = begin_concept(bench, NAME, "A filled ellipse.")
    answer_next(concept, 12)
    concept.begin(mine, size=20).wait()


@pytest.fixture
def concept(model: FakeOpenAI, filled: Filled) -> Concept:
    return filled(with_a_small_pool).concept(NAME)


def labelled(concept: Concept) -> set[str]:
    return {said.picture_id for said in concept.app.store.ratings(concept.id)}


def test_rounds_share_the_pictures_go_beyond_the_pool_and_leave_test_pictures_alone(
    concept: Concept, model: FakeOpenAI
) -> None:
    answered, pool = set(dataset_of(concept).answers), concept.app.store.candidates(concept.id).keys()
    result = concept.begin(annotate, limit=48, rounds=3).wait()
    assert [one.pictures for one in result.rounds] == [16, 16, 16]
    assert result.annotated == result.calls == len(model.requests) == 48
    dataset, looked_at = dataset_of(concept), labelled(concept)
    assert dataset.agreement is not None  # so that the labels earn a weight
    assert dataset.agreement.n == len(answered & looked_at) >= 6
    assert looked_at - pool - dataset.answers.keys()
    assert dataset.reserved
    assert looked_at & dataset.reserved <= set(dataset.evaluation_labels()[0])
    page = annotations_to_review(concept, ReviewFilter(query=BY_THE_CLASSIFIER))
    assert page.items
    assert all(item.brought_by == [BY_THE_CLASSIFIER] for item in page.items)


def test_what_the_answers_that_measure_say_changes_no_choice(concept: Concept) -> None:
    concept.begin(annotate, limit=12).wait()
    before = next_for_machine(dataset_of(concept), 10, labelled(concept))
    effect = effect_of(dataset_of(concept), labelled(concept))
    for picture in dataset_of(concept).evaluation:
        for author in ("a", "b", "c"):
            give_label(concept, picture, "yes", author=author, key=f"{author} {picture}")
    assert next_for_machine(dataset_of(concept), 10, labelled(concept)) == before
    assert effect_of(dataset_of(concept), labelled(concept)) == effect


def test_a_killed_run_goes_on_and_pays_no_call_twice(concept: Concept, model: FakeOpenAI) -> None:
    def stop(done: int, total: int | None, message: str) -> None:
        if message.startswith("round 2") and done > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        concept.begin(annotate, limit=40, rounds=4).wait(stop)
    assert 10 < len(model.requests) < 40
    concept.app.close()
    result = open_app(load_settings()).concept(NAME).begin(annotate, limit=40, rounds=4).wait()
    seen = [request.pictures[-1] for request in model.requests]
    assert len(set(seen)) == len(seen) == result.calls == 40
    assert [one.pictures for one in result.rounds] == [10, 10, 10, 10]


@pytest.mark.parametrize(
    ("changed", "settled"), [([20, 1, 2], True), ([1, 20, 2], False), ([2], False), ([None, 2], False)]
)
def test_it_ends_where_the_last_rounds_changed_little(changed: list[int | None], settled: bool) -> None:
    rounds = [
        AnnotationRound(pictures=50, changed=one, flagged=None if one is None else 100) for one in changed
    ]
    assert is_settled(rounds) is settled


def test_the_like_of_what_the_machine_says_counts_comes_into_the_pool(concept: Concept) -> None:
    concept.begin(annotate, limit=15).wait()
    training_data = dataset_of(concept)
    yes = surest_yes(training_data)
    assert yes
    found = dict(mine_more(training_data, yes, 20))
    assert not found.keys() & (training_data.candidates.keys() | training_data.reserved)
    assert any(LIKE_A_YES in brought_by for brought_by in found.values())


def test_by_default_there_are_as_many_rounds_as_bring_something(concept: Concept, model: FakeOpenAI) -> None:
    assert len(concept.begin(annotate, limit=45).wait().rounds) == 2
    assert concept.begin(annotate, limit=10).wait().rounds == ()
    assert concept.begin(annotate, annotator="builtin").wait().rounds == ()
    assert concept.begin(annotate, limit=500).wait().rounds == ()  # looks at everything
