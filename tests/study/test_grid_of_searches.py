"""A grid of attributes and objects as searches, each of which is asked about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rounds import round_of

from concepts.encoders.base import unit
from concepts.learning.acquisition import Acquisition, Round
from study.acquisitions.before import Random
from study.acquisitions.cells import Cells, grid

SIDE, OF_EACH = 3, 40


def made(seed: int) -> tuple[Round, np.ndarray]:
    """Pictures of three attributes of three objects, a search for each pair, and of which pair each is."""
    rng = np.random.default_rng(seed)
    cell = rng.permutation(np.repeat(np.arange(SIDE**2), OF_EACH))
    parts = rng.normal(size=(2, SIDE, 24))
    texts = (parts[0][None] + parts[1][:, None]).reshape(SIDE**2, 24)
    vectors = unit(texts[cell] + 0.7 * rng.normal(size=(len(cell), 24)))
    nothing = np.zeros(len(cell), bool)
    round = round_of(vectors, None, rng.random(len(cell)), np.arange(len(cell)), nothing, nothing)
    scores = np.concatenate([round.pool.text_scores, unit(texts) @ vectors.T])
    return replace(round, pool=replace(round.pool, text_scores=scores)), cell


def met(way: Acquisition, seed: int) -> int:
    round, cell = made(seed)
    return len(set(cell[[choice.row for choice in way.select(round, SIDE**2, np.random.default_rng(seed))]]))


def test_nine_questions_meet_all_nine_cells_where_chance_meets_six() -> None:
    assert min(met(Cells(), seed) for seed in range(20)) == SIDE**2
    assert 5 < np.mean([met(Random(), seed) for seed in range(50)]) < 7


def test_a_search_that_no_picture_is_of_is_not_asked_about() -> None:
    round, cell = made(0)
    without = round.pool.group[cell != 4]
    pool = replace(
        round.pool,
        vectors=round.pool.vectors[without],
        text_scores=round.pool.text_scores[:, without],
        group=np.arange(len(without)),
    )
    known = {name: value[without] for name, value in vars(round.labelled).items()}
    short = replace(round, pool=pool, labelled=replace(round.labelled, **known))
    asked = Cells().select(short, SIDE**2 - 1, np.random.default_rng(0))
    assert {cell[without[choice.row]] for choice in asked} == set(range(SIDE**2)) - {4}


def test_a_grid_has_at_most_four_of_each() -> None:
    assert grid(["red", "old"], ["car", "bicycle"]) == ["red car", "old car", "red bicycle", "old bicycle"]
    assert len(grid("abcdef", "abcdef")) == 16
