import time

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.learning.acquisition import ACQUISITIONS
from concepts.learning.base import Pool
from concepts.learning.study import Session, run


def make_pool(n=300, d=16, seed=0, asked=20, trained=True, per_group=1):
    rng = np.random.default_rng(seed)
    was_asked = np.zeros(n, dtype=bool)
    was_asked[rng.choice(n, asked, replace=False)] = True
    return Pool(
        vectors=unit(rng.normal(size=(n, d))),
        probability=rng.random(n) if trained else None,
        text_score=rng.random(n),
        group=np.arange(n) // per_group,
        asked=was_asked,
        positive=was_asked & trained,
    )


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("name", ACQUISITIONS)
def test_nothing_is_asked_twice_and_near_copies_are_asked_once(name, trained):
    pool = make_pool(per_group=3, trained=trained)
    choices = ACQUISITIONS[name].select(pool, 25, np.random.default_rng(0))
    groups = [pool.group[choice.row] for choice in choices]
    assert len(choices) == 25
    assert len(set(groups)) == 25
    assert not set(groups) & set(pool.group[pool.asked])


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("name", ACQUISITIONS)
def test_a_pool_runs_out_without_error(name, trained):
    pool = make_pool(n=12, asked=9, trained=trained)
    assert len(ACQUISITIONS[name].select(pool, 5, np.random.default_rng(0))) == 3
    empty = make_pool(n=12, asked=12, trained=trained)
    assert ACQUISITIONS[name].select(empty, 5, np.random.default_rng(0)) == []


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_the_same_generator_asks_the_same(name):
    first, second = (ACQUISITIONS[name].select(make_pool(), 5, np.random.default_rng(4)) for _ in range(2))
    assert first == second


def test_margin_asks_about_what_the_head_is_least_sure_of():
    pool = make_pool()
    chosen = [choice.row for choice in ACQUISITIONS["margin"].select(pool, 5, np.random.default_rng(0))]
    unsure = np.abs(pool.probability - 0.5)
    free = np.setdiff1d(np.flatnonzero(~pool.asked), chosen)
    assert unsure[chosen].max() <= unsure[free].min()


def test_diverse_margin_does_not_ask_five_times_about_one_cluster():
    rng = np.random.default_rng(0)
    centres = unit(rng.normal(size=(5, 16)))
    cluster = np.r_[np.zeros(40, int), np.repeat([1, 2, 3, 4], 5)]
    pool = Pool(
        vectors=unit(centres[cluster] + rng.normal(0, 0.01, (60, 16))),
        probability=np.r_[np.full(40, 0.5), np.full(20, 0.45)],
        text_score=np.zeros(60),
        group=np.arange(60),
        asked=np.zeros(60, bool),
        positive=np.zeros(60, bool),
    )
    diverse = ACQUISITIONS["diverse_margin"].select(pool, 5, rng)
    plain = ACQUISITIONS["margin"].select(pool, 5, rng)
    assert len({cluster[choice.row] for choice in diverse}) >= 4
    assert {cluster[choice.row] for choice in plain} == {0}


def test_before_any_yes_auto_starts_with_the_likeliest_by_the_words():
    pool = make_pool(asked=0, trained=False)
    choices = ACQUISITIONS["auto"].select(pool, 5, np.random.default_rng(0))
    assert choices[0].row == int(np.argmax(pool.text_score))
    for choice in choices:
        likely = (pool.text_score > pool.text_score[choice.row]).mean() <= 0.1
        assert choice.reason == ("likely" if likely else "exploration")


def test_when_the_likeliest_pictures_are_alike_and_wrong_auto_looks_elsewhere():
    rng = np.random.default_rng(0)
    centres = unit(rng.normal(size=(8, 16)))
    cluster = np.repeat(np.arange(8), 50)
    vectors = unit(centres[cluster] + rng.normal(0, 0.05, (400, 16)))
    text_score = (cluster == 0) + 0.5 * (cluster == 1) + rng.random(400) / 10
    asked = np.zeros(400, bool)
    for _ in range(4):  # each answered no
        pool = Pool(vectors, None, text_score, np.arange(400), asked.copy(), np.zeros(400, bool))
        asked[[choice.row for choice in ACQUISITIONS["auto"].select(pool, 5, rng)]] = True
    assert set(cluster[np.argsort(-text_score)[:20]]) == {0}
    assert {0, 1} <= set(cluster[asked])


def test_after_a_yes_auto_asks_about_borderline_pictures_and_now_and_then_explores():
    rng, reasons = np.random.default_rng(0), []
    for _ in range(100):
        reasons += [choice.reason for choice in ACQUISITIONS["auto"].select(make_pool(), 5, rng)]
    assert set(reasons) == {"borderline", "exploration"}
    assert 0.02 < reasons.count("exploration") / len(reasons) < 0.09


@pytest.mark.parametrize("trained", [True, False])
def test_a_hundred_thousand_pictures_take_less_than_a_second(trained):
    pool = make_pool(n=100_000, d=256, asked=100, trained=trained)
    ACQUISITIONS["auto"].select(make_pool(trained=trained), 5, np.random.default_rng(0))
    start = time.process_time()
    ACQUISITIONS["auto"].select(pool, 5, np.random.default_rng(0))
    assert time.process_time() - start < 1


def rare_concept(seed):
    """Twenty kinds of pictures; one that the words only half point at counts."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(20, 24))
    kind = rng.integers(0, 20, 1200)
    vectors = unit(centres[kind] + rng.normal(0, 0.8, (1200, 24)))
    words = unit(centres[3] + rng.normal(0, 1.0, 24))
    rows = rng.permutation(1200)
    return Session(vectors, kind == 3, np.arange(1200), rows[:700], rows[700:], words)


def test_auto_learns_a_rare_concept_from_words_alone_with_fewer_answers_than_random():
    auto = [run(rare_concept(s), ACQUISITIONS["auto"], [20], s)[-1].average_precision for s in range(3)]
    random = [run(rare_concept(s), ACQUISITIONS["random"], [20], s)[-1].average_precision for s in range(3)]
    assert np.mean(auto) > 0.85
    assert np.mean(auto) > np.mean(random)


def test_a_study_reports_every_budget_and_counts_its_answers():
    points = run(rare_concept(0), ACQUISITIONS["auto"], [0, 10, 25], 0)
    assert [point.labels for point in points] == [0, 10, 25]
    assert points == run(rare_concept(0), ACQUISITIONS["auto"], [0, 10, 25], 0)
