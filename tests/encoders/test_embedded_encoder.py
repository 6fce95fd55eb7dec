"""The embedded encoder: words find things, the cache may break, only official files are used."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from concepts.encoders import conse as module
from concepts.encoders import load_encoder
from concepts.encoders.base import as_stored, unit
from concepts.encoders.conse import class_vectors, conse
from concepts.encoders.embedded import (
    FEATURE_SHARE,
    FEATURES,
    EmbeddedEncoder,
    LiteOnProcessor,
    _load,
    _packaged_weights,
    _pooled,
    _vectors,
)
from concepts.encoders.precision import DTYPES
from concepts.encoders.sentences import SentenceEncoder, are_known, packaged_minilm
from concepts.errors import EncoderError


@pytest.fixture(scope="module")
def encoder(encoder_cache: Path) -> EmbeddedEncoder:
    return EmbeddedEncoder(encoder_cache)


def test_it_knows_the_words_of_things_it_was_taught_to_tell_apart_and_no_others() -> None:
    known = ["pineapple", "a sports car", "grand piano", "syringe", "dog"]
    unknown = ["graffiti", "tattoo", "messy room", "happiness", "zxqv"]
    assert are_known(SentenceEncoder().encode([*known, *unknown])).tolist() == [True] * 5 + [False] * 5


def test_its_space_is_pooled_features_beside_minilm(encoder: EmbeddedEncoder) -> None:
    assert encoder.dimension == 1280 + 384
    assert encoder.licence == "Apache-2.0"


def test_texts_leave_the_feature_part_empty(encoder: EmbeddedEncoder) -> None:
    text = encoder.encode_texts(["a lemon"])
    assert not text[:, :FEATURES].any()
    np.testing.assert_allclose(text[:, FEATURES:], SentenceEncoder().encode(["a lemon"]), atol=1e-3)


def test_pictures_give_each_part_its_share(encoder: EmbeddedEncoder, pictures: list[Image.Image]) -> None:
    vectors = encoder.encode_pictures(np.stack([encoder.prepare(p) for p in pictures]))
    np.testing.assert_allclose((vectors[:, :FEATURES] ** 2).sum(1), FEATURE_SHARE, atol=1e-3)


def test_preparing_keeps_the_whole_picture_upright_and_in_colour(encoder: EmbeddedEncoder) -> None:
    picture = Image.new("RGB", (400, 200), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 100, 400, 200))
    pixels = encoder.prepare(picture)
    assert pixels.shape == (3, 256, 256)
    np.testing.assert_allclose(pixels[:, 5, 5], [1, -127 / 128, -127 / 128], atol=1e-6)
    np.testing.assert_allclose(pixels[:, 250, 250], [-127 / 128, -127 / 128, 1], atol=1e-6)


def test_the_graph_of_the_processor_is_the_network(pictures: list[Image.Image]) -> None:
    network = _load(_packaged_weights())
    pixels = np.stack([EmbeddedEncoder.prepare(None, picture) for picture in pictures])  # type: ignore[arg-type]
    with torch.inference_mode():
        expected = _pooled(network, torch.from_numpy(pixels)).numpy()
    found = LiteOnProcessor(network)(pixels)
    np.testing.assert_allclose(found, expected, atol=1e-5 * float(np.abs(expected).max()))


def test_vectors_that_pytorch_made_are_those_of_the_same_encoder(
    encoder_cache: Path, pictures: list[Image.Image]
) -> None:
    """Libraries of version 0.1 have them: neither the fingerprint nor what a search finds may change."""
    encoder = EmbeddedEncoder(encoder_cache, "float32")
    assert str(encoder.fingerprint) == "embedded-b208a4d24f48"
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    with torch.inference_mode():
        features = _pooled(_load(_packaged_weights()), torch.from_numpy(pixels))
        by_pytorch = as_stored(_vectors(features, encoder._classifier, encoder._classes).numpy())
    found = encoder.encode_pictures(pixels)
    half_precision = np.abs(by_pytorch) * 2**-10 + 2**-20  # what one step of it may be
    assert (np.abs(found - by_pytorch) <= half_precision).all()
    assert (unit(found) * unit(by_pytorch)).sum(1).min() > 0.999999


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_given_a_few_at_a_time_pictures_have_the_vectors_they_have_together(
    encoder_cache: Path, pictures: list[Image.Image], precision: str
) -> None:
    encoder = EmbeddedEncoder(encoder_cache, precision)
    pixels = np.stack([encoder.prepare(picture) for picture in pictures])
    with torch.inference_mode():
        given = torch.from_numpy(pixels).to(DTYPES[precision], memory_format=torch.channels_last)
        features = _pooled(_load(_packaged_weights()).to(DTYPES[precision]), given)
        together = as_stored(_vectors(features, encoder._classifier, encoder._classes).numpy())
    found = encoder.encode_pictures(pixels)
    assert (unit(found) * unit(together)).sum(1).min() > 0.999999


def test_conse_averages_the_five_likeliest_classes() -> None:
    classes = torch.eye(8)
    logits = torch.log(torch.tensor([[0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02]]))
    expected = np.array([0.4, 0.2, 0.1, 0.1, 0.1, 0, 0, 0])
    np.testing.assert_allclose(conse(logits, classes)[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_sentences_are_those_of_the_reference_implementation() -> None:
    from tokenizers import Tokenizer
    from transformers import BertModel

    texts = ["a lemon", "two people on a long pier at dusk, seen from behind", "a " * 400]
    reference = BertModel.from_pretrained(packaged_minilm(), local_files_only=True).eval()
    tokenizer = Tokenizer.from_file(str(packaged_minilm() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    for text, vector in zip(texts, SentenceEncoder().encode(texts), strict=True):
        with torch.inference_mode():
            hidden = reference(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(hidden.mean(0), dim=0).numpy()
        np.testing.assert_allclose(vector, expected, atol=2e-6)


def test_similar_sentences_are_near() -> None:
    dog, puppy, invoice = SentenceEncoder().encode(["a dog", "a small puppy", "a paid invoice"])
    assert dog @ puppy > 0.6
    assert dog @ invoice < 0.3


def test_a_model_file_that_is_not_the_official_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "minilm"
    folder.mkdir()
    shutil.copy(packaged_minilm() / "tokenizer.json", folder)
    (folder / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(EncoderError, match="not the official all-MiniLM-L6-v2"):
        SentenceEncoder(folder).encode(["a dog"])


class CountingSentences(SentenceEncoder):
    """A real MiniLM would take seconds; what matters here is how often it is asked."""

    asked = 0

    def encode(self, texts):  # type: ignore[no-untyped-def]
        self.asked += 1
        return np.random.default_rng(0).random((len(texts), self.dimension), dtype=np.float32)


def test_the_shipped_classes_are_what_this_computer_works_out(tmp_path: Path) -> None:
    from timm.data import ImageNetInfo

    info, some = ImageNetInfo(), range(0, 1000, 40)
    worked_out = SentenceEncoder().encode([info.index_to_description(i, detailed=True) for i in some])
    sentences = CountingSentences()
    shipped = class_vectors(sentences, tmp_path)
    assert sentences.asked == 0
    assert list(tmp_path.iterdir()) == []
    assert shipped.shape == (1000, 384)
    np.testing.assert_allclose(shipped[some], worked_out, atol=1e-5)


def test_classes_that_another_timm_describes_otherwise_are_worked_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "descriptions_sha256", lambda: "of other descriptions")
    sentences = CountingSentences()
    class_vectors(sentences, tmp_path)
    class_vectors(sentences, tmp_path)
    assert sentences.asked == 1


@pytest.mark.parametrize("damage", ["cut off", "other bytes", "empty"])
def test_damaged_classes_are_computed_again_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    sentences, cache = CountingSentences(), tmp_path / "cache"
    shipped = tmp_path / "shipped"
    shutil.copy(module.FILE, shipped)
    monkeypatch.setattr(module, "FILE", shipped)

    def spoil(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(
            {"cut off": content[:1000], "other bytes": content[:-4] + b"\0\0\0\1", "empty": b""}[damage]
        )

    spoil(shipped)
    expected = class_vectors(sentences, cache)
    assert np.array_equal(class_vectors(sentences, cache), expected)
    assert sentences.asked == 1
    (file,) = cache.iterdir()
    spoil(file)
    assert np.array_equal(class_vectors(sentences, cache), expected)
    assert sentences.asked == 2
    assert np.array_equal(class_vectors(sentences, cache), expected)
    assert sentences.asked == 2


def test_pictures_alone_do_not_load_the_language_model(encoder: EmbeddedEncoder, encoder_cache: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from PIL import Image
from concepts.encoders import load_encoder
from concepts.encoders.base import as_stored, unit
encoder = load_encoder("embedded", cache=Path({str(encoder_cache)!r}))
encoder.encode_pictures(encoder.prepare(Image.new("RGB", (9, 9)))[None])
print([name for name in ("transformers", "tokenizers", "timm", "open_clip") if name in sys.modules])
"""
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


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
