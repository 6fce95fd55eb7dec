"""Sentences → 384 numbers, with all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors, sha256_of, unit
from concepts.encoders.nodes import Nodes, Shape, session
from concepts.encoders.packaged import GLOSSES, LEMMAS, packaged_file, packaged_text
from concepts.errors import EncoderError

# SHA-256 of the official file, and of the half-precision copy that `setup.py` makes for wheels. Both run
# in half precision, for a cosine of 0.9999988 or more with full precision (2,675 nouns and glosses).
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HALVED_SHA256 = "50d7d1d02a8f0307ae7e2e44c25ae9ab9b13630b7cfeb0204fcbcca39aa04b4a"
MAX_TOKENS = 256  # what the model was trained with (sentence_bert_config.json); the rest is cut off
BATCH = 16
LAYERS, HEADS, LAYER_NORM_EPS = 6, 12, 1e-12  # config.json
OPSET = 20  # the first with GELU
FAR = np.float32(-1e9)  # added to what attention must not see

Weights = Mapping[str, NDArray[np.float32]]


class SentenceEncoder:
    """Mean-pooled MiniLM. Nothing is read from disk before the first text is encoded."""

    dimension = 384

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds `model.safetensors` and `tokenizer.json`. None: what comes with Discern."""
        self._folder = folder

    def encode(self, texts: Sequence[str]) -> Vectors:
        """n texts → (n, 384), unit length. Raises `EncoderError` if the model file isn't the official one."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Texts of one length together: padding is work, and a class description is ten times a word.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            vectors[rows] = self._pooled([texts[i] for i in rows])
        return unit(vectors)

    def _pooled(self, texts: list[str]) -> Vectors:
        tokenizer, (words, places, kinds), layers = _loaded(self._folder)
        encodings = tokenizer.encode_batch(texts)
        ids = np.array([one.ids for one in encodings])
        mask = np.array([one.attention_mask for one in encodings], np.float32)
        embedded = words[ids].astype(np.float32) + places[: ids.shape[1]] + kinds[0]
        (hidden,) = layers.run(["hidden"], {"embedded": embedded, "hide": (FAR * (1 - mask))[:, None, None]})
        return np.asarray((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True))


@cache
def _loaded(folder: Path | None) -> tuple[Any, list[NDArray[np.float16]], Any]:
    """The tokenizer, the embeddings of words, places and kinds, and a session of the layers, loaded once per
    process. Raises `EncoderError`."""
    folder = folder or packaged_file("model.safetensors").parent
    file = folder / "model.safetensors"
    if not file.is_file() or sha256_of(file) not in (MINILM_SHA256, HALVED_SHA256):
        raise EncoderError(f"{file} is missing or not the tested all-MiniLM-L6-v2. Install Discern again.")
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()  # to the longest of a batch; the file asks for 128 tokens, always
    tokenizer.enable_truncation(MAX_TOKENS)
    weights = {name: one.astype(np.float16, copy=False) for name, one in load_file(file).items()}
    kinds = ("word", "position", "token_type")
    embeddings = [weights.pop(f"embeddings.{kind}_embeddings.weight") for kind in kinds]
    layers = _bert({name: one.astype(np.float32) for name, one in weights.items()})
    return tokenizer, embeddings, session(layers, arena=False)  # which a few long texts would fill for ever


def _bert(weights: Weights) -> bytes:
    """BERT's encoder (Devlin et al. 2019) as a graph: `embedded` (n, t, 384), `hide` (n, 1, 1, t) with
    `FAR` where there is no token → `hidden` (n, t, 384).

    `weights`: by the names of the `transformers` library.
    """
    nodes = Nodes("bert")

    def linear(name: str, given: str) -> str:
        product = nodes.node("MatMul", given, nodes.constant(weights[f"{name}.weight"].T))
        return nodes.node("Add", product, nodes.constant(weights[f"{name}.bias"]))

    def normed(name: str, given: str) -> str:
        parts = (nodes.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return nodes.node("LayerNormalization", given, *parts, epsilon=LAYER_NORM_EPS)

    d = weights["embeddings.LayerNorm.weight"].size
    split, joined = nodes.constant(np.array([0, 0, HEADS, d // HEADS])), nodes.constant(np.array([0, 0, d]))
    scale = nodes.constant(np.array((d // HEADS) ** -0.5, np.float32))

    def heads(name: str, given: str, order: list[int]) -> str:
        return nodes.node("Transpose", nodes.node("Reshape", linear(name, given), split), perm=order)

    def attention(name: str, given: str) -> str:
        """Of several heads (Vaswani et al. 2017, §3.2)."""
        query, value = (heads(f"{name}.{part}", given, [0, 2, 1, 3]) for part in ("query", "value"))
        scores = nodes.node("MatMul", query, heads(f"{name}.key", given, [0, 2, 3, 1]))
        shown = nodes.node("Add", nodes.node("Mul", scores, scale), "hide")
        seen = nodes.node("MatMul", nodes.node("Softmax", shown, axis=-1), value)
        return nodes.node("Reshape", nodes.node("Transpose", seen, perm=[0, 2, 1, 3]), joined)

    last = normed("embeddings.LayerNorm", "embedded")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        seen = linear(f"{layer}.attention.output.dense", attention(f"{layer}.attention.self", last))
        last = normed(f"{layer}.attention.output.LayerNorm", nodes.node("Add", last, seen))
        inner = nodes.node("Gelu", linear(f"{layer}.intermediate.dense", last))
        outer = linear(f"{layer}.output.dense", inner)
        last = normed(f"{layer}.output.LayerNorm", nodes.node("Add", last, outer))
    nodes.node("Identity", last, out="hidden")
    given: dict[str, Shape] = {"embedded": ["n", "t", d], "hide": ["n", 1, 1, "t"]}
    return nodes.model("MiniLM", given, {"hidden": ["n", "t", d]}, opset=OPSET)


_WORD = re.compile(r"[^\W\d_]{2,}")
SHORTEST = 3  # letters of both parts of a compound, and of a word from MiniLM's vocabulary
_ELSEWHERE = frozenset(  # small words of twelve other languages
    _WORD.findall(
        "der die das und mit auf bei dem den ein eine einer von vor für im am ist oder el los las una un "
        "por para con del que en la de le les des une dans sur avec pour du et il lo gli della delle dei dal "
        "di che nel per um uma com dos da na ao het een van op voor met och på med av til som ett nie ve ile "
        "bir yang dengan"
    )
)


def looks_english(text: str) -> bool:
    """Where a word is a sign of another language half of them have to be known, else a third. Nothing to
    read looks English: nobody is told anything then."""
    if not is_latin(text):
        return False
    words = _WORD.findall(text.casefold())
    known = sum(_is_known(word) for word in words)
    other = any(word in _ELSEWHERE or not word.isascii() for word in words)
    return (2 if other else 3) * known >= len(words)


def is_latin(text: str) -> bool:
    """Whether half of its letters are Latin, or it has none."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters) >= len(letters)


def _is_known(word: str) -> bool:
    if word in _ELSEWHERE:
        return False
    texts, single = _english(), word.removesuffix("s")
    cuts = range(SHORTEST, len(word) - SHORTEST + 1)
    return word in texts or single in texts or any(word[:i] in texts and word[i:] in texts for i in cuts)


@cache
def _english() -> frozenset[str]:
    """The words of WordNet's nouns and their glosses, as timm has them, and of MiniLM's vocabulary."""
    texts = f"{packaged_text(LEMMAS)} {packaged_text(GLOSSES)}".casefold()
    vocabulary = packaged_text("vocab.txt").split("\n")
    read = (word for word in vocabulary if len(word) >= SHORTEST and _WORD.fullmatch(word))
    return frozenset(_WORD.findall(texts)).union(read)
