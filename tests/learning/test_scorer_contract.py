"""What every registered scorer keeps; heads are scorers too."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Pictures, Scorer, Texts
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS


@pytest.fixture(params=[*SCORERS, *HEADS])
def scorer(request) -> Scorer:
    return (SCORERS if request.param in SCORERS else HEADS)[request.param]()


def test_it_ranks_what_counts_first_and_always_the_same(scorer, labels, text_direction):
    unseen, answered = labels(50, 200, seed=9), labels(12, 30)
    everything = np.concatenate([answered.vectors, unseen.vectors])
    pictures, words = Pictures(everything, labelled=np.arange(42)), Texts.one(text_direction)
    scores, again = (scorer.score(answered, words, pictures, 0) for _ in range(2))
    assert np.array_equal(scores, again)
    assert scores.shape == (292,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert average_precision_score(unseen.positive, scores[42:]) > 0.8


def test_without_labels_and_words_it_says_that_there_is_nothing_to_go_by(scorer, labels):
    with pytest.raises(NotEnoughLabelsError):
        scorer.score(labels(0, 0), None, Pictures(labels(5, 5).vectors), 0)
