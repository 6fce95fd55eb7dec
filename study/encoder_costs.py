"""How fast and how large the encoders are that a study compares."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.encoders.lite0 import packaged_weights

TIMED = 64  # pictures
AT_ONCE = 16


@dataclass(frozen=True)
class EncoderCost:
    """pictures_a_second, opening the files included; millions of parameters of all its networks; numbers of a
    vector."""

    encoder: str
    pictures_a_second: float
    millions: float
    numbers: int


def encoder_cost(name: str, files: Sequence[Path], cache: Path) -> EncoderCost:
    """Measured on the first files, once it is loaded and warm."""
    encoder = load_encoder(name, cache=cache)
    batches = [files[start : start + AT_ONCE] for start in range(0, min(len(files), TIMED), AT_ONCE)]

    def look(batch: Sequence[Path]) -> None:
        pixels = []
        for file in batch:
            with Image.open(file) as picture:
                pixels.append(encoder.prepare(picture.convert("RGB")))
        encoder.encode_pictures(np.stack(pixels))

    look(batches[0])
    begun = time.perf_counter()
    for batch in batches:
        look(batch)
    seconds = time.perf_counter() - begun
    return EncoderCost(name, sum(map(len, batches)) / seconds, _parameters(encoder) / 1e6, encoder.dimension)


def _parameters(encoder: Encoder) -> int:
    if encoder.name == "embedded":
        return sum(weight.size for weight in packaged_weights().values())
    import torch

    networks = [one for one in vars(encoder).values() if isinstance(one, torch.nn.Module)]
    return sum(one.numel() for network in networks for one in network.parameters())


def as_lines(costs: Sequence[EncoderCost]) -> list[str]:
    lines = [f"{'':32}{'pictures/s':>12}{'M parameters':>14}{'numbers':>9}"]
    return lines + [
        f"{one.encoder[-32:]:32}{one.pictures_a_second:12.1f}{one.millions:14.1f}{one.numbers:9}"
        for one in costs
    ]
