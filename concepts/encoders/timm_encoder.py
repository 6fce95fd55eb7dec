"""Picture-only encoders of timm, such as DINOv3, EUPE and TIPSv2."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import normalize

from concepts.encoders import cached_weights, require_hub
from concepts.encoders.base import TIMM, Fingerprint, Pixels, Portable, Vectors, as_stored
from concepts.encoders.exporting import FromPixels, portable
from concepts.encoders.openclip import not_loaded, pick_device, weights_sha256
from concepts.errors import EncoderError
from concepts.registry import Method

WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class TimmEncoder:
    """`timm:architecture.tag`, `timm:hf-hub:organisation/name` or `timm:local-dir:/path`. A picture's vector
    is what the network gives its classifier; texts are zeros, which are like nothing."""

    method: ClassVar[Method] = Method(
        name=TIMM,
        what="Any picture encoder of timm. Good at kinds and details; no text search.",
        source="Wightman, PyTorch Image Models",
        licence="that of the model: see its card",
        cost="a download of some hundred megabytes",
    )

    def __init__(self, name: str) -> None:
        """Raises `EncoderError` with what to do if the model can't be loaded."""
        self.name = name
        model, config = _load(name)
        weights = weights_sha256(model)
        said = "" if "local-dir:" in name else config.get("license") or ""
        self.licence = {"apache-2.0": "Apache-2.0", "mit": "MIT"}.get(said, said or "unknown")
        height, width = config["input_size"][1:]
        self.decode_size = max(height, width)
        self._transform = _transform(config)
        self._device = pick_device()
        self._model = model.to(self._device)
        self.dimension = int(model.num_features)
        prepared = {one: config[one] for one in ("input_size", "interpolation", "mean", "std", "crop_pct")}
        self.fingerprint = Fingerprint(
            f"timm {config['architecture']}", weights, f"timm {json.dumps(prepared, sort_keys=True)}, Pillow"
        )

    @classmethod
    def load(cls, name: str, cache: Path) -> TimmEncoder:
        return cls(name)

    def prepare(self, picture: Image.Image) -> Pixels:
        pixels: Pixels = self._transform(picture).numpy()
        return pixels

    def encode_pictures(self, batch: Pixels) -> Vectors:
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).to(self._device)
            return as_stored(normalize(self._model(pixels), dim=1).cpu().numpy())

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), self.dimension), np.float32)

    def portable(self) -> Portable:
        model, config = _load(self.name)
        height, width = config["input_size"][1:]
        usual = config["crop_pct"] == 1 and height == width
        if not usual or config["interpolation"] not in ("bicubic", "bilinear"):
            raise EncoderError(f"its pictures are prepared in an unusual way (crop {config['crop_pct']})")
        network = FromPixels(model, config["mean"], config["std"])
        return portable(
            network, height, width, "crop", f"Weights: {self.name}, by its makers.", config["interpolation"]
        )


def _load(name: str) -> tuple[Any, dict[str, Any]]:
    import timm

    wanted = name.removeprefix(f"{TIMM}:")
    advice = "Its files come from the Hugging Face hub; without a network, use timm:local-dir:/path."
    try:
        if wanted.startswith("local-dir:"):
            wanted = f"local-dir:{Path(wanted.removeprefix('local-dir:')).expanduser().absolute()}"
        elif ":" not in wanted and wanted not in timm.list_pretrained():
            close = timm.list_pretrained(f"*{wanted.partition('.')[0][:12]}*")[:8]
            raise EncoderError(
                f"timm has no weights called {wanted!r}."
                + (f" Like it: {', '.join(close)}." if close else " Write architecture.tag.")
            )
        repository = wanted.removeprefix("hf-hub:") if ":" in wanted else f"timm/{wanted}"
        if not (wanted.startswith("local-dir:") or cached_weights(repository, WEIGHTS)):
            require_hub(name, advice)
        model = timm.create_model(wanted, pretrained=True, num_classes=0).eval()
        return model, timm.data.resolve_model_data_config(model) | {
            one: model.pretrained_cfg.get(one) for one in ("license", "architecture")
        }
    except EncoderError:
        raise
    except Exception as error:  # timm and the hub client raise whatever they met
        raise not_loaded(name, error, advice) from error


def _transform(config: dict[str, Any]) -> Any:
    from timm.data import create_transform

    names = ("input_size", "interpolation", "mean", "std", "crop_pct", "crop_mode")
    return create_transform(**{one: config[one] for one in names if one in config}, is_training=False)
