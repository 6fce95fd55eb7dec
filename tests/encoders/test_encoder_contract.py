"""What every encoder promises (`concepts/encoders/base.py`), held against each registered implementation."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_timm import make_tiny_timm

from concepts.encoders import load_encoder
from concepts.encoders.base import (
    ENCODERS,
    GIVEN,
    Encoder,
    Fingerprint,
    LoadedByName,
    Vectors,
    as_stored,
    knows_words,
    registered_as,
    unit,
)

# What a test writes to get each, where that is not its name.
NAMES: dict[str, Callable[[Path], str]] = {
    "open_clip": lambda tiny: f"local-dir:{tiny}",
    "timm": lambda tiny: f"timm:local-dir:{make_tiny_timm(tiny.parent / 'timm')}",
}


@pytest.fixture(scope="module", params=[name for name in ENCODERS if name != GIVEN])  # which embeds none
def name(request: pytest.FixtureRequest, tiny_open_clip: Path) -> str:
    registered: str = request.param
    return NAMES[registered](tiny_open_clip) if registered in NAMES else registered


@pytest.fixture(scope="module")
def encoder(name: str, encoder_cache: Path) -> Encoder:
    return load_encoder(name, cache=encoder_cache)


def encode(encoder: Encoder, pictures: list[Image.Image]) -> Vectors:
    return encoder.encode_pictures(np.stack([encoder.prepare(picture) for picture in pictures]))


def test_it_fulfils_the_protocol(encoder: Encoder, name: str, encoder_cache: Path) -> None:
    assert isinstance(encoder, LoadedByName)
    assert encoder.method.name == registered_as(name)
    assert encoder.name == name
    assert isinstance(encoder.fingerprint, Fingerprint)
    assert load_encoder(name, cache=encoder_cache).fingerprint == encoder.fingerprint
    assert encoder.licence
    assert encoder.decode_size > 0


def test_prepared_pixels_are_of_one_kind_and_shape_in_many_threads_too(
    encoder: Encoder, pictures: list[Image.Image]
) -> None:
    prepared = [encoder.prepare(picture) for picture in pictures]
    (kind,) = {pixels.dtype for pixels in prepared}
    assert kind in (np.float32, np.uint8)
    assert len({pixels.shape for pixels in prepared}) == 1
    assert prepared[0].shape[0] == 3
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(encoder.prepare, pictures * 5))
    np.testing.assert_array_equal(np.stack(found), np.stack(prepared * 5))


def test_pictures_have_float32_unit_vectors_of_their_own_as_the_index_stores_them(
    encoder: Encoder, pictures: list[Image.Image]
) -> None:
    vectors = encode(encoder, pictures)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(pictures), encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    np.testing.assert_array_equal(vectors, as_stored(vectors))
    assert len(np.unique(vectors, axis=0)) == len(pictures)


def test_texts_have_float32_unit_vectors_of_the_same_space_or_zeros(encoder: Encoder) -> None:
    """Zeros where it knows no words."""
    vectors = encoder.encode_texts(["a lemon", "a room that looks messy", "an unsafe playground at night"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, encoder.dimension)
    knows = knows_words(encoder.name)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), float(knows), atol=1e-3)
    assert len(np.unique(vectors, axis=0)) == (3 if knows else 1)
    assert encoder.encode_texts([]).shape == (0, encoder.dimension)


def test_encoding_twice_gives_the_same(encoder: Encoder, pictures: list[Image.Image]) -> None:
    np.testing.assert_array_equal(encode(encoder, pictures), encode(encoder, pictures))
    words = ["a lemon", "milk"]
    np.testing.assert_array_equal(encoder.encode_texts(words), encoder.encode_texts(words))


def test_a_picture_and_a_text_are_the_same_alone_and_among_others(
    encoder: Encoder, pictures: list[Image.Image]
) -> None:
    together = encode(encoder, pictures)[:5]
    alone = np.concatenate([encode(encoder, [picture]) for picture in pictures[:5]])
    assert (unit(together) * unit(alone)).sum(1).min() > 0.9999  # float16 moves a length by up to 0.0005
    texts = ["milk", "a very long sentence about a room in which nobody has tidied up for weeks", "a pear"]
    one_by_one = np.concatenate([encoder.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode_texts(texts), one_by_one, atol=2e-3)
