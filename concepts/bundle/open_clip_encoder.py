"""The encoder of the classifier in this folder, loaded with open_clip from where its makers keep it.

Needs `pip install open_clip_torch`. `classify.py --encoder NAME` uses it.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

FIT = {"squash": "whole", "shortest": "crop"}
THUMBNAIL_SIDE = 320  # Discern shrinks a JPEG while decoding to no less than this


class OpenClip:
    """`name` is hf-hub:organisation/name, local-dir:/path, or architecture/tag."""

    def __init__(self, name: str, weights_sha256: str) -> None:
        """Raises ValueError for a name that can't be loaded, and for other weights than the classifier's."""
        try:
            import open_clip
            import torch
        except ImportError as error:
            raise ValueError("such an encoder needs the package open_clip_torch") from error
        model, _, tag = (name, "", "") if ":" in name else name.rpartition("/")
        try:
            loaded, _ = open_clip.create_model_from_pretrained(model, tag or None, weights_only=True)
        except Exception as error:  # open_clip and the hub client raise whatever they met
            raise ValueError(f"{name} can't be loaded: {' '.join(str(error).split())[:300]}") from error
        if _sha256(loaded, torch.uint8) != weights_sha256:
            raise ValueError(f"{name} has other weights than the encoder that this classifier is for")
        config: dict[str, Any] = loaded.visual.preprocess_cfg
        size = config["size"]
        height, width = (size, size) if isinstance(size, int) else size
        if config["resize_mode"] not in FIT:
            raise ValueError(f"{name} wants its pictures prepared in an unusual way")
        self.pictures = {
            "height": height,
            "width": width,
            "fit": FIT[config["resize_mode"]],
            "interpolation": config["interpolation"],
            "short_side": max(height, width, THUMBNAIL_SIDE),
        }
        self._torch, self._model = torch, loaded.eval()
        self._mean, self._std = (torch.tensor(config[key]).reshape(3, 1, 1) for key in ("mean", "std"))

    def vectors(self, pixels: Any) -> Any:
        """uint8 (n, 3, height, width) → float32 (n, dimension) of length 1, rounded as Discern keeps them."""
        with self._torch.inference_mode():
            shown = (self._torch.from_numpy(pixels).float() / 255 - self._mean) / self._std
            found = self._model.encode_image(shown)
            unit = self._torch.nn.functional.normalize(found, dim=1)
        return unit.numpy().astype(np.float16).astype(np.float32)


def _sha256(model: Any, a_byte: Any) -> str:
    """Of name, type, shape and values of every tensor that was loaded, in the order of names."""
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().reshape(-1).view(a_byte).numpy().data)
    return digest.hexdigest()
