"""A real checkpoint of transformers, small and untrained, for tests of what must work with any that has both
halves."""

from __future__ import annotations

import string
from pathlib import Path

SIDE, DIMENSION = 28, 24


def make_tiny_tipsv2(folder: Path) -> Path:
    """Writes config.json, model.safetensors, preprocessor_config.json and the tokenizer's files."""
    import torch
    from transformers import Tipsv2Config, Tipsv2ImageProcessor, Tipsv2Model, Tipsv2Tokenizer

    if (folder / "model.safetensors").exists():
        return folder
    of_both = {"hidden_size": DIMENSION, "num_hidden_layers": 2, "num_attention_heads": 2}
    tokens = ["<pad>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *string.ascii_lowercase]
    words = of_both | {"vocab_size": len(tokens), "intermediate_size": 32}
    pictures = of_both | {"image_size": SIDE, "patch_size": 7}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Tipsv2Model(Tipsv2Config(text_config=words, vision_config=pictures))
    model.save_pretrained(folder)
    Tipsv2ImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    Tipsv2Tokenizer(vocab={token: i for i, token in enumerate(tokens)}).save_pretrained(folder)
    return folder
