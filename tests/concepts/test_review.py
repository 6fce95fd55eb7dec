"""A mistake among the answers is offered for a second look: of training answers only, and until looked at."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.classifier import doubts, second_look
from concepts.learning.base import TrainingSet
from concepts.learning.calibration import logit
from concepts.workbench import Workbench
from concepts.workbench import second_look as module
from concepts.workbench.kinds import LookOver
from storage.labels import Author
from web.screens.review import _Screen

NAME = "Round thing"


def answer(bench: Workbench, picture: str, value: str, key: str) -> None:
    bench.answers.label(NAME, picture, value, author=Author("me"), key=key)


@pytest.fixture
def doubted(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answers to train and to measure, all of which would be doubted."""

    def all_of_them(data: TrainingSet, *rest: object) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(data.positive)), np.full(len(data.positive), 0.9)

    monkeypatch.setattr(second_look, "suspects", all_of_them)
    training = [picture.id for picture in bench.answers.next_pictures(NAME, 3)]
    measuring = [picture.id for picture in bench.answers.next_pictures(NAME, 2, purpose="evaluation")]
    for picture in training + measuring:
        answer(bench, picture, "no", f"first {picture}")
    return training


def test_only_answers_that_train_are_looked_at_again(bench: Workbench, doubted: list[str]) -> None:
    found = bench.second_look.current(NAME)
    assert {suspect.id for suspect in found.suspects} == set(doubted)
    assert {(suspect.value, suspect.probability) for suspect in found.suspects} == {("no", 0.9)}
    assert found.counted == 5
    assert len(bench.second_look.suspects(NAME, 2)) == 2


def test_what_was_said_again_is_no_longer_asked_and_no_answer_changes(
    bench: Workbench, doubted: list[str]
) -> None:
    bench.second_look.current(NAME)
    answer(bench, doubted[0], "no", "again")
    assert {suspect.id for suspect in bench.second_look.suspects(NAME)} == set(doubted[1:])
    assert {suspect.id for suspect in bench.second_look.current(NAME).suspects} == set(doubted[1:])
    assert {bench.answers.decisions(NAME)[picture].value for picture in doubted} == {"no"}


def test_review_computes_none_but_asks_for_a_look_once_and_shows_what_came_of_it(
    bench: Workbench, doubted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = _Screen(bench)
    with monkeypatch.context() as closed:
        closed.setattr(module, "second_look", None)
        for _ in range(2):
            bench.second_look.keep_up(NAME)
            assert "Have another look" not in screen._main(
                NAME, "me", {"place": {}, "ids": [], "keys": {}}, {}
            )
    (job,) = bench.jobs.store.about(bench.context.concept(NAME).id, [LookOver.kind])
    bench.jobs.resume(job.id)
    shown = screen._main(NAME, "me", {"place": {}, "ids": [], "keys": {}}, {})
    assert "when there were 5 answers" in shown
    assert shown.count("You said:") == 3
    to_another = screen._main(NAME, "ana", {"place": {}, "ids": [], "keys": {}}, {})
    assert (to_another.count("You said:"), to_another.count("Answered:")) == (0, 3)
    assert all(f'id="again-yes-{picture[:12]}"' in shown for picture in doubted)


def test_review_begins_with_what_the_version_has_wrong_and_cannot_place(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads that had not seen the pictures say yes to all of them."""
    monkeypatch.setattr(doubts, "held_out_probabilities", lambda data, *rest: np.ones(len(data.positive)))
    bench, material = trained, trained.context.material(trained.context.concept(NAME))
    slip = next(i for i, said in material.answers.items() if said.value == "yes")
    answer(bench, slip, "no", "slip")
    bench.versions.train(NAME)
    bench.second_look.current(NAME)
    found = bench.second_look.doubts(NAME)
    assert found is not None
    assert (found.version, slip in {doubt.id for doubt in found.wrong}) == (2, True)
    assert {doubt.value for doubt in found.wrong} == {"no"}
    material = bench.context.material(bench.context.concept(NAME))
    assert not {doubt.id for doubt in found.unsure} & (material.reserved | material.answers.keys())
    edges = [abs(logit(doubt.probability) - logit(found.threshold)) for doubt in found.unsure]
    assert edges == pytest.approx(sorted(edges), abs=0.01)
    shown = _Screen(bench)._main(NAME, "me", {"place": {}, "ids": [], "keys": {}}, {})
    assert shown.index("What version 2 would get wrong") < shown.index("The machine has not looked")
    for picture in (slip, found.unsure[0].id):
        answer(bench, picture, "yes", f"after {picture}")
    left = bench.second_look.doubts(NAME)
    assert left is not None
    assert {slip, found.unsure[0].id}.isdisjoint(doubt.id for doubt in (*left.wrong, *left.unsure))


def test_it_is_looked_at_again_only_when_something_has_changed(bench: Workbench, doubted: list[str]) -> None:
    def looks() -> int:
        return len(bench.jobs.store.about(bench.context.concept(NAME).id, [LookOver.kind]))

    first = bench.second_look.current(NAME)
    assert bench.second_look.current(NAME) == first
    bench.second_look.keep_up(NAME)
    assert looks() == 1
    answer(bench, doubted[0], "yes", "changed")
    bench.second_look.keep_up(NAME)
    assert looks() == 2
    assert bench.second_look.newest(NAME) == first
