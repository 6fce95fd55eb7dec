"""Encoders by name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from concepts.encoders.auto import Resolution, resolve_auto
from concepts.encoders.base import Encoder, Fingerprint, Pixels, Vectors, as_stored, unit
from concepts.encoders.registry import ENCODERS, OPEN_CLIP, registered_as
from concepts.errors import FingerprintMismatchError, UntrustedEncoderError

__all__ = [
    "ENCODERS",
    "Encoder",
    "Fingerprint",
    "Pixels",
    "Resolution",
    "Vectors",
    "as_stored",
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
    import torch

    if name == "auto":
        name = resolve_auto().name
    # Batches run in as many threads as there are cores, each on one: threads inside a network wait for
    # each other at every layer, and on a busy machine that costs more than they gain.
    torch.set_num_threads(1)
    return ENCODERS[registered_as(name)].load(name, cache, precision)


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
    key = registered_as(name)
    if not (trust or name in chosen or (key != OPEN_CLIP and ENCODERS.is_own(key))):
        raise UntrustedEncoderError(name)
    encoder = load_encoder(trust or name, cache=cache, precision=precision)
    if str(encoder.fingerprint) != fingerprint:
        raise FingerprintMismatchError("This classifier", str(encoder.fingerprint), fingerprint)
    return encoder
