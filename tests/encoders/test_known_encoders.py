"""The table of encoders says what the libraries say, and each kind does the whole job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import open_clip
import pytest
import timm
import torch
from drawing import draw_folder
from huggingface_hub import constants
from local_hub import LocalHub
from tiny_open_clip import make_tiny_open_clip
from tiny_timm import make_tiny_timm

import concepts.encoders
from concepts.encoders import (
    KNOWN,
    LARGE,
    MIDDLE,
    QUICK,
    AutoModel,
    KnownEncoder,
    load_encoder,
    load_named_elsewhere,
    resolve_auto,
)
from concepts.encoders.base import registered_as
from concepts.errors import DiscernError, EncoderError
from concepts.library.roots import check_encoder
from concepts.results.library import library_info
from concepts.settings import Settings
from discern import Library

ROOT = Path(__file__).parents[2]
of_open_clip = [one for one in KNOWN if registered_as(one.name) == "open_clip"]
of_timm = [one for one in KNOWN if registered_as(one.name) == "timm"]
by_name = {"ids": lambda one: one.name}


def test_the_documents_show_the_table() -> None:
    lines = ["| name | parameters | numbers | licence | good at | text search | run here |", "|---" * 7 + "|"]
    for one in KNOWN:
        size, answers = f"{one.millions} M | {one.dimension:,}", (one.words, one.was_run)
        said = " | ".join("yes" if answer else "no" for answer in answers)
        lines.append(f"| `{one.name}` | {size} | {one.licence} | {one.good_at} | {said} |")
    assert "\n".join(lines) in (ROOT / "docs/encoders.md").read_text(encoding="utf-8")
    assert "unknown" not in {one.licence for one in KNOWN}
    assert {one.name for one in KNOWN} == {one.name for one in [KNOWN[0], *of_open_clip, *of_timm]}


@pytest.mark.parametrize("one", of_open_clip, **by_name)
def test_open_clip_has_it_with_these_numbers(one: KnownEncoder) -> None:
    architecture, tag = one.name.split("/")
    assert tag in open_clip.list_pretrained_tags_by_model(architecture)
    assert open_clip.get_model_config(architecture)["embed_dim"] == one.dimension
    assert one.words


@pytest.mark.parametrize("one", of_timm, **by_name)
def test_timm_has_it_with_these_numbers(one: KnownEncoder) -> None:
    name = one.name.removeprefix("timm:")
    with torch.device("meta"):
        model = timm.create_model(name, pretrained=False, num_classes=0)
    assert model.num_features == one.dimension
    assert round(sum(each.numel() for each in model.parameters()) / 1e6) == one.millions
    said = timm.get_pretrained_cfg(name).license
    assert one.licence == {"apache-2.0": "Apache-2.0"}.get(said, said)
    assert not one.words


def test_a_timm_model_does_the_whole_job_without_words(tmp_path: Path) -> None:
    name = f"timm:local-dir:{make_tiny_timm(tmp_path / 'model')}"
    pictures = draw_folder(tmp_path / "pictures", 45)
    with Library(tmp_path / "home") as library:
        assert library.add(pictures, encoder=name).added == 45
        assert "picture-only" in library_info(library.app).encoder_note
        with pytest.raises(DiscernError, match="picture-only"):
            library.search("a ball")
        concept = library.concept("Round thing", "A filled ellipse.")
        concept.mine(30)
        for picture in [one for _ in range(4) for one in concept.next(5)]:
            concept.answer(picture, "yes" if "ellipse" in picture.path else "no")
        concept.train()
        concept.export(tmp_path / "bundle")
        assert library.add(draw_folder(tmp_path / "more", 3, 500)).added == 3


def test_one_that_a_stranger_names_is_not_loaded_and_folders_stay_inside_the_roots(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="nobody has chosen"):
        load_named_elsewhere("timm:hf-hub:a/b", "x", cache=tmp_path, trust=None)
    exposed = Settings(home=tmp_path / "home", host="0.0.0.0", allowed_roots=str(tmp_path / "inside"))
    for scheme in ("", "timm:"):
        with pytest.raises(DiscernError):
            check_encoder(f"{scheme}local-dir:{tmp_path / 'outside'}", exposed)


def test_a_name_that_timm_does_not_have_is_refused_with_names_like_it() -> None:
    with pytest.raises(EncoderError, match="vit_base_patch16_dinov3"):
        load_encoder("timm:vit_base_patch16_dinov3.nothing", cache=Path())


# `auto` takes a model that is on this computer, else the built-in one, and asks nobody on the network


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return folder


def cache(model: AutoModel, folder: Path, weights: bytes = b"weights") -> None:
    """As the hub's client leaves a file behind."""
    repository = folder / f"models--{model.repository.replace('/', '--')}"
    snapshot = repository / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").write_bytes(weights)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abcd")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yields the paths that a hub which is there was asked for."""
    asked: list[str] = []
    with LocalHub() as hub:
        monkeypatch.setattr(hub, "answer", lambda method, path, body: asked.append(path))
        hub.stand_in(monkeypatch)
        yield asked


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (QUICK, f"{QUICK.name} is used: it is on this computer."),
        (LARGE, f"The built-in encoder is used: {LARGE.name}, which is on this computer, needs a GPU."),
    ],
)
def test_what_is_on_this_computer_is_named(empty_cache: Path, model: AutoModel, why: str) -> None:
    cache(model, empty_cache)
    assert resolve_auto().why == why


def test_without_one_it_is_the_built_in_one_with_a_word_on_what_leads_further(hub: list[str]) -> None:
    resolution = resolve_auto()
    assert resolution.name == "embedded"
    assert QUICK.name in resolution.why
    assert "Choose one by name to download it" in resolution.why
    assert hub == []


@pytest.mark.parametrize(
    ("gpu", "here", "taken"),
    [
        (True, (QUICK, MIDDLE, LARGE), LARGE.name),
        (True, (QUICK, MIDDLE), MIDDLE.name),
        (True, (QUICK,), QUICK.name),
        (False, (QUICK, MIDDLE, LARGE), QUICK.name),
        (False, (MIDDLE, LARGE), MIDDLE.name),
        (False, (LARGE,), "embedded"),
    ],
)
def test_of_several_the_best_for_this_machine_is_taken(
    gpu: bool, here: Sequence[AutoModel], taken: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    for model in here:
        cache(model, empty_cache)
    assert resolve_auto().name == taken


def test_loading_it_asks_the_hub_for_nothing_whatever_is_newer_there(
    hub: list[str], empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stands in a small model of open_clip's own for the one that is cached."""
    folder = make_tiny_open_clip(tmp_path / "model")
    config = json.loads((folder / "open_clip_config.json").read_text())
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "tiny", config["model_cfg"])
    tags = {"made": config["preprocess_cfg"] | {"hf_hub": "tests/tiny/"}}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", tags)
    model = AutoModel("tiny/made", "tests/tiny")
    monkeypatch.setattr(concepts.encoders, "WITH_GPU", (model,))
    monkeypatch.setattr(concepts.encoders, "WITHOUT_GPU", (model,))
    cache(model, empty_cache, (folder / "open_clip_model.safetensors").read_bytes())
    found = load_encoder("auto", cache=tmp_path / "cache")
    assert (found.name, hub) == ("tiny/made", [])
    same = load_encoder(f"local-dir:{folder}", cache=tmp_path / "cache")
    assert found.fingerprint.preprocessing == same.fingerprint.preprocessing
    assert found.fingerprint.weights_sha256 == same.fingerprint.weights_sha256


def test_a_pytorch_that_can_not_be_loaded_is_done_without(tmp_path: Path) -> None:
    """Such as a build for a newer system."""
    (tmp_path / "torch.py").write_text("raise OSError('version `GLIBC_2.38’ not found')\n")
    cache(QUICK, tmp_path / "hub")
    code = "from concepts.encoders import resolve_auto; found = resolve_auto(); print(found.name, found.why)"
    settings = os.environ | {"PYTHONPATH": str(tmp_path), "HF_HUB_CACHE": str(tmp_path / "hub")}
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=settings, text=True)
    assert said == "embedded The built-in encoder is used: PyTorch can't be loaded.\n"
