"""Copies that were saved anew, cropped, moved or turned are told from other pictures."""

from __future__ import annotations

import csv
import io
import random
from itertools import islice
from pathlib import Path

import imagehash
import numpy as np
import pytest
from drawing import draw, encoded, scene
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from storage.pictures import duplicates
from storage.pictures.duplicates import MAX_DISTANCE, bits_apart, near_groups, turned
from storage.pictures.hashing import perceptual_hash
from storage.pictures.overlap import look, overlap
from storage.pictures.resizing import thumbnail


def brute_force(ids: list[str], hashes: list[str | None]) -> dict[str, str]:
    group = {picture: {picture} for picture in ids}
    for i, left in enumerate(hashes):
        for j, right in enumerate(hashes[:i]):
            if left is None or right is None:
                continue
            if (int(left, 16) ^ int(right, 16)).bit_count() <= MAX_DISTANCE:
                joined = group[ids[i]] | group[ids[j]]
                group.update(dict.fromkeys(joined, joined))
    return {picture: min(members) for picture, members in group.items() if len(members) > 1}


def flipped(value: int, bits: list[int]) -> str:
    for bit in bits:
        value ^= 1 << bit
    return f"{value:016x}"


BITS = st.lists(st.integers(0, 63), max_size=7, unique=True)
HASHES = st.lists(
    st.none() | st.builds(flipped, st.sampled_from([0, 0xFEDCBA9876543210, 2**64 - 1]), BITS), max_size=30
)


@given(HASHES, st.randoms(use_true_random=False))
def test_groups_are_those_of_comparing_every_pair_in_any_order(hashes, shuffler: random.Random):
    ids = [f"{number:064x}" for number in range(len(hashes))]
    shuffler.shuffle(ids)
    expected = brute_force(ids, hashes)
    assert near_groups(ids, hashes) == expected
    together = list(zip(ids, hashes, strict=True))
    shuffler.shuffle(together)
    assert near_groups([i for i, _ in together], [h for _, h in together]) == expected


def test_pairs_are_merged_in_batches_without_loss(monkeypatch):
    monkeypatch.setattr(duplicates, "_BATCH", 1)
    hashes = [flipped(0, list(range(count))) for count in range(0, 60, 3)] + [flipped(2**64 - 1, [5, 6])]
    ids = [f"{number:02}" for number in range(len(hashes))]
    assert near_groups(ids, hashes) == brute_force(ids, hashes)
    assert len(set(near_groups(ids, hashes).values())) == 1


def test_planted_pairs_are_found_among_200_000_hashes():
    generator = np.random.default_rng(0)
    values = generator.integers(0, 2**64, 200_000, dtype=np.uint64).tolist()
    hashes = [f"{value:016x}" for value in values]
    for number in range(0, 1000, 2):
        hashes[number + 1] = flipped(values[number], generator.choice(64, 4, replace=False).tolist())
    ids = [f"{number:06}" for number in range(len(hashes))]
    assert near_groups(ids, hashes) == {f"{n:06}": f"{n - n % 2:06}" for n in range(1000)}


def test_ten_thousand_copies_of_one_hash_are_one_group():
    ids = [f"{number:05}" for number in range(10_000)]
    assert set(near_groups(ids, ["123456789abcdef0"] * 10_000).values()) == {"00000"}


def test_pairs_that_are_known_join_groups_also_by_a_picture_that_is_gone():
    hashes = ["0" * 16, "f" * 16, "00ff" * 4, None, None]
    pairs = [("b", "gone"), ("gone", "c"), ("e", "d")]
    assert near_groups(list("abcde"), hashes, pairs) == {"b": "b", "c": "b", "d": "d", "e": "d"}


def test_the_hash_of_a_turned_picture_nearly_follows_from_its_own():
    hashes = [perceptual_hash(scene(seed)) for seed in range(20)]
    for turns in (1, 2, 3):
        found = [perceptual_hash(scene(seed).rotate(90 * turns, expand=True)) for seed in range(20)]
        assert (bits_apart(turned(hashes, turns), found).diagonal() <= 8).mean() >= 0.9
        assert (bits_apart(hashes, found) > 8).all()
    assert turned([None], 1) == [None]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("picture", [scene, lambda seed: draw("ellipse", seed)])
def test_the_hash_is_that_of_imagehash(picture, seed):
    assert perceptual_hash(picture(seed)) == str(imagehash.phash(picture(seed)))


def test_what_has_no_detail_has_no_hash():
    flat = Image.new("RGB", (300, 200), "teal")
    ramp = np.tile(np.linspace(0, 255, 300, dtype=np.uint8), (200, 1))
    noise = np.random.default_rng(0).normal(128, 2, (256, 256)).clip(0, 255).astype(np.uint8)
    for plain in (flat, Image.fromarray(ramp), Image.fromarray(noise), opened(encoded(flat, "JPEG"))):
        assert perceptual_hash(plain) is None


# Where they overlap


# left, top, right, bottom of 256 × 192 pixels: 90 to 70 % of it, and two windows that are moved
CROPS = [(6, 4, 252, 188), (20, 10, 250, 180), (0, 0, 214, 161), (40, 30, 256, 192)]
MOVED = [((0, 0, 220, 192), (36, 0, 256, 192)), ((0, 0, 240, 180), (16, 12, 256, 192))]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def saved(image: Image.Image) -> Image.Image:
    """As a thumbnail of a JPEG of it."""
    return opened(thumbnail(opened(encoded(image, "JPEG", quality=60))))


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
        look(empty.crop((0, 0, width - shaken, height))), look(saved(seen.crop((shaken, 0, width, height))))
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
