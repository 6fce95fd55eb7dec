"""A real timm checkpoint, small and untrained, for tests of what must work with any timm model."""

from __future__ import annotations

import json
from pathlib import Path


def make_tiny_timm(folder: Path, architecture: str = "test_vit") -> Path:
    """Writes `config.json` and `model.safetensors`, as timm keeps them."""
    import timm
    import torch
    from safetensors.torch import save_file

    if (folder / "config.json").exists():
        return folder
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = timm.create_model(architecture, num_classes=0)
    folder.mkdir(parents=True, exist_ok=True)
    cfg = {"input_size": [3, 160, 160], "interpolation": "bicubic", "crop_pct": 1.0, "license": "apache-2.0"}
    cfg |= {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "num_classes": 0}
    config = {"architecture": architecture, "num_classes": 0, "pretrained_cfg": cfg}
    (folder / "config.json").write_text(json.dumps(config))
    save_file(model.state_dict(), str(folder / "model.safetensors"))
    return folder
