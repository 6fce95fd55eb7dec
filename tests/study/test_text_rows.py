"""What texts teach beside pictures, where texts and pictures lie apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from clouds import labelled
from sklearn.metrics import average_precision_score

from concepts.encoders.base import unit
from concepts.learning.base import Pictures, SingleTexts, Texts
from concepts.learning.heads import HEADS
from concepts.learning.scorers import SCORERS
from study.scorers.captions import beside, matched
from study.scorers.text_rows import centred

DIMENSION, KINDS, OF_EACH = 48, 12, 30
NOTHING = np.empty(0, np.int64)


def made(seed: int) -> tuple[np.ndarray, np.ndarray, SingleTexts]:
    """Pictures of twelve kinds, six of which count; which do; and a text for each kind: the mean of its
    pictures, and an offset that all texts have."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(KINDS, DIMENSION))
    kind = rng.permutation(np.repeat(np.arange(KINDS), OF_EACH))
    vectors = unit(means[kind] + 1.5 * rng.normal(size=(len(kind), DIMENSION)))
    texts = unit(means + 3 * rng.normal(size=DIMENSION))
    half = KINDS // 2
    return vectors.astype(np.float32), kind < half, SingleTexts(texts[0], texts, texts[:half], texts[half:])


def quality(truth: np.ndarray, scores: np.ndarray) -> float:
    return float(average_precision_score(truth, scores))


def test_what_was_written_is_enough_where_texts_are_pictures_at_an_offset() -> None:
    found = []
    for seed in range(10):
        vectors, truth, texts = made(seed)
        words = Texts(texts.name, texts.prompts[:0], lambda texts=texts: texts)
        data = labelled(vectors, NOTHING, np.empty(0, bool))
        found.append(quality(truth, SCORERS["text_rows"]().score(data, words, Pictures(vectors), 0)))
    assert np.mean(found) >= 0.9


def test_pictures_learn_more_from_their_own_captions_than_from_others_of_their_side() -> None:
    gains = []
    for seed in range(20):
        vectors, truth, texts = made(seed)
        rng = np.random.default_rng(seed)
        rows = rng.choice(len(vectors), 40, replace=False)
        others = np.setdiff1d(np.arange(len(vectors)), rows)
        data, reached = labelled(vectors, rows, truth[rows]), []
        for shuffled in (False, True):
            learned = data.vectors.copy()
            for side, captions in zip((data.positive, ~data.positive), centred(texts), strict=True):
                which = matched(data.vectors[side], captions, vectors)
                which = rng.permutation(which) if shuffled else which
                learned[side] = beside(data.vectors[side], captions, which)
            head = HEADS["line"]().fit(replace(data, vectors=learned), None, 0)
            reached.append(quality(truth[others], head.logits(vectors[others])))
        gains.append(reached[0] - reached[1])
    assert np.mean(gains) > 0


def test_without_look_alikes_texts_teach_nothing() -> None:
    vectors, truth, texts = made(0)
    rows = np.arange(40)
    data = labelled(vectors, rows, truth[rows])
    one_sided = Texts(texts.name, texts.prompts[:0], lambda: replace(texts, against=texts.against[:0]))
    pictures = Pictures(vectors, labelled=rows)
    plain = SCORERS["blend"]().score(data, one_sided, pictures, 0)
    for name in ("text_rows", "captions"):
        assert np.allclose(SCORERS[name]().score(data, one_sided, pictures, 0), plain)
