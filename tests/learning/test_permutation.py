"""Learning from shuffled answers, as a test of whether anything was learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from concepts.learning.permutation import shuffle_baseline, shuffle_test
from concepts.learning.report import about_chance


@pytest.mark.parametrize("way", ["auto", "logistic", "lda"])
def test_real_answers_beat_every_shuffle(labels, way):
    data, measured = labels(15, 35), labels(10, 50, seed=1)
    found = shuffle_test(data, measured.vectors, measured.positive, way, 0, shuffles=19)
    assert found.p_value == 1 / 20
    assert found.answers > np.percentile(found.shuffles, 95) > found.mean
    again = shuffle_test(data, measured.vectors, measured.positive, way, 0, shuffles=19)
    assert (again.shuffles == found.shuffles).all()


def test_answers_that_mean_nothing_are_significant_as_seldom_as_the_test_says(labels):
    """The p-values of 60 sets of meaningless answers are spread evenly."""
    measured = labels(10, 30, seed=1)
    p_values = []
    for seed in range(60):
        data = labels(6, 14, seed=seed + 2)
        data = replace(data, positive=np.random.default_rng(seed).permutation(data.positive))
        p_values.append(
            shuffle_test(data, measured.vectors, measured.positive, "lda", seed, shuffles=19).p_value
        )
    assert np.mean(np.array(p_values) <= 0.1) <= 0.2
    assert 0.35 < np.mean(p_values) < 0.65


def test_copies_of_a_picture_are_no_evidence(labels):
    """Three different pictures of either kind, each fifty times, are six answers and not 300."""
    data, measured = labels(3, 3), labels(10, 50, seed=1)
    rows = np.repeat(np.arange(6), 50)
    copied = replace(data.at(rows), group=rows)
    once, often = (shuffle_test(d, measured.vectors, measured.positive, "lda", 0, 99) for d in (data, copied))
    assert once.p_value >= 0.02
    assert often.p_value >= 0.02


def test_a_machines_labels_are_shuffled_among_themselves(labels):
    """All people's answers are yes and all the machine's no: no shuffle changes anything."""
    data, measured = labels(10, 10), labels(5, 20, seed=1)
    data = replace(data, weight=np.where(data.positive, 1.0, 0.3))
    found = shuffle_test(data, measured.vectors, measured.positive, "lda", 0, shuffles=9)
    assert found.p_value == 1


def test_with_one_kind_of_answer_there_is_no_test(labels):
    data, measured = labels(10, 0), labels(5, 20, seed=1)
    assert shuffle_test(data, measured.vectors, measured.positive, "auto", 0) is None
    assert shuffle_baseline(data, measured.vectors, measured.positive, "auto", 0) == ()
    assert about_chance(()) == []


def test_words_say_when_a_result_may_be_chance(labels):
    data, measured = labels(10, 30), labels(10, 50, seed=1)
    (learned,) = about_chance(shuffle_baseline(data, measured.vectors, measured.positive, "lda", 0))
    assert "by chance: p = 0.01." in learned
    assert "nothing" not in learned
    rng = np.random.default_rng(3)
    luck = replace(data, positive=rng.permutation(data.positive))
    (guessed,) = about_chance(shuffle_baseline(luck, measured.vectors, measured.positive, "lda", 0))
    assert "may have learned nothing" in guessed
