"""A real open_clip checkpoint, small and untrained, for tests of what must work with any open_clip model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

SIDE = 32
DIMENSION = 24


def make_tiny_open_clip(folder: Path, seed: int = 0, *, coca: bool = False, **vision: object) -> Path:
    """Writes `open_clip_config.json` and `open_clip_model.safetensors`. `seed` decides the weights, `vision`
    what else the picture's half is to be. `coca`: one that writes captions."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    config: dict[str, Any] = {
        "embed_dim": DIMENSION,
        "vision_cfg": {"image_size": SIDE, "layers": 2, "width": 32, "patch_size": 8, "head_width": 16}
        | vision,
        # The vocabulary of the built-in tokenizer, which needs no file.
        "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    if coca:
        config["vision_cfg"] |= {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
        config["text_cfg"] |= {"width": DIMENSION, "context_length": 40}
        config["multimodal_cfg"] = {**config["text_cfg"], "attn_pooler_heads": 2}
        config["text_cfg"] |= {"embed_cls": True, "output_tokens": True}
    preprocessing = {
        "size": SIDE,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "interpolation": "bilinear",
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = (open_clip.CoCa if coca else open_clip.CLIP)(**config)
        if coca:  # open_clip leaves these weights as whatever the memory held
            torch.nn.init.normal_(model.text_decoder.text_projection, std=DIMENSION**-0.5)
    custom = {"custom_text": True} if coca else {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config | custom, "preprocess_cfg": preprocessing}, indent=1)
    )
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    return folder


@contextmanager
def words_read_once() -> Iterator[None]:
    """The tokenizer's list of words takes longer to read than the model: hundreds of tests load one."""
    from open_clip.tokenizer import SimpleTokenizer

    read, known = SimpleTokenizer.__init__, dict[str, dict[str, Any]]()

    def read_once(self: Any, *arguments: Any, **named: Any) -> None:
        key = repr((arguments, sorted(named.items())))
        if key not in known:
            read(self, *arguments, **named)
            known[key] = vars(self).copy()
        vars(self).update(known[key])

    with mock.patch.object(SimpleTokenizer, "__init__", read_once):
        yield
