from dataclasses import replace

import numpy as np
import pytest
from clouds import kinds
from rounds import make_round, round_of

from concepts.learning import acquisition
from concepts.learning.acquisition import ACQUISITIONS, Round, _far_from_all


def test_diverse_margin_does_not_ask_five_times_about_one_cluster():
    rng = np.random.default_rng(0)
    vectors, cluster = kinds([40, 5, 5, 5, 5], noise=0.01)
    round = round_of(
        vectors=vectors,
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
    vectors, cluster = kinds([50] * 8)
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
    assert 0.05 < reasons.count("exploration") / len(reasons) < 0.2


def test_each_search_of_a_person_is_asked_about_soon_though_the_head_knows_nothing_of_it():
    vectors, kind = kinds([20] * 10)
    round = round_of(vectors, None, vectors @ vectors[0], np.arange(200), kind == 0, kind == 0)
    searches = np.stack([vectors[kind == k].mean(axis=0) @ vectors.T for k in (3, 7)])
    scores = np.concatenate([round.pool.text_scores, searches])
    round = replace(round, pool=replace(round.pool, text_scores=scores))
    for _ in range(2):  # of five questions one
        chosen = ACQUISITIONS["auto"]().select(round, 5, np.random.default_rng(0))
        round = round.with_asked(chosen)
    assert {3, 7} <= set(kind[round.labelled.asked])


def labelled_kinds(wrong: int) -> Round:
    """All of two kinds are labelled, one of which counts, but a picture of the other was said to count."""
    vectors, kind = kinds([20] * 10)
    asked, positive = kind < 2, kind == 0
    positive[wrong] = True
    return round_of(vectors, None, vectors @ vectors[0], np.arange(200), asked, positive)


def again(round: Round, n: int = 5) -> list[int]:
    """What auto asks for again."""
    chosen = ACQUISITIONS["auto"]().select(round, n, np.random.default_rng(0))
    return [choice.row for choice in chosen if choice.reason == "again"]


def with_repeats(round: Round, *said: int) -> Round:
    """The first pictures were labelled again, the same (1) or not (-1)."""
    given = round.labelled.again.copy()
    given[: len(said)] = said
    return replace(round, labelled=replace(round.labelled, again=given))


def test_a_label_that_all_others_contradict_is_asked_for_again_and_only_once():
    round = labelled_kinds(25)
    assert again(round) == [25]
    assert again(with_repeats(round, *[0] * 25, 1)) == []
    assert again(labelled_kinds(0), 20) == []  # which does count


def test_people_are_taken_to_err_much_until_labels_come_back_as_they_were(monkeypatch):
    taken = []

    def note(labels, wrong, seed):
        taken.append(wrong)
        return np.zeros(len(labels.positive))

    monkeypatch.setattr(acquisition, "probably_wrong", note)
    round = labelled_kinds(25)
    for said in ([], [-1], [1], [-1, 1], [1, 1]):  # the last enough not to ask at all
        again(with_repeats(round, *said))
    nothing, changed, same, one_each = taken
    assert same < one_each < nothing < changed


@pytest.mark.parametrize("n", [0, 1, 2])
def test_no_more_is_asked_than_there_is_room_for(n: int):
    round = labelled_kinds(25)
    search = round.pool.vectors[60] @ round.pool.vectors.T
    round = replace(round, pool=replace(round.pool, text_scores=np.stack([round.pool.text_score, search])))
    assert len(ACQUISITIONS["auto"]().select(round, n, np.random.default_rng(0))) == n


def test_what_a_head_is_blind_to_is_looked_for_far_from_all_that_was_asked():
    vectors, kind = kinds([20] * 10)
    asked = kind < 8
    round = round_of(vectors, np.full(200, 0.9), vectors @ vectors[0], np.arange(200), asked, kind == 0)
    found = _far_from_all(round, 10, np.random.default_rng(0))
    assert {choice.reason for choice in found} == {"exploration"}
    assert set(kind[[choice.row for choice in found]]) == {8, 9}
