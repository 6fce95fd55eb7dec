"""Where in a picture a version's score comes from, and who is told when."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.errors import ConflictError
from concepts.workbench import Workbench
from concepts.workbench.heat import said

NAME = "Round thing"


def test_parts_and_rest_add_up_to_the_score_that_the_library_has(trained: Workbench) -> None:
    concept = trained.concept(NAME)
    (surest,) = concept.scores.ranked("top", limit=1).pictures
    heat = concept.scores.heat(surest.id, author="me")
    assert sum(map(sum, heat.parts)) + heat.rest == pytest.approx(heat.score, abs=1e-3)
    assert heat.probability == pytest.approx(surest.probability, abs=0.01)
    assert heat.flagged == (heat.probability >= heat.threshold)
    assert f"each square is about 1/{len(heat.parts) * len(heat.parts[0])} of the picture" in heat.words


def test_of_a_picture_that_measures_nothing_is_told_before_this_person_has_answered(
    trained: Workbench,
) -> None:
    concept = trained.concept(NAME)
    waiting = trained.context.store.kept_apart(concept.id) - concept.labels.decisions().keys()
    with pytest.raises(ConflictError, match="test picture"):
        concept.scores.heat(min(waiting), author="me")


def test_words_say_in_which_ninth_most_of_it_lies_if_anywhere() -> None:
    parts = np.full((8, 8), -0.1)
    parts[6:, 6:] = 1.0
    assert said(parts) == "Most of what raised the score is at the bottom right."
    assert "No part" in said(-np.ones((8, 8)))
    assert said(np.ones((7, 7))).endswith("is spread over the picture.")
