"""What `auto` means with a cached model, without a network, and with a network that swallows everything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from concepts.encoders import CPU_DEFAULT, GPU_DEFAULT, DefaultModel, resolve_auto

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    return folder


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


def point_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        f"http://127.0.0.1:{port}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
    )


def cache(candidate: DefaultModel, folder: Path) -> None:
    """As the hub's client leaves a file behind."""
    repository = folder / f"models--{candidate.repository.replace('/', '--')}"
    snapshot = repository / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (snapshot / "open_clip_model.safetensors").write_bytes(b"weights")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abcd")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, online: None) -> Iterator[list[str]]:
    """A server that has every file. Yields the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    point_to(server.server_port, monkeypatch)
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_offline_with_nothing_cached_it_is_the_embedded_encoder_and_the_hub_is_not_asked(
    hub: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    resolution = resolve_auto()
    assert resolution.name == "embedded"
    assert "HF_HUB_OFFLINE" in resolution.why
    assert hub == []


def test_a_cached_model_is_used_even_offline(empty_cache: Path) -> None:
    cache(CPU_DEFAULT, empty_cache)
    resolution = resolve_auto()
    assert resolution.name == CPU_DEFAULT.name
    assert "already here" in resolution.why


def test_a_reachable_hub_means_the_default_for_this_machine(hub: list[str]) -> None:
    resolution = resolve_auto()
    assert resolution.name == CPU_DEFAULT.name
    assert "downloaded" in resolution.why
    assert hub == [f"/{CPU_DEFAULT.repository}/resolve/main/open_clip_config.json"]


def test_with_a_gpu_the_larger_model_is_the_default(hub: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_auto().name == GPU_DEFAULT.name


def test_with_a_gpu_and_no_network_the_smaller_cached_model_will_do(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    cache(CPU_DEFAULT, empty_cache)
    assert resolve_auto().name == CPU_DEFAULT.name


def test_the_larger_model_is_not_for_a_computer_without_a_gpu(empty_cache: Path) -> None:
    cache(GPU_DEFAULT, empty_cache)
    assert resolve_auto().name == "embedded"


def test_a_hub_that_never_answers_is_given_up_on(online: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_to(silent.getsockname()[1], monkeypatch)
        resolution = resolve_auto(hub_seconds=0.3)
    assert resolution.name == "embedded"
    assert "can't be reached" in resolution.why


def test_name_resolution_that_hangs_is_given_up_on(online: None, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    answered: list[str] = []

    def hang(*args: object, **kwargs: object) -> None:
        released.wait(30)
        answered.append("no such host")
        raise OSError("no such host")

    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    resolution = resolve_auto(hub_seconds=0.3)
    assert answered == []
    released.set()
    assert resolution.name == "embedded"


def test_a_pytorch_that_can_not_be_loaded_is_done_without(tmp_path: Path) -> None:
    """Such as a build for a newer system."""
    (tmp_path / "torch.py").write_text("raise OSError('version `GLIBC_2.38’ not found')\n")
    code = "from concepts.encoders import resolve_auto; found = resolve_auto(); print(found.name, found.why)"
    settings = os.environ | {"PYTHONPATH": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    settings.pop("HF_HUB_OFFLINE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=settings, capture_output=True, text=True, check=True
    )
    assert done.stdout == "embedded The embedded encoder is used: PyTorch can't be loaded.\n"
