"""Encoders by name, and what `auto` means here and now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from concepts.encoders.base import (
    ELSEWHERE,
    ENCODERS,
    PRECISIONS,
    Encoder,
    Fingerprint,
    Pixels,
    Vectors,
    as_stored,
    registered_as,
    unit,
)
from concepts.encoders.parts import is_of_parts
from concepts.errors import (
    EncoderError,
    FingerprintMismatchError,
    MissingPackageError,
    UntrustedEncoderError,
)

__all__ = [
    "ENCODERS",
    "Encoder",
    "Fingerprint",
    "Pixels",
    "Resolution",
    "Vectors",
    "as_stored",
    "check_installed",
    "has_openclip",
    "load_encoder",
    "load_named_elsewhere",
    "registered_as",
    "resolve_auto",
    "unit",
]


def load_encoder(name: str, *, cache: Path, precision: str = "auto") -> Encoder:
    """The encoder called `auto`, a registered one, or an open_clip model: `architecture/tag`,
    `hf-hub:organisation/name` or `local-dir:/path`.

    `cache` keeps what can be computed again. A library passes the precision that it was built with.
    Raises `EncoderError`, with what to do about it.
    """
    if precision not in PRECISIONS:
        raise EncoderError(f"Precision {precision!r} is unknown. Use auto, float32 or bfloat16.")
    if name == "auto":
        name = resolve_auto().name
    check_installed(name)
    return ENCODERS[registered_as(name)].load(name, cache, precision)


def check_installed(name: str) -> None:
    """Raises `MissingPackageError` where an encoder needs what isn't installed."""
    if registered_as(name) in ELSEWHERE and name != "auto" and not has_openclip():
        raise MissingPackageError("open_clip_torch", "openclip")


def has_openclip() -> bool:
    """Whether the extra is installed; without loading it, which takes seconds."""
    return all(find_spec(package) for package in ("torch", "open_clip", "timm", "transformers"))


def load_named_elsewhere(
    name: str,
    fingerprint: str,
    *,
    cache: Path,
    precision: str,
    trust: str | None,
    chosen: Collection[str] = (),
) -> Encoder:
    """The encoder that a file from anyone names, if it may be loaded: one that is part of this program, one
    that was `chosen` here, or else the one that a person names with `trust`, which is then taken instead.

    Raises `UntrustedEncoderError` before anything is loaded, and `FingerprintMismatchError` where it is
    another one than the file's.
    """
    refuse_parts(fingerprint)
    key = registered_as(name)
    if not (trust or name in chosen or (key not in ELSEWHERE and ENCODERS.is_own(key))):
        raise UntrustedEncoderError(name)
    encoder = load_encoder(trust or name, cache=cache, precision=precision)
    if str(encoder.fingerprint) != fingerprint:
        raise FingerprintMismatchError("This classifier", str(encoder.fingerprint), fingerprint)
    return encoder


def refuse_parts(fingerprint: str) -> None:
    """Raises `EncoderError` for a classifier of a part of each picture: a bundle has the focus in its graph
    alone."""
    if is_of_parts(fingerprint):
        raise EncoderError(
            "This classifier judges one part of each picture. Score with its classify.py, or on Results."
        )


HUB_SECONDS = 3.0
SWITCHED_OFF = "the Hugging Face hub is switched off (HF_HUB_OFFLINE)"
# As open_clip saves them, best first.
WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DefaultModel:
    name: str
    repository: str  # where open_clip gets it; a test holds this against open_clip's own table


CPU_DEFAULT = DefaultModel(
    "ViT-B-32-256/datacomp_s34b_b86k", "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K"
)
GPU_DEFAULT = DefaultModel("PE-Core-L-14-336/meta", "timm/PE-Core-L-14-336")


@dataclass(frozen=True)
class Resolution:
    """The encoder that `auto` stands for, and one sentence for people that says why."""

    name: str
    why: str


def resolve_auto(*, hub_seconds: float = HUB_SECONDS) -> Resolution:
    """Looks into the Hugging Face cache, then for the hub, which has `hub_seconds` to answer."""
    from huggingface_hub import is_offline_mode, try_to_load_from_cache

    if not has_openclip():
        return Resolution("embedded", "The embedded encoder is used: open_clip isn't installed.")
    cached = [
        model
        for model in (GPU_DEFAULT, CPU_DEFAULT)
        if any(isinstance(try_to_load_from_cache(model.repository, file), str) for file in WEIGHTS)
    ]
    offline = is_offline_mode()
    if offline and not cached:  # before torch is imported to ask for a GPU: this must be quick
        return _embedded(SWITCHED_OFF)
    hub_answered = None if offline else _ask_hub(hub_seconds)
    try:
        import torch
    except (ImportError, OSError) as error:  # a build for another system, or half of one
        log.warning("PyTorch can't be loaded: %s", error)
        return Resolution("embedded", "The embedded encoder is used: PyTorch can't be loaded.")
    gpu = torch.cuda.is_available()
    best = GPU_DEFAULT if gpu else CPU_DEFAULT
    machine = "a GPU" if gpu else "a computer without a GPU"
    if best in cached:
        return Resolution(
            best.name, f"{best.name} is the default for {machine}, and its files are already here."
        )
    if hub_answered is not None and hub_answered():
        return Resolution(
            best.name, f"{best.name} is the default for {machine}; its files will be downloaded once."
        )
    if gpu and CPU_DEFAULT in cached:
        why = f"{best.name}, the default for a GPU, can't be downloaded now; {CPU_DEFAULT.name} is here."
        return Resolution(CPU_DEFAULT.name, why)
    return _embedded(SWITCHED_OFF if offline else "the Hugging Face hub can't be reached")


def _embedded(reason: str) -> Resolution:
    return Resolution(
        "embedded",
        f"The embedded encoder is used: no suitable open_clip model is on this computer, and {reason}.",
    )


def _ask_hub(seconds: float) -> Callable[[], bool]:
    """Starts asking, and returns what waits for the answer: True if one came within `seconds` from now.

    In a thread that may be left behind: name resolution can hang for minutes and can't be cancelled.
    """
    answers: list[bool] = []
    deadline = time.monotonic() + seconds

    def ask() -> None:
        from huggingface_hub import get_session, hf_hub_url

        url = hf_hub_url(CPU_DEFAULT.repository, "open_clip_config.json")
        try:  # with the session that would download, so that proxies and certificates are the same
            response = get_session().head(url, timeout=seconds, follow_redirects=True)
            answers.append(response.status_code < 400)
        except Exception as error:  # whatever went wrong, the hub is not there
            log.info("The Hugging Face hub can't be reached: %s", error)

    thread = threading.Thread(target=ask, name="ask-the-hub", daemon=True)
    thread.start()

    def answered() -> bool:
        thread.join(max(0.0, deadline - time.monotonic()))
        return bool(answers) and answers[0]

    return answered
