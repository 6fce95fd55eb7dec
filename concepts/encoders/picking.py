"""Picking one part of a picture, as a network that is exported."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray


class Picking(torch.nn.Module):
    """uint8 (n, 3, H, W) → (n, d): the part that the focus (d,) picks of those that `network` gives."""

    def __init__(self, network: torch.nn.Module, focus: NDArray[np.float32]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("focus", torch.from_numpy(focus))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        parts: torch.Tensor = self.network(pictures)  # (n, p, d)
        best = (parts @ self.get_buffer("focus")).argmax(1)
        return parts.gather(1, best[:, None, None].expand(-1, 1, parts.shape[2]))[:, 0]
