"""Parts of pictures: which was framed, which a focus picks, and from which a score comes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawing import draw
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tiny_open_clip import make_tiny_open_clip

from concepts.encoders import Encoder, load_encoder
from concepts.encoders.base import unit
from concepts.encoders.embedded import EmbeddedEncoder
from concepts.encoders.nodes import session
from concepts.encoders.parts import (
    BOXES,
    PARTS,
    AllParts,
    FocusedEncoder,
    PartsEncoder,
    best_part,
    focus_of,
    picked,
)
from concepts.encoders.saliency import compared, covered, locate

SEED = 5


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


@pytest.fixture(scope="module")
def with_a_thing(encoder: EmbeddedEncoder) -> tuple[list[Image.Image], list[int]]:
    """Noise with an ellipse in one cell, and which cell that is."""
    rng = np.random.default_rng(SEED)
    pictures, cells = [], rng.permutation(16)[:8].tolist()
    for cell in cells:
        noise = rng.normal(170, 25, (384, 512, 3)).clip(0, 255).astype(np.uint8)
        picture = Image.fromarray(noise)
        picture.paste(draw("ellipse", cell).resize((110, 84)), (128 * (cell % 4) + 9, 96 * (cell // 4) + 6))
        pictures.append(picture)
    return pictures, cells


@given(st.integers(0, len(BOXES) - 1))
def test_who_frames_a_part_frames_that_part(place: int) -> None:
    assert best_part(BOXES[place]) == place


@given(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.02, 1), st.floats(0.02, 1))
def test_any_frame_is_nearly_some_part(left: float, top: float, width: float, height: float) -> None:
    place = best_part((left, top, min(1.0, left + width), min(1.0, top + height)))
    part = BOXES[place]
    assert part[0] < left + width
    assert part[2] > left


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_a_focus_picks_the_part_that_is_like_those_framed(seed: int, framed_in: int) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(40, 6, 12))
    like, where = 9 * np.eye(12)[3], rng.integers(6, size=40)
    parts[np.arange(40), where] += like
    focus = focus_of(parts[np.arange(framed_in), where[:framed_in]], parts.reshape(-1, 12))
    assert np.linalg.norm(focus) == pytest.approx(1, abs=1e-5)
    assert (picked(parts, focus) == where).mean() > 0.5


def test_the_whole_is_the_mean_of_its_cells(encoder: EmbeddedEncoder) -> None:
    assert isinstance(encoder, PartsEncoder)
    pixels = encoder.prepare_parts(draw("ellipse", 1).resize((300, 200)))
    assert pixels.shape == (3, 768, 768)
    (parts,) = encoder.encode_parts(pixels[None])
    assert parts.shape == (len(BOXES), encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(parts[:, :1280], axis=1), 0.95**0.5, atol=1e-3)
    assert parts[-1, :1280] @ unit(parts[:16, :1280].mean(axis=0)) > 0.9


def test_a_frame_in_three_pictures_finds_the_thing_in_the_others_also_in_what_is_exported(
    encoder: EmbeddedEncoder, with_a_thing: tuple[list[Image.Image], list[int]]
) -> None:
    pictures, cells = with_a_thing
    batch = np.stack([encoder.prepare_parts(picture) for picture in pictures])
    parts = encoder.encode_parts(batch)
    focus = focus_of(parts[np.arange(3), cells[:3]], parts.reshape(-1, encoder.dimension))
    assert picked(parts[3:, :16], focus).tolist() == cells[3:]
    focused = FocusedEncoder(encoder, focus)
    portable = focused.portable()
    assert (portable.height, portable.width) == (768, 768)
    sized = [np.asarray(picture.resize((768, 768), Image.Resampling.BICUBIC)) for picture in pictures[:4]]
    pixels = np.ascontiguousarray(np.stack(sized).transpose(0, 3, 1, 2))
    (found,) = session(portable.graph()).run(None, {"pictures": pixels})
    np.testing.assert_allclose(found, focused.encode_pictures(batch[:4]), atol=2e-3)


def test_another_focus_is_another_fingerprint_and_all_parts_have_a_name_to_load_them_by(
    encoder: EmbeddedEncoder, encoder_cache: Path
) -> None:
    one, other = np.eye(2, encoder.dimension, dtype=np.float32)
    seen = {str(FocusedEncoder(encoder, focus).fingerprint) for focus in (one, other)}
    every = load_encoder(f"embedded{PARTS}", cache=encoder_cache)
    assert len(seen | {str(encoder.fingerprint), str(every.fingerprint)}) == 4
    assert str(every.fingerprint) == str(AllParts(encoder).fingerprint)
    vector = every.encode_pictures(every.prepare(draw("line", 2))[None])[0]
    assert vector.shape == (every.dimension,)


# Where a score comes from: the parts add up, and the half with the thing lights


def plain() -> Image.Image:
    return Image.new("RGB", (256, 256), (150, 160, 150))


def thing() -> Image.Image:
    """A chequered ball on a plain ground."""
    picture = plain()
    draw = ImageDraw.Draw(picture)
    draw.ellipse((30, 30, 226, 226), fill=(220, 40, 30))
    for at in range(50, 216, 32):
        draw.line((at, 50, at, 206), fill=(250, 250, 240), width=8)
    return picture


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return both


@pytest.fixture(scope="module")
def towards(encoder: Encoder) -> NDArray[np.float64]:
    """Weights that tell the thing from the ground."""
    vectors = encoder.encode_pictures(np.stack([encoder.prepare(one) for one in (thing(), plain())]))
    return np.asarray(vectors[0] - vectors[1], np.float64)


@pytest.fixture(scope="module")
def mean_of_patches(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Path) -> Encoder:
    folder = make_tiny_open_clip(tmp_path_factory.mktemp("mean") / "model", pool_type="avg")
    return load_encoder(f"local-dir:{folder}", cache=encoder_cache)


@pytest.mark.parametrize("which", ["encoder", "mean_of_patches"])
def test_the_parts_and_the_rest_add_up_to_the_score(
    which: str, request: pytest.FixtureRequest, pictures: list[Image.Image]
) -> None:
    encoder: Encoder = request.getfixturevalue(which)
    weights = np.random.default_rng(3).normal(size=encoder.dimension)
    for picture in pictures[:4]:
        found = locate(encoder, picture, weights)
        assert found.exact
        # A vector's numbers are rounded to float16: 0.0005 of each at most.
        score = encoder.encode_pictures(encoder.prepare(picture)[None])[0].astype(np.float64) @ weights
        assert found.parts.sum() + found.rest == pytest.approx(float(score), abs=0.02)


@pytest.mark.parametrize("on_the_right", [True, False])
def test_the_half_with_the_thing_has_nearly_all_that_raised_the_score(
    encoder: Encoder, towards: NDArray[np.float64], on_the_right: bool
) -> None:
    picture = beside(plain(), thing()) if on_the_right else beside(thing(), plain())
    pixels = np.stack([encoder.prepare(one) for one in (thing(), plain())])
    alone = locate(encoder, picture, towards)
    found = compared(alone, towards, encoder.encode_pictures(pixels))
    assert found.parts.sum() + found.rest == pytest.approx(alone.parts.sum() + alone.rest)
    raised = np.maximum(found.parts, 0)
    half = raised[:, 4:] if on_the_right else raised[:, :4]
    assert half.sum() > 0.8 * raised.sum()


def test_where_a_vector_is_no_mean_squares_are_covered_one_after_the_other(
    encoder: Encoder, towards: NDArray[np.float64], tiny_open_clip: Path, encoder_cache: Path
) -> None:
    tiny = load_encoder(f"local-dir:{tiny_open_clip}", cache=encoder_cache)
    assert not locate(tiny, thing(), np.ones(tiny.dimension)).exact
    pixels = encoder.prepare(beside(plain(), thing()))
    parts = covered(encoder, pixels, towards).parts
    raised = np.maximum(parts, 0)
    assert raised[:, parts.shape[1] // 2 :].sum() > 0.8 * raised.sum()


def test_the_grid_lies_over_what_the_encoder_looks_at(tiny_open_clip: Path, encoder_cache: Path) -> None:
    encoder = load_encoder(f"local-dir:{tiny_open_clip}", cache=encoder_cache)
    assert encoder.seen(400, 200) == pytest.approx((0.25, 0, 0.75, 1))  # it cuts the middle out
    assert locate(encoder, thing().resize((400, 200)), np.ones(encoder.dimension)).box[0] == 0.25
