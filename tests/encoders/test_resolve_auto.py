"""`auto` takes a model that is on this computer, else the built-in one, and asks nobody on the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import open_clip
import pytest
import torch
from huggingface_hub import constants
from local_hub import LocalHub
from tiny_open_clip import make_tiny_open_clip

import concepts.encoders
from concepts.encoders import LARGE, MIDDLE, QUICK, AutoModel, load_encoder, resolve_auto

ROOT = Path(__file__).parents[2]


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
