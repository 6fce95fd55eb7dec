"""Parts of pictures: which one was framed, which one a focus picks, and the same in what is exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawing import draw
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from concepts.encoders import load_encoder
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
