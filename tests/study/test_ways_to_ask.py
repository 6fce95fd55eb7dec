"""What each of the laboratory's ways to choose questions is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rounds import round_of

from concepts.encoders.base import unit
from concepts.learning.acquisition import Acquisition, Auto, Choice, Round
from concepts.learning.base import LinearHead, TrainingSet, sigmoid
from study.acquisitions.before import Random
from study.acquisitions.disputed import Disputed
from study.acquisitions.drop_query import DropQuery
from study.acquisitions.herding import Herding
from study.acquisitions.positives_first import PositivesFirst
from study.acquisitions.probcover import ProbCover
from study.acquisitions.typiclust import TypiClust
from study.augmenting import joined

KINDS, OF_EACH = 10, 40


def kinds(seed: int, asked: int = 0) -> tuple[Round, np.ndarray]:
    """Ten equal kinds of pictures, and which of them each is; nothing counts yet."""
    rng = np.random.default_rng(seed)
    kind = np.repeat(np.arange(KINDS), OF_EACH)
    vectors = unit(3 * rng.normal(size=(KINDS, 24))[kind] + rng.normal(size=(len(kind), 24)))
    known = np.isin(np.arange(len(kind)), rng.choice(len(kind), asked, replace=False))
    nothing = np.zeros(len(kind), bool)
    return round_of(vectors, None, rng.random(len(kind)), np.arange(len(kind)), known, nothing), kind


def with_head(round: Round, head: LinearHead) -> Round:
    return replace(round, head=head, probability=sigmoid(head.logits(round.pool.vectors)))


def rows(choices: list[Choice]) -> list[int]:
    return [choice.row for choice in choices]


@pytest.mark.parametrize("way", [TypiClust, ProbCover, Herding])
def test_ten_questions_meet_nine_of_ten_kinds_where_chance_meets_seven(way: type[Acquisition]) -> None:
    def met(way: Acquisition, seed: int) -> int:
        round, kind = kinds(seed)
        return len(set(kind[rows(way.select(round, KINDS, np.random.default_rng(seed)))]))

    assert min(met(way(), seed) for seed in range(10)) >= 9
    assert np.mean([met(Random(), seed) for seed in range(50)]) < 7


@pytest.mark.parametrize("way", [TypiClust, ProbCover, Herding])
def test_kinds_that_were_asked_about_wait_for_the_others(way: type[Acquisition]) -> None:
    round, kind = kinds(0)
    for _ in range(3):
        round = round.with_asked(way().select(round, 3, np.random.default_rng(0)))
    assert len(set(kind[round.labelled.asked])) >= 8


def border(round: Round) -> LinearHead:
    """Through the middle of all pictures."""
    weights = 4 * np.random.default_rng(0).normal(size=round.pool.vectors.shape[1])
    return LinearHead("line", weights, 0.0)


def two_sides(asked: int) -> Round:
    round, _ = kinds(1, asked)
    positive = round.labelled.asked & (round.pool.vectors[:, 0] > 0)
    known = replace(round.labelled, person=np.where(positive, 1, -1 * round.labelled.asked).astype(np.int8))
    training = replace(round.training, positive=positive[round.labelled.asked])
    return with_head(replace(round, labelled=known, training=training), border(round))


def test_positives_first_asks_about_the_yes_side_from_the_border_on() -> None:
    round = two_sides(40)
    assert round.probability is not None
    p = round.probability[rows(PositivesFirst().select(round, 400, np.random.default_rng(0)))]
    turn = int((p >= 0.5).sum())
    assert np.all(np.diff(p[:turn]) >= 0)
    assert np.all(np.diff(p[turn:]) <= 0)
    assert 0 < turn < len(p)


def test_herding_prefers_what_the_head_is_unsure_of() -> None:
    round = two_sides(20)
    assert round.probability is not None
    asked = rows(Herding().select(round, 10, np.random.default_rng(0)))
    unsure = np.abs(round.probability - 0.5)
    assert unsure[asked].mean() < 0.7 * unsure[round.free()].mean()


def test_drop_query_asks_near_the_border() -> None:
    round = two_sides(40)
    assert round.head is not None
    chosen = [DropQuery().select(round, 2, np.random.default_rng(seed)) for seed in range(20)]
    asked = [row for choices in chosen for row in rows(choices)]
    far = np.abs(round.head.logits(round.pool.vectors))
    assert far[asked].mean() < 0.7 * far[round.free()].mean()


def test_half_of_the_questions_go_where_a_machine_and_the_head_disagree_the_unsurest_first() -> None:
    round = two_sides(40)
    assert round.head is not None
    assert round.probability is not None
    free, people = round.free(), round.training
    machine = TrainingSet(  # says the opposite of the head of every second picture
        round.pool.vectors[free],
        (round.probability[free] < 0.5) ^ (free % 2 == 0),
        np.full(len(free), 0.1),
        round.pool.group[free],
    )
    told = replace(round, training=joined(people, machine))
    chosen = Disputed().select(told, 20, np.random.default_rng(0))
    disputed = [choice.row for choice in chosen if choice.reason == "disagreement"]
    assert len(chosen) == len(set(rows(chosen))) == 20
    assert len(disputed) == 10
    assert all(row % 2 for row in disputed)
    unsure = np.abs(round.probability - 0.5)
    assert unsure[disputed].mean() < 0.7 * unsure[free].mean()
    without = Disputed().select(round, 20, np.random.default_rng(0))
    assert rows(without) == rows(Auto().select(round, 20, np.random.default_rng(0)))
