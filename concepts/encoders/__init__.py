"""Encoders by name. Adding one is a file with the class and a line in `ENCODERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from concepts.encoders.auto import Resolution, resolve_auto
from concepts.encoders.base import Encoder, Fingerprint, Pixels, Vectors, as_stored, unit

__all__ = [
    "ENCODERS",
    "Encoder",
    "Fingerprint",
    "Pixels",
    "Resolution",
    "Vectors",
    "as_stored",
    "load_encoder",
    "resolve_auto",
    "unit",
]

Loader = Callable[[str, Path, str], Encoder]


def _embedded(name: str, cache: Path, precision: str) -> Encoder:
    from concepts.encoders.embedded import EmbeddedEncoder

    return EmbeddedEncoder(cache, precision)


def _open_clip(name: str, cache: Path, precision: str) -> Encoder:
    from concepts.encoders.openclip import OpenClipEncoder

    return OpenClipEncoder(name, cache, precision)


# By the name itself, or by what stands before its first colon. The rest is open_clip's architecture/tag.
ENCODERS: dict[str, Loader] = {
    "embedded": _embedded,
    "local-dir": _open_clip,
    "hf-hub": _open_clip,
}


def load_encoder(name: str, *, cache: Path, precision: str = "auto") -> Encoder:
    """The encoder called `auto`, `embedded`, `architecture/tag`, `hf-hub:org/name` or `local-dir:/path`.

    `cache` keeps what can be computed again. A library passes the precision that it was built with.
    Raises `EncoderError`, with what to do about it.
    """
    import torch

    if name == "auto":
        name = resolve_auto().name
    # Batches run in as many threads as there are cores, each on one: threads inside a network wait for
    # each other at every layer, and on a busy machine that costs more than they gain.
    torch.set_num_threads(1)
    loader = ENCODERS.get(name.partition(":")[0], _open_clip)
    return loader(name, cache, precision)
