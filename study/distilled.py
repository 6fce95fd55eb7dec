"""Pictures made up from what an encoder remembers of those it was trained on, to calibrate int8 without any.

Data-free calibration after ZeroQ (Cai et al., CVPR 2020): noise is changed until every batch norm of the
network sees channels with the mean and deviation that it saw in training. Two things are our own: noise
begins with the spectrum of photographs, 1/f, which needs fewer steps than white noise does, and pictures stay
within what eight bits can say, since the graph takes nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

COUNT = 32
BATCH = 16
STEPS = 20
RATE = 8.0  # of 255
SCALE = 2  # they are made at half the side, in a quarter of the time
SEED = 0


class NothingRememberedError(Exception):
    """The network has no batch norms."""


def distilled(network: torch.nn.Module, height: int, width: int) -> NDArray[np.uint8]:
    """`COUNT` pictures (n, 3, height, width) for a network that takes pixels from 0 to 255.

    Raises `NothingRememberedError` for a network without batch norms.
    """
    import torch

    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    if not norms:
        raise NothingRememberedError
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    generator = torch.Generator().manual_seed(SEED)
    batches = math.ceil(COUNT / BATCH)
    made = []
    for batch in range(batches):
        count = min(BATCH, COUNT - batch * BATCH)
        pixels = _pink((count, 3, height // SCALE, width // SCALE), generator).requires_grad_(True)
        optimizer = torch.optim.Adam([pixels], lr=RATE)
        for _ in range(STEPS):
            optimizer.zero_grad()
            torch.autograd.backward(_distance(network, norms, pixels))
            optimizer.step()
            with torch.no_grad():
                pixels.clamp_(0, 255)
        large = torch.nn.functional.interpolate(pixels.detach(), (height, width), mode="bilinear")
        made.append(large.round().to(torch.uint8).numpy())
    return np.concatenate(made)


def _pink(shape: tuple[int, int, int, int], generator: torch.Generator) -> torch.Tensor:
    """Noise whose amplitude falls as one over the frequency, around a middle grey; 0 to 255."""
    import torch

    height, width = shape[2:]
    down, across = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    frequency = torch.sqrt(down**2 + across**2).clamp_min(1 / max(height, width))
    white = torch.fft.rfft2(torch.randn(shape, generator=generator))
    noise = torch.fft.irfft2(white / frequency, s=(height, width))
    noise = (noise - noise.mean((2, 3), keepdim=True)) / noise.std((2, 3), keepdim=True)
    pixels: torch.Tensor = (127 + 50 * noise).clamp(0, 255)
    return pixels


def _distance(
    network: torch.nn.Module, norms: list[torch.nn.BatchNorm2d], pixels: torch.Tensor
) -> torch.Tensor:
    """Mean over layers and channels of the squared differences in mean and deviation, in deviations of the
    training pictures: so no layer counts more for larger numbers."""
    import torch

    apart = []

    def compare(norm: torch.nn.BatchNorm2d, given: tuple[torch.Tensor]) -> None:
        variance, mean = torch.var_mean(given[0], (0, 2, 3))
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = torch.sqrt(norm.running_var + norm.eps)
        apart.append((((mean - norm.running_mean) / scale) ** 2).mean())
        apart.append(((torch.sqrt(variance + norm.eps) / scale - 1) ** 2).mean())

    handles = [norm.register_forward_pre_hook(compare) for norm in norms]
    try:
        network(pixels)
    finally:
        for handle in handles:
            handle.remove()
    return torch.stack(apart).mean()
