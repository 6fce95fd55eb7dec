import numpy as np
from rounds import make_round, round_of

from concepts.encoders.base import unit
from concepts.learning.acquisition import ACQUISITIONS


def test_margin_asks_about_what_the_head_is_least_sure_of():
    round = make_round()
    chosen = [choice.row for choice in ACQUISITIONS["margin"]().select(round, 5, np.random.default_rng(0))]
    unsure = np.abs(round.probability - 0.5)
    free = np.setdiff1d(np.flatnonzero(~round.labelled.asked), chosen)
    assert unsure[chosen].max() <= unsure[free].min()


def test_diverse_margin_does_not_ask_five_times_about_one_cluster():
    rng = np.random.default_rng(0)
    centres = unit(rng.normal(size=(5, 16)))
    cluster = np.r_[np.zeros(40, int), np.repeat([1, 2, 3, 4], 5)]
    round = round_of(
        vectors=unit(centres[cluster] + rng.normal(0, 0.01, (60, 16))),
        probability=np.r_[np.full(40, 0.5), np.full(20, 0.45)],
        text_score=np.zeros(60),
        group=np.arange(60),
        asked=np.zeros(60, bool),
        positive=np.zeros(60, bool),
    )
    diverse = ACQUISITIONS["diverse_margin"]().select(round, 5, rng)
    plain = ACQUISITIONS["margin"]().select(round, 5, rng)
    assert len({cluster[choice.row] for choice in diverse}) >= 4
    assert {cluster[choice.row] for choice in plain} == {0}


def test_before_any_yes_auto_starts_with_the_likeliest_by_the_words():
    round = make_round(asked=0, trained=False)
    choices = ACQUISITIONS["auto"]().select(round, 5, np.random.default_rng(0))
    text_score = round.pool.text_score
    assert choices[0].row == int(np.argmax(text_score))
    for choice in choices:
        likely = (text_score > text_score[choice.row]).mean() <= 0.1
        assert choice.reason == ("likely" if likely else "exploration")


def test_when_the_likeliest_pictures_are_alike_and_wrong_auto_looks_elsewhere():
    rng = np.random.default_rng(0)
    centres = unit(rng.normal(size=(8, 16)))
    cluster = np.repeat(np.arange(8), 50)
    vectors = unit(centres[cluster] + rng.normal(0, 0.05, (400, 16)))
    text_score = (cluster == 0) + 0.5 * (cluster == 1) + rng.random(400) / 10
    asked = np.zeros(400, bool)
    for _ in range(4):  # each answered no
        round = round_of(vectors, None, text_score, np.arange(400), asked.copy(), np.zeros(400, bool))
        asked[[choice.row for choice in ACQUISITIONS["auto"]().select(round, 5, rng)]] = True
    assert set(cluster[np.argsort(-text_score)[:20]]) == {0}
    assert {0, 1} <= set(cluster[asked])


def test_after_a_yes_auto_asks_about_borderline_pictures_and_now_and_then_explores():
    rng, reasons = np.random.default_rng(0), []
    for _ in range(100):
        reasons += [choice.reason for choice in ACQUISITIONS["auto"]().select(make_round(), 5, rng)]
    assert set(reasons) == {"borderline", "exploration"}
    assert 0.02 < reasons.count("exploration") / len(reasons) < 0.09
