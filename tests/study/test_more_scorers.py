"""What each of the scorers beside propagation is for."""

from __future__ import annotations

import numpy as np
import pytest
from clouds import corners, labelled
from sklearn.metrics import average_precision_score

from concepts.encoders.base import unit
from concepts.learning.base import Pictures, Scorer, Texts
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS

NOTHING = np.empty(0, np.int64)


@pytest.mark.parametrize("name", ["cache", "kernel_ridge", "mlp"])
def test_what_counts_in_opposite_corners_is_found_by_what_can_bend_and_by_no_head(name: str) -> None:
    vectors, truth = corners(0)
    rows, others = np.arange(40), np.arange(40, 400)
    data, pictures = labelled(vectors, rows, truth[rows]), Pictures(vectors, labelled=rows)

    def found(way: type[Scorer]) -> float:
        scores = way().score(data, None, pictures, 0)
        return float(average_precision_score(truth[others], scores[others]))

    assert found(SCORERS[name]) > 0.9
    assert found(HEADS["steady"]) < 0.75


def test_random_pictures_tell_the_network_of_a_kind_nobody_was_asked_about() -> None:
    """A third kind, the largest, which is no more like what counts than like what doesn't."""
    rng = np.random.default_rng(0)
    kinds = np.repeat([0, 1, 2], [40, 40, 400])
    vectors = rng.normal(0, 0.2, (480, 16))
    vectors[np.arange(480), kinds] += 1.0
    vectors = unit(vectors).astype(np.float32)
    rows = np.array([0, 1, 2, 40, 41, 42])
    data, others = labelled(vectors, rows, kinds[rows] == 0), np.setdiff1d(np.arange(480), rows)
    alone, few = HEADS["steady"]().score(data, None, Pictures(vectors), 0), SCORERS["mlp"]()
    told = few.score(data, None, Pictures(vectors, labelled=rows), 0)
    quality = [average_precision_score(kinds[others] == 0, scores[others]) for scores in (told, alone)]
    assert quality[0] > 0.9 > 0.85 > quality[1]


def two_kinds() -> tuple[np.ndarray, np.ndarray, Texts]:
    """Two kinds of pictures, and words that are nearest to half of one of them: which kind each is, too."""
    rng = np.random.default_rng(0)
    kinds = np.repeat([0, 1], [60, 240])
    vectors = rng.normal(0, 0.12, (300, 24))
    vectors[np.arange(300), kinds] += 1.0
    vectors[:30, 2] += 0.6  # what the words are about, and half of the first kind shows
    return unit(vectors).astype(np.float32), kinds == 0, Texts.one(np.eye(24)[2])


def test_words_are_found_in_pictures_like_those_that_show_them_before_any_answer() -> None:
    vectors, truth, words = two_kinds()
    data, pictures = labelled(vectors, NOTHING, np.empty(0, bool)), Pictures(vectors)
    flowing, plain = (
        average_precision_score(truth, SCORERS[name]().score(data, words, pictures, 0))
        for name in ("propagation_words", "words")
    )
    assert flowing > plain + 0.1


def test_the_more_yes_the_less_the_words_say() -> None:
    vectors, _, words = two_kinds()

    def moved_by_words(yes: int) -> float:
        rows = np.arange(200, 201 + yes)
        data, pictures = labelled(vectors, rows, rows > 200), Pictures(vectors, labelled=rows)
        with_words, without = (
            SCORERS["propagation_words"]().score(data, said, pictures, 0) for said in (words, None)
        )
        return float((with_words - without)[:30].mean())

    assert moved_by_words(1) > 2 * moved_by_words(8) > 0
