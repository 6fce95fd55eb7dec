"""How steady a version is when pictures are changed a little."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from concepts.classifier.robustness import CHANGES, changes_of, in_words
from concepts.errors import NotEnoughLabelsError, UnknownVersionError
from concepts.workbench import Workbench

NAME = "Round thing"


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (64, 48)])
def test_a_change_keeps_a_picture_a_picture(name: str, size: tuple[int, int]) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8))
    changed = CHANGES[name](picture)
    assert changed.mode == "RGB"
    assert min(changed.size) >= 1


def test_moved_by_a_pixel_is_moved_by_a_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (6, 5, 3), dtype=np.uint8)
    moved = np.asarray(CHANGES["moved by one pixel"](Image.fromarray(pixels)))
    assert moved.shape == pixels.shape
    assert (moved[:-1, :-1] == pixels[1:, 1:]).all()


def test_flips_are_counted_at_the_threshold_and_the_worst_change_is_named_or_the_most_that_may_flip() -> None:
    said = np.full((50, 1 + len(CHANGES)), 0.7)
    assert in_words(changes_of(said, 0.6)) == (
        "None of 50 decisions changes with any of them: at most 7 of 100 would."
    )
    said[:8, 1] = 0.5  # eight flip when blurred
    said[:, 2] = 0.61  # all move when saved anew, and none across the threshold
    changes = changes_of(said, 0.6)
    assert [round(change.flipped.value * 50) for change in changes] == [8, *[0] * (len(CHANGES) - 1)]
    moved = changes[1].moved
    assert moved.value == pytest.approx(-0.09)
    assert moved.low < -0.09 < moved.high
    assert in_words(changes) == (
        "Least steady when a picture is blurred: 8 of 50 decisions change (7 to 29 of 100)."
    )


def test_answered_pictures_are_looked_at_again_and_what_came_of_it_is_kept(trained: Workbench) -> None:
    versions, told = trained.concept(NAME).versions, []
    found = versions.examine_robustness().wait(lambda done, total, _: told.append((done, total)))
    assert (found.version, found.n, found.left_out) == (1, 20, 0)
    assert told[-1] == (20, 20)
    assert [change.name for change in found.changes] == list(CHANGES)
    assert versions.robustness() == found
    with pytest.raises(UnknownVersionError):
        versions.examine_robustness(2)


def test_where_no_file_can_be_read_any_more_that_is_said(trained: Workbench) -> None:
    with trained.context.database.write("library") as session:
        session.execute(text("update sources set uri = '/gone' || uri"))
    with pytest.raises(NotEnoughLabelsError, match="can be read"):
        trained.concept(NAME).versions.examine_robustness().wait()
