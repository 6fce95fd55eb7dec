"""A mistake among the answers is offered for a second look: of training answers only, and until looked at."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.classifier import second_look
from concepts.learning.base import TrainingSet
from concepts.workbench import Workbench
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
    found = bench.answers.suspects(NAME)
    assert {suspect.id for suspect in found} == set(doubted)
    assert {(suspect.value, suspect.probability) for suspect in found} == {("no", 0.9)}
    assert len(bench.answers.suspects(NAME, 2)) == 2


def test_what_was_said_again_is_no_longer_asked_and_no_answer_changes(
    bench: Workbench, doubted: list[str]
) -> None:
    answer(bench, doubted[0], "no", "again")
    assert {suspect.id for suspect in bench.answers.suspects(NAME)} == set(doubted[1:])
    assert {bench.answers.decisions(NAME)[picture].value for picture in doubted} == {"no"}


def test_review_shows_them_with_what_was_said_and_buttons_to_say_it_again(
    bench: Workbench, doubted: list[str]
) -> None:
    shown = _Screen(bench)._main(NAME, {"place": {}, "ids": [], "keys": {}}, going=False)
    assert "Have another look at these" in shown
    assert shown.count("You said:") == 3
    assert all(f'id="again-yes-{picture[:12]}"' in shown for picture in doubted)
