"""Cropped, moved and turned copies are told from other pictures by where they overlap."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path

import pytest
from drawing import draw, scene
from PIL import Image

from storage.pictures.overlap import look, overlap
from storage.pictures.resizing import thumbnail

# left, top, right, bottom of 256 × 192 pixels: 90 to 70 % of it, and two windows that are moved
CROPS = [(6, 4, 252, 188), (20, 10, 250, 180), (0, 0, 214, 161), (40, 30, 256, 192)]
MOVED = [((0, 0, 220, 192), (36, 0, 256, 192)), ((0, 0, 240, 180), (16, 12, 256, 192))]


def saved(image: Image.Image) -> Image.Image:
    """As a thumbnail of a JPEG of it."""
    image.save(file := io.BytesIO(), "JPEG", quality=60)
    return Image.open(io.BytesIO(thumbnail(Image.open(file))))


@pytest.mark.parametrize("seed", range(5))
def test_crops_and_moved_pictures_overlap_with_the_whole(seed: int) -> None:
    whole = scene(seed)
    assert all(overlap(look(whole), look(saved(whole.crop(box)))) for box in CROPS)
    assert all(overlap(look(whole.crop(one)), look(saved(whole.crop(other)))) for one, other in MOVED)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_copy_overlaps_with_what_is_turned_as_often(turns: int) -> None:
    copy = look(saved(scene(1).rotate(90 * turns, expand=True)))
    assert overlap(look(scene(1), turns), copy)
    assert not overlap(look(scene(1)), copy)


@pytest.mark.parametrize("shaken", [0, 3, 10])
@pytest.mark.parametrize("seed", range(5))
def test_one_place_with_and_without_an_animal_is_two_pictures(seed: int, shaken: int) -> None:
    empty, animal = scene(seed), draw("ellipse", seed).resize((30, 30))
    seen = empty.copy()
    seen.paste(animal, (30 + 30 * seed, 100))
    width, height = empty.size
    assert not overlap(
        look(empty.crop((0, 0, width - shaken, height))),
        look(saved(seen.crop((shaken, 0, width, height)))),
    )
    assert overlap(look(empty), look(saved(empty.crop(CROPS[1]))))


def test_the_same_shape_elsewhere_on_a_plain_wall_is_no_copy() -> None:
    looks = [look(draw(shape, seed)) for shape in ("ellipse", "rectangle") for seed in range(8)]
    assert not any(overlap(one, other) for row, one in enumerate(looks) for other in looks[:row])


def test_of_a_thousand_pairs_of_groceries_that_look_alike_none_is_taken(labelled_pictures: Path) -> None:
    """Of one kind, as milk is, and of different makes."""
    folder = labelled_pictures / "grocery"
    rows = list(csv.DictReader((folder / "labels.csv").open()))
    pairs = (
        (one["path"], other["path"])
        for step in range(40, 400, 7)
        for one, other in zip(rows, rows[step:], strict=False)
        if one["coarse"] == other["coarse"] and one["fine"] != other["fine"]
    )
    some = list(islice(pairs, 0, None, 9))[:1000]
    looks = {path: look(Image.open(folder / path)) for path in {path for pair in some for path in pair}}
    assert len(some) == 1000
    assert not [(one, other) for one, other in some if overlap(looks[one], looks[other])]
