"""What a wall of a large library is drawn from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from concepts.labelling import contact_sheet
from concepts.labelling.training_data import TrainingData
from storage.vectors.ids import PictureIds

IDS = [f"{n * 16**62:064x}" for n in range(200)]


def training_data(found: list[str]) -> TrainingData:
    index = SimpleNamespace(search=lambda queries, k: [[(one, 1.0) for one in found]])
    return cast(TrainingData, cast(Any, SimpleNamespace(index=index, text_direction=np.zeros(3))))


def test_every_wall_is_drawn_from_the_same_pictures_and_what_the_words_find(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contact_sheet, "LARGEST", 50)
    spoken_for = IDS[5]
    drawn = [
        contact_sheet._some(training_data([IDS[3], spoken_for]), PictureIds.of(set(IDS) - {spoken_for}), seed)
        for seed in (1, 1, 2)
    ]

    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(one) in (50, 51) and one == sorted(one) for one in drawn)
    assert all(IDS[3] in one and spoken_for not in one for one in drawn)


def test_of_a_large_library_a_run_of_ids_is_drawn_that_goes_on_at_the_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contact_sheet, "LARGEST", 150)
    for seed in range(5):
        there = np.isin(IDS, contact_sheet._some(training_data([]), PictureIds.of(IDS), seed))

        assert there.sum() == 150
        assert (there != np.roll(there, 1)).sum() == 2
