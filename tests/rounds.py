"""Rounds of questions drawn at random, for tests of acquisition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from concepts.encoders.base import Vectors, unit
from concepts.learning.acquisition import Labelled, Pool, Round
from concepts.learning.base import Bools, Floats, LinearHead, TrainingSet


def make_round(
    n: int = 300, d: int = 16, seed: int = 0, asked: int = 20, trained: bool = True, per_group: int = 1
) -> Round:
    """`trained`: all that was asked is a yes, and there are a head and probabilities."""
    rng = np.random.default_rng(seed)
    was_asked = np.zeros(n, dtype=bool)
    was_asked[rng.choice(n, asked, replace=False)] = True
    made = round_of(
        vectors=unit(rng.normal(size=(n, d))),
        probability=rng.random(n) if trained else None,
        text_score=rng.random(n),
        group=np.arange(n) // per_group,
        asked=was_asked,
        positive=was_asked & trained,
    )
    return replace(made, head=LinearHead("line", rng.normal(size=d), 0.0)) if trained else made


def round_of(
    vectors: Vectors,
    probability: Floats | None,
    text_score: Floats,
    group: Any,
    asked: Bools,
    positive: Bools,
) -> Round:
    """A round in which people answered: what was asked and isn't positive is a no."""
    training = TrainingSet(vectors[asked], positive[asked], np.ones(int(asked.sum())), group[asked])
    labelled = Labelled.of(asked, np.where(positive, 1, -asked.astype(np.int8)).astype(np.int8))
    return Round(
        pool=Pool(vectors, text_score[None], group),
        labelled=labelled,
        training=training,
        probability=probability,
        doubt=None if probability is None else -np.abs(probability - 0.5),
    )
