"""open_clip models: their own preprocessing, their own tokenizer, and errors that say what to do."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from at_once import at_once
from huggingface_hub import constants
from local_hub import LocalHub
from PIL import Image
from safetensors.torch import load_file, save_file

from concepts.encoders import QUICK, WITH_GPU, AutoModel, load_encoder
from concepts.encoders.openclip import OpenClipEncoder, as_prompt, licence_of
from concepts.errors import EncoderError


@pytest.fixture
def folder(tmp_path: Path, tiny_open_clip: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(tiny_open_clip, tmp_path / "model"))


@pytest.fixture(scope="module")
def encoder(tiny_open_clip: Path, encoder_cache: Path) -> OpenClipEncoder:
    return OpenClipEncoder.load(f"local-dir:{tiny_open_clip}", encoder_cache)


def test_pictures_get_the_pixels_of_open_clips_own_validation_transform(
    encoder: OpenClipEncoder, tiny_open_clip: Path, pictures: list[Image.Image]
) -> None:
    _, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tiny_open_clip}")
    for picture in pictures:
        np.testing.assert_array_equal(encoder.prepare(picture), transform(picture).numpy())


def change_config(folder: Path, part: str, **values: Any) -> None:
    """`part` is a path of keys."""
    file = folder / "open_clip_config.json"
    holder = config = json.loads(file.read_text())
    for key in part.split("/"):
        holder = holder[key]
    holder |= values
    file.write_text(json.dumps(config))


def test_the_fingerprint_is_of_the_weights_and_the_folders_preprocessing_wherever_it_is(
    encoder: OpenClipEncoder, folder: Path, tmp_path: Path
) -> None:
    def load() -> OpenClipEncoder:
        return OpenClipEncoder.load(f"local-dir:{folder}", tmp_path)

    before = load()
    assert before.fingerprint == encoder.fingerprint
    change_config(folder, "preprocess_cfg", resize_mode="squash")
    squashing = load()
    assert squashing.fingerprint.weights_sha256 == before.fingerprint.weights_sha256
    assert squashing.fingerprint.preprocessing != before.fingerprint.preprocessing
    wide = Image.radial_gradient("L").resize((200, 50)).convert("RGB")
    assert not np.array_equal(before.prepare(wide), squashing.prepare(wide))
    tensors = load_file(folder / "open_clip_model.safetensors")
    tensors["visual.proj"][0, 0] += 0.001
    save_file(tensors, folder / "open_clip_model.safetensors")
    assert load().fingerprint.weights_sha256 != before.fingerprint.weights_sha256
    change_config(folder, "model_cfg/vision_cfg", width=64)
    with pytest.raises(EncoderError, match="belong together"):
        load()


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("lemon", "a photo of lemon"),
        ("a bridal gown", "a photo of a bridal gown"),
        ("a blurry photograph", "a blurry photograph"),
        ("pencil drawings of horses", "pencil drawings of horses"),
        ("Children climb where they could fall far.", "Children climb where they could fall far."),
    ],
)
def test_bare_words_become_captions(text: str, prompt: str) -> None:
    assert as_prompt(text) == prompt


@pytest.mark.parametrize("file", ["open_clip_config.json", "open_clip_model.safetensors"])
def test_a_missing_or_damaged_file_is_an_encoder_error(folder: Path, tmp_path: Path, file: str) -> None:
    (folder / file).write_bytes((folder / file).read_bytes()[:50])
    with pytest.raises(EncoderError, match="can't be loaded"):
        load_encoder(f"local-dir:{folder}", cache=tmp_path)
    (folder / file).unlink()
    missing = "no weights" if file.endswith(".safetensors") else r"no open_clip_config\.json"
    with pytest.raises(EncoderError, match=missing):
        load_encoder(f"local-dir:{folder}", cache=tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("local-dir:/nowhere", "no folder .*nowhere"),
        ("clip-of-my-dreams", "local-dir:/path"),
        ("ViT-B-32-256", "datacomp_s34b_b86k"),
        ("ViT-B-32-256/best", "datacomp_s34b_b86k"),
        # without a network
        ("ViT-B-32-256/datacomp_s34b_b86k", "embedded encoder"),
        ("hf-hub:nobody/nothing", "embedded encoder"),
    ],
)
def test_a_name_that_leads_nowhere_says_what_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    with pytest.raises(EncoderError, match=said):
        load_encoder(name, cache=tmp_path)


def test_a_file_that_is_called_like_a_tag_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_open_clip: Path
) -> None:
    shutil.copy(tiny_open_clip / "open_clip_model.safetensors", tmp_path / "mine.safetensors")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderError, match="no weights called"):
        load_encoder("ViT-B-32/mine.safetensors", cache=tmp_path)


def test_a_hub_that_can_not_be_reached_is_told_once_and_what_is_here_is_still_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_open_clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with LocalHub() as hub:
        hub.repositories["ana/tiny"] = {
            file.name: file.read_bytes() for file in tiny_open_clip.iterdir() if file.is_file()
        }
        hub.stand_in(monkeypatch)
        loaded = load_encoder("hf-hub:ana/tiny", cache=tmp_path)
    caplog.clear()
    assert load_encoder("hf-hub:ana/tiny", cache=tmp_path).fingerprint == loaded.fingerprint
    for name in ("hf-hub:ana/other", "ViT-B-32/laion2b_s34b_b79k", "timm:vit_small_patch16_224.dino"):
        with pytest.raises(EncoderError, match="the Hugging Face hub can't be reached"):
            load_encoder(name, cache=tmp_path)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("one", WITH_GPU)
def test_what_auto_takes_is_where_open_clip_looks_for_it(one: AutoModel) -> None:
    model, tag = one.name.split("/")
    assert open_clip.get_pretrained_cfg(model, tag)["hf_hub"].rstrip("/") == one.repository


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        (QUICK.name, "MIT"),
        ("MobileCLIP2-S0/dfndr2b", "Apple research licence (apple-amlr)"),
        ("ViT-B-32/openai", "unknown"),
        ("local-dir:/models/PE-Core-B-16", "unknown"),
    ],
)
def test_a_licence_is_named_only_where_it_is_known(name: str, licence: str) -> None:
    assert licence_of(name) == licence


def test_these_of_open_clips_models_may_be_passed_on_by_either_of_their_names() -> None:
    free = set[str]()
    for model, tag in open_clip.list_pretrained():
        licence = licence_of(f"{model}/{tag}")
        repository = open_clip.get_pretrained_cfg(model, tag).get("hf_hub", "")
        if licence == "Apache-2.0":
            assert licence_of(f"hf-hub:{repository.rstrip('/')}") == licence
            free.add(model)
    assert free == {
        *("PE-Core-T-16-384", "PE-Core-S-16-384", "PE-Core-B-16", "PE-Core-L-14-336"),
        *("ViT-B-16-SigLIP2", "ViT-B-16-SigLIP2-256", "ViT-B-16-SigLIP2-384", "ViT-B-16-SigLIP2-512"),
        *("ViT-L-16-SigLIP2-256", "ViT-L-16-SigLIP2-384", "ViT-L-16-SigLIP2-512"),
        *("ViT-B-32-SigLIP2-256", "ViT-SO400M-16-SigLIP2-256", "ViT-SO400M-16-SigLIP2-384"),
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"tokenizer_kwargs": {"trust_remote_code": True}},
        {"tokenizer_kwargs": {"clean": "canonicalize", "extra": {"trust_remote_code": True}}},
        {"tokenizer_kwargs": {"config": "elsewhere"}},
        {},
    ],
)
def test_python_that_comes_with_a_models_tokenizer_is_never_run(
    folder: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    (folder / "theirs.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'it-ran')!r}).touch()\n"
        "from transformers import PreTrainedTokenizerFast\n"
        "class Theirs(PreTrainedTokenizerFast):\n    pass\n"
    )
    tokenizer = {"tokenizer_class": "Theirs", "auto_map": {"AutoTokenizer": ["theirs.Theirs", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "config.json").write_text('{"model_type": "bert"}')
    change_config(folder, "model_cfg/text_cfg", hf_tokenizer_name=str(folder), **settings)
    with pytest.raises(EncoderError):
        load_encoder(f"local-dir:{folder}", cache=tmp_path)
    assert not (tmp_path / "it-ran").exists()


def test_pickled_weights_that_would_run_something_are_refused(folder: Path, tmp_path: Path) -> None:
    class Runs:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "it-ran",))

    (folder / "open_clip_model.safetensors").unlink()
    torch.save({"weights": Runs()}, folder / "open_clip_pytorch_model.bin")
    with pytest.raises(EncoderError, match="can't be loaded"):
        load_encoder(f"local-dir:{folder}", cache=tmp_path)
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.slow
def test_two_graphs_are_written_at_once(encoder: OpenClipEncoder) -> None:
    one, two = at_once(2, lambda _: encoder.portable().graph())
    assert one == two
