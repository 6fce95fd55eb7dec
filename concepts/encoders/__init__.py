"""Encoders by name."""

from __future__ import annotations

from pathlib import Path

from concepts.encoders.auto import Resolution, resolve_auto
from concepts.encoders.base import Encoder, Fingerprint, Pixels, Vectors, as_stored, unit
from concepts.encoders.registry import ENCODERS, registered_as

__all__ = [
    "ENCODERS",
    "Encoder",
    "Fingerprint",
    "Pixels",
    "Resolution",
    "Vectors",
    "as_stored",
    "load_encoder",
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
