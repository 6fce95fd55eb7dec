"""Encoders by name, and what `auto` means here and now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from concepts.encoders.base import (
    ELSEWHERE,
    ENCODERS,
    OPEN_CLIP,
    TIMM,
    Encoder,
    knows_words,
    licence_of,
    registered_as,
)
from concepts.encoders.parts import is_of_parts
from concepts.errors import UNTRUSTED_ENCODER, EncoderError, FingerprintMismatchError, missing_package


def load_encoder(name: str, *, cache: Path) -> Encoder:
    """The encoder called `auto`, a registered one, or an open_clip model: `architecture/tag`,
    `hf-hub:organisation/name` or `local-dir:/path`.

    `cache` keeps what can be computed again. Raises `EncoderError`, with what to do about it.
    """
    if name == "auto":
        name = resolve_auto().name
    check_installed(name)
    return ENCODERS[registered_as(name)].load(name, cache)


def check_installed(name: str) -> None:
    """Raises `PackageError` where an encoder needs what isn't installed."""
    if registered_as(name) in ELSEWHERE and name != "auto" and not has_openclip():
        raise missing_package("open_clip_torch", "openclip")


def has_openclip() -> bool:
    """Whether the extra is installed; without loading it, which takes seconds."""
    return all(find_spec(package) for package in ("torch", "open_clip", "timm", "transformers"))


def load_named_elsewhere(
    name: str,
    fingerprint: str,
    *,
    cache: Path,
    trust: str | None,
    chosen: Collection[str] = (),
) -> Encoder:
    """The encoder that a file from anyone names, if it may be loaded: one that is part of this program, one
    that was `chosen` here, or else the one that a person names with `trust`, which is then taken instead.

    Raises `EncoderError` before anything is loaded, and `FingerprintMismatchError` where it is
    another one than the file's.
    """
    refuse_parts(fingerprint)
    key = registered_as(name)
    if not (trust or name in chosen or (key not in ELSEWHERE and ENCODERS.is_own(key))):
        raise UNTRUSTED_ENCODER(name=name)
    encoder = load_encoder(trust or name, cache=cache)
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


HUB_SECONDS = 10.0
# As open_clip saves them, best first.
WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AutoModel:
    name: str
    repository: str  # where open_clip gets it; a test holds this against open_clip's own table


QUICK = AutoModel("ViT-B-32-256/datacomp_s34b_b86k", "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K")
MIDDLE = AutoModel("PE-Core-B-16/meta", "timm/PE-Core-B-16")
LARGE = AutoModel("PE-Core-L-14-336/meta", "timm/PE-Core-L-14-336")
WITH_GPU = (LARGE, MIDDLE, QUICK)
WITHOUT_GPU = (QUICK, MIDDLE)


@dataclass(frozen=True)
class Resolution:
    """The encoder that `auto` stands for, and a sentence or two for people that say why."""

    name: str
    why: str


def resolve_auto() -> Resolution:
    """The best model in the Hugging Face cache, else the built-in one. Asks nobody on the network."""
    if not has_openclip():
        return _built_in("open_clip isn't installed. Discern’s extra “openclip” has it")
    here = [model for model in WITH_GPU if cached_weights(model.repository)]
    if not here:  # before torch is imported to ask for a GPU: this must be quick
        names = f"{LARGE.name}, {MIDDLE.name} and {QUICK.name}"
        return _built_in(f"none of {names} is on this computer. Choose one by name to download it")
    try:
        import torch
    except (ImportError, OSError) as error:  # a build for another system, or half of one
        log.warning("PyTorch can't be loaded: %s", error)
        return _built_in("PyTorch can't be loaded")
    for model in WITH_GPU if torch.cuda.is_available() else WITHOUT_GPU:
        if model in here:
            return Resolution(model.name, f"{model.name} is used: it is on this computer.")
    return _built_in(f"{LARGE.name}, which is on this computer, needs a GPU")


def _built_in(reason: str) -> Resolution:
    return Resolution("embedded", f"The built-in encoder is used: {reason}.")


def cached_weights(repository: str, files: Sequence[str] = WEIGHTS) -> str | None:
    """The path of the first of a model's `files` that is in the Hugging Face cache, if one is."""
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(repository, file) for file in files)
    return next((path for path in found if isinstance(path, str)), None)


def require_hub(name: str, advice: str) -> None:
    """Raises `EncoderError` with the advice where the Hugging Face hub doesn't answer. Its own client would
    ask for minutes and print each try twice.

    It asks in a thread that may be left behind: name resolution can hang for minutes and can't be cancelled.
    """
    from huggingface_hub import constants, get_session, is_offline_mode

    answered = threading.Event()

    def ask() -> None:
        try:  # with the session that would download, so that proxies and certificates are the same
            get_session().head(constants.ENDPOINT, timeout=HUB_SECONDS)
            answered.set()
        except Exception as error:  # whatever went wrong, the hub is not there
            log.info("The Hugging Face hub can't be reached: %s", error)

    if not is_offline_mode():  # then its client says so at once
        thread = threading.Thread(target=ask, name="ask-the-hub", daemon=True)
        thread.start()
        thread.join(HUB_SECONDS)
        if not answered.is_set():
            raise EncoderError(f"{name} can't be loaded: the Hugging Face hub can't be reached. {advice}")


# What those are called to people that aren't named below.
KINDS = {
    OPEN_CLIP: "An open_clip model",
    TIMM: "A timm model, picture-only",
}


@dataclass(frozen=True)
class KnownEncoder:
    """millions: parameters of the half that looks at pictures."""

    name: str
    millions: int
    dimension: int
    good_at: str

    @property
    def licence(self) -> str:
        return licence_of(self.name)

    @property
    def words(self) -> bool:
        return knows_words(self.name)

    @property
    def was_run(self) -> bool:
        """Whether its own weights were run here: no others could be had."""
        return registered_as(self.name) not in ELSEWHERE


# name, millions of parameters, numbers of a vector, what it is good at
TABLE = """
embedded | 3 | 1664 | no download; things and scenes
ViT-B-32-256/datacomp_s34b_b86k | 88 | 512 | quick without a GPU
ViT-B-32-SigLIP2-256/webli | 95 | 768 | many languages
ViT-SO400M-16-SigLIP2-384/webli | 428 | 1152 | languages, details
PE-Core-B-16/meta | 94 | 1024 | words and moods
PE-Core-L-14-336/meta | 317 | 1024 | words and moods, with a GPU
MobileCLIP2-S0/dfndr2b | 11 | 512 | phones
ViT-B-16/dfn2b | 86 | 512 | words
ViT-H-14-worldwide/metaclip2_worldwide | 632 | 1024 | 300 languages
timm:vit_small_patch16_dinov3.lvd1689m | 22 | 384 | kinds, quick
timm:vit_base_patch16_dinov3.lvd1689m | 86 | 768 | details
timm:vit_base_patch16_dinov3_qkvb.eupe_lvd1689m | 86 | 768 | several tasks
timm:vit_base_patch14_reg1_tipsv2.webli | 86 | 768 | parts
"""
ROWS = (line.split(" | ") for line in TABLE.split("\n") if line)
KNOWN = tuple(KnownEncoder(name, int(size), int(numbers), good) for name, size, numbers, good in ROWS)
