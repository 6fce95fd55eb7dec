"""Where in a picture a score comes from: the parts add up, and the half with the thing lights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tiny_open_clip import make_tiny_open_clip

from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.encoders.openclip import OpenClipEncoder
from concepts.encoders.saliency import compared, covered, locate


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


def towards(encoder: Encoder, thing: Image.Image, ground: Image.Image) -> NDArray[np.float64]:
    """Weights that tell the one from the other."""
    vectors = encoder.encode_pictures(np.stack([encoder.prepare(thing), encoder.prepare(ground)]))
    return np.asarray(vectors[0] - vectors[1], np.float64)


@pytest.fixture(scope="module")
def embedded(encoder_cache: Path) -> Encoder:
    return load_encoder("embedded", cache=encoder_cache)


@pytest.fixture(scope="module")
def mean_of_patches(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Path) -> Encoder:
    folder = make_tiny_open_clip(tmp_path_factory.mktemp("mean") / "model", pool_type="avg")
    return load_encoder(f"local-dir:{folder}", cache=encoder_cache)


@pytest.mark.parametrize("which", ["embedded", "mean_of_patches"])
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
    embedded: Encoder, on_the_right: bool
) -> None:
    picture = beside(plain(), thing()) if on_the_right else beside(thing(), plain())
    weights = towards(embedded, thing(), plain())
    pixels = np.stack([embedded.prepare(one) for one in (thing(), plain())])
    alone = locate(embedded, picture, weights)
    found = compared(alone, weights, embedded.encode_pictures(pixels))
    assert found.parts.sum() + found.rest == pytest.approx(alone.parts.sum() + alone.rest)
    raised = np.maximum(found.parts, 0)
    half = raised[:, 4:] if on_the_right else raised[:, :4]
    assert half.sum() > 0.8 * raised.sum()


def test_where_a_vector_is_no_mean_squares_are_covered_one_after_the_other(
    embedded: Encoder, tiny_open_clip: Path, encoder_cache: Path
) -> None:
    tiny = load_encoder(f"local-dir:{tiny_open_clip}", cache=encoder_cache)
    assert not locate(tiny, thing(), np.ones(tiny.dimension)).exact
    pixels = embedded.prepare(beside(plain(), thing()))
    parts = covered(embedded, pixels, towards(embedded, thing(), plain())).parts
    raised = np.maximum(parts, 0)
    assert raised[:, parts.shape[1] // 2 :].sum() > 0.8 * raised.sum()


def test_the_grid_lies_over_what_the_encoder_looks_at(tiny_open_clip: Path, encoder_cache: Path) -> None:
    encoder = load_encoder(f"local-dir:{tiny_open_clip}", cache=encoder_cache)
    assert isinstance(encoder, OpenClipEncoder)
    assert encoder.seen(400, 200) == pytest.approx((0.25, 0, 0.75, 1))  # it cuts the middle out
    assert locate(encoder, thing().resize((400, 200)), np.ones(encoder.dimension)).box[0] == 0.25
