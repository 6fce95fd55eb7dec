"""What each of the scorers is for that hear single texts and no answer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from concepts.encoders.base import unit
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Pictures, SingleTexts, Texts, TrainingSet
from study.scorers import ZERO_SHOT

AXES = np.eye(24, dtype=np.float32)
NO_ANSWER = TrainingSet(AXES[:0], np.empty(0, bool), np.empty(0), np.empty(0, np.int64))


def library() -> tuple[np.ndarray, np.ndarray]:
    """400 pictures of four kinds, and which kind each is: axis 0 says kind 0, and so on."""
    rng = np.random.default_rng(0)
    kinds = np.repeat([0, 1, 2, 3], [60, 60, 140, 140])
    vectors = rng.normal(0, 0.15, (400, 24))
    vectors[np.arange(400), kinds] += 0.6
    return unit(vectors), kinds


def found(name: str, texts: SingleTexts) -> float:
    """Average precision for kind 0."""
    vectors, kinds = library()
    scores = ZERO_SHOT[name]().score(NO_ANSWER, Texts(AXES[9], AXES[:0], lambda: texts), Pictures(vectors), 0)
    return float(average_precision_score(kinds == 0, scores))


def said(**parts: np.ndarray) -> SingleTexts:
    """Texts that are about nothing in the library, but for these parts."""
    nothing = {"name": AXES[8], "prompts": AXES[10:12], "counts": AXES[12:14], "against": AXES[:0]}
    return SingleTexts(**(nothing | parts))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("name_only", "name"),
        ("name_ensemble", "prompts"),
        ("zpe", "prompts"),
        ("descriptions", "counts"),
        ("contrast", "counts"),
    ],
)
def test_each_hears_its_own_part_of_the_texts(name: str, part: str) -> None:
    assert found(name, said(**{part: AXES[0] if part == "name" else AXES[[0, 0, 12]]})) > 0.95
    assert found(name, said()) < 0.5


def test_wordings_that_tell_pictures_apart_are_heard_through_many_that_do_not() -> None:
    rng = np.random.default_rng(1)
    prompts = rng.normal(0, 1, (12, 24)).astype(np.float32)
    prompts[:, :4] = 0
    prompts[:2] = AXES[0] * 3 + 0.3 * prompts[:2]
    texts = said(prompts=unit(prompts))
    assert found("zpe", texts) > found("name_ensemble", texts) + 0.1


def test_what_is_confused_with_the_concept_is_leaned_away_from() -> None:
    both = unit(AXES[0] + AXES[1])[None]  # words that two kinds answer to
    texts = said(counts=both, against=AXES[[1]])
    assert found("contrast", texts) > found("descriptions", texts) + 0.1


def test_what_nothing_is_confused_with_changes_nothing() -> None:
    vectors, _ = library()
    texts = said(counts=AXES[[2]], against=AXES[20:22])
    alone, beside = (ZERO_SHOT[name]().direction(texts, vectors) for name in ("descriptions", "contrast"))
    assert np.array_equal(alone, beside)


@pytest.mark.parametrize("name", ZERO_SHOT)
def test_an_empty_library_cannot_be_ranked(name: str) -> None:
    with pytest.raises(NotEnoughLabelsError, match="no picture"):
        ZERO_SHOT[name]().score(NO_ANSWER, Texts.one(AXES[0]), Pictures(AXES[:0]), 0)


def recall(counts: np.ndarray, depth: int = 60) -> float:
    """Of kind 0, by `real`."""
    vectors, kinds = library()
    direction = ZERO_SHOT["real"]().direction(said(counts=counts), vectors)
    return float((kinds[np.argsort(-(vectors @ direction))[:depth]] == 0).mean())


def test_a_class_hidden_under_a_rare_name_is_found_by_all_its_names() -> None:
    rare, common = unit(0.15 * AXES[0] + AXES[20]), unit(AXES[0] + 0.3 * AXES[20])
    assert recall(np.stack([rare, common])) >= 1.2 * recall(rare[None])


def test_what_the_words_find_teaches_what_they_do_not_say() -> None:
    words = said(counts=unit(0.35 * AXES[0] + AXES[20])[None])
    assert found("real", words) > found("descriptions", words) + 0.1
