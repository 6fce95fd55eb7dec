"""A rare concept says so before there is a version, from pictures drawn to measure and no others."""

from __future__ import annotations

import numpy as np
import pytest
from answering import answer

from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import next_pictures
from concepts.learning.stratified import Draws
from concepts.results.concepts import concept_state
from concepts.results.measured_sample import MeasuredSample, sample
from concepts.results.rarity import FIND_MORE, Rarity, rarity
from concepts.results.review import looked_over_now
from concepts.use_cases import App

NAME = "Round thing"


def found(**changes: float) -> Rarity:
    nothing = dict.fromkeys(("yes", "value", "low", "walls", "on_walls"), 0)
    return Rarity.model_validate({"n": 60, "pictures": 2700, "high": 300} | nothing | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Rare: 0 of 60 test pictures count, so at most 300 of 2,700 pictures do."),
        ({}, "At least 30 more test labels for reliable figures."),
        ({"yes": 2, "value": 54}, "2 of 60 test pictures count, so about 54, at most 300 of 2,700"),
        ({"yes": 2, "value": 54}, "About 240 more test labels for reliable figures."),
        ({"yes": 1, "value": 54}, "Even 480 test labels, the most there are, give only rough figures."),
        ({"walls": 2, "on_walls": 120}, "Looked through: 2 contact sheets (120 pictures)."),
        ({"n": 300, "yes": 12, "value": 100}, "at most 300 of 2,700 pictures do. " + FIND_MORE),
    ],
)
def test_what_a_rare_concept_takes_is_said(changes: dict[str, float], said: str) -> None:
    assert said in found(**changes).sentence


def test_a_first_part_of_the_test_labels_is_called_that_and_nothing_is_said_where_it_may_not_be_rare() -> (
    None
):
    said = found(n=12, high=500).said(23)
    assert said.startswith("Rare: 0 of the first 12 test pictures count, so at most 500")
    assert "more test labels" not in said
    assert found(yes=6, value=270).sentence == found(n=11, high=1260).sentence == ""


def test_the_first_wave_tells_once_all_of_it_is_answered(bench: App) -> None:
    concept = bench.concept(NAME)
    first = list(bench.store.evaluation_pictures(concept.id))
    learned = [picture.id for picture in next_pictures(concept, 5)]
    answer(bench, NAME, learned, always="yes")
    answer(bench, NAME, first[1:], always="no")

    def said_now() -> Rarity | None:
        dataset = dataset_of(concept)
        return rarity(sample(dataset), dataset, [learned])

    assert said_now() is None
    answer(bench, NAME, first[:1], always="no")
    said = said_now()
    assert (said.n, said.yes, said.value, said.low) == (len(first), 0, 0, 0)
    assert (said.walls, said.on_walls) == (1, 5)
    assert 0 < said.high <= said.pictures
    assert looked_over_now(bench.concept(NAME)).rarity is not None
    assert said.sentence == concept_state(concept).rare == ""  # 12 of 90: nobody can tell yet


def test_what_was_answered_before_a_wave_is_none_of_the_pictures_drawn_to_measure_with() -> None:
    stratum, known, drawn = np.zeros((1, 400), np.int64), np.zeros((1, 400), bool), np.full(400, -1)
    stratum[:, :100], known[:, :100], drawn[100:160] = -1, True, 0
    ids, rows = [f"{row}" for row in range(100, 160)], np.arange(100, 160)
    truth = np.zeros(60, bool)
    truth[:2] = True
    draws = Draws(stratum, known, np.zeros(400, np.int64), drawn)
    of = MeasuredSample(
        ids, truth, rows, [""] * 400, draws, rows, dict.fromkeys(range(100), False), lambda _: rows
    )
    said = rarity(of, None, [])  # where there are draws, they say all
    assert (said.yes, said.n) == (2, 60)
    assert said.value == pytest.approx(2 / 60 * 300)
