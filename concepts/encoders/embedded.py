"""The encoder that is always there: EfficientNet-Lite0 and MiniLM in ONNX Runtime and NumPy, no download.

A picture's vector is two parts side by side. The 1,280 pooled features of the classifier are what heads learn
from; its ConSE projection into MiniLM's space is what words find. A text has nothing to say about the first
part, so that is zero, and the dot product of a text and a picture ranks exactly as their ConSE cosine.

One graph gives both, and goes along in an exported classifier as it is.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from concepts.encoders.base import Encoder, Fingerprint, Pixels, Portable, Vectors, as_stored
from concepts.encoders.lite0 import FEATURES, last_maps, packaged_weights
from concepts.encoders.lite0 import SHA256 as LITE0_SHA256
from concepts.encoders.nodes import Nodes, Shape, session
from concepts.encoders.packaged import CLASSES, described
from concepts.encoders.parts import BOXES, GRID, PARTS, AllParts
from concepts.encoders.saliency import Cells
from concepts.encoders.sentences import MINILM_SHA256, SentenceEncoder
from concepts.errors import EncoderError
from concepts.registry import Method
from storage.files import write_whole

SIDE = 256
PARTS_SIDE = 3 * SIDE
CELL = PARTS_SIDE // GRID // 32  # of the last maps, whose cells are 32 pixels
MEAN, STD = 127.0, 128.0  # as trained: tensorflow/tpu, efficientnet/lite/efficientnet_lite_builder.py
# Of the vector's squared length; ConSE has the rest. Half each costs heads 0.10 of average precision after a
# hundred labels (Grocery, mean of eight classes), and what words find does not depend on it.
FEATURE_SHARE = 0.95
NOTICE = """EfficientNet-Lite0: weights by Google, as a file for PyTorch Copyright (c) 2020, ML Illustrated
(Apache License 2.0); changed here: batch norms are folded into the convolutions. Class vectors: made with
all-MiniLM-L6-v2 (Apache License 2.0) from names and glosses of WordNet 3.0.

WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. THIS SOFTWARE AND DATABASE IS
PROVIDED "AS IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR WARRANTIES, EXPRESS OR IMPLIED."""


class EmbeddedEncoder:
    """EfficientNet-Lite0 features and ConSE, 1,664 numbers."""

    method: ClassVar[Method] = Method(
        name="embedded",
        what="The built-in encoder: good for things and scenes, weaker for words and moods.",
        source="EfficientNet (Tan & Le, 2019), MiniLM (Wang et al., 2020) and ConSE (Norouzi et al., 2014)",
        licence="Apache-2.0",
        cost="100 to 190 pictures a second on two cores; no GPU, no download",
        defaults={"feature_share": FEATURE_SHARE, "side": SIDE},
    )
    name = "embedded"
    licence = "Apache-2.0"
    dimension = FEATURES + SentenceEncoder.dimension
    decode_size = SIDE
    parts_side = PARTS_SIDE

    def __init__(self) -> None:
        self._sentences = SentenceEncoder()
        self._whole = session(embedded_graph(SIDE))
        parts = " ".join((LITE0_SHA256, MINILM_SHA256, DESCRIPTIONS_SHA256))
        self.fingerprint = Fingerprint(
            architecture="embedded",
            weights_sha256=hashlib.sha256(parts.encode()).hexdigest(),
            preprocessing=(
                f"whole picture to {SIDE}x{SIDE} Pillow bicubic, JPEG draft from {SIDE}; "
                f"(x-{MEAN:g})/{STD:g}; folded batch norm; "
                f"features {FEATURE_SHARE:g} + ConSE top {TOP} {1 - FEATURE_SHARE:g}"
            ),
        )

    @classmethod
    def load(cls, name: str, cache: Path) -> Encoder:
        encoder = cls()
        return AllParts(encoder) if name.endswith(PARTS) else encoder

    def prepare(self, picture: Image.Image) -> Pixels:
        """An RGB picture → (3, 256, 256), uint8.

        Lite0's authors crop the middle 0.875 to 224 pixels. What is cut away no head can learn, so the whole
        picture goes in, a little larger so that things keep the size they had in training.
        """
        return _resized(picture, SIDE)

    def prepare_parts(self, picture: Image.Image) -> Pixels:
        """The same at (3, 768, 768)."""
        return _resized(picture, PARTS_SIDE)

    def encode_pictures(self, batch: Pixels) -> Vectors:
        """One after the other: what a layer gives stays in the processor's cache for the next, and the
        vectors are the same. 16 at a time take 1.8 times as long."""
        return np.concatenate([self._whole.run(["vectors"], {"pictures": one[None]})[0] for one in batch])

    @cached_property
    def _parts(self) -> Any:
        return session(embedded_graph(PARTS_SIDE))

    def encode_parts(self, batch: Pixels) -> Vectors:
        return np.concatenate([self._parts.run(["vectors"], {"pictures": one[None]})[0] for one in batch])

    def cells(self, pixels: Pixels, weights: NDArray[np.float64]) -> Cells:
        """The features are a mean over 8 x 8 cells; what the picture's words (ConSE) add is no cell's."""
        (vector,), (maps,) = self._whole.run(["vectors", "maps"], {"pictures": pixels[None]})
        maps = maps.astype(np.float64)
        length = float(np.linalg.norm(maps.mean((1, 2))))
        of_cells = math.sqrt(FEATURE_SHARE) / max(length, 1e-12) / (maps.shape[1] * maps.shape[2])
        parts = of_cells * np.tensordot(weights[:FEATURES], maps, axes=1)
        rest = float(vector[FEATURES:].astype(np.float64) @ weights[FEATURES:])
        return Cells(parts, rest, slice(0, FEATURES))

    def portable(self) -> Portable:
        return _portable(SIDE)

    def portable_parts(self) -> Portable:
        return _portable(PARTS_SIDE)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        vectors[:, FEATURES:] = self._sentences.encode(texts)
        return as_stored(vectors)


def _resized(picture: Image.Image, side: int) -> Pixels:
    resized = picture.resize((side, side), Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(resized).transpose(2, 0, 1))


def _portable(side: int) -> Portable:
    return Portable(partial(embedded_graph, side, portable=True), side, side, "whole", NOTICE)


def embedded_graph(side: int, portable: bool = False) -> bytes:
    """`pictures` uint8 (n, 3, side, side) → `vectors` float32 (n, 1664), of unit length and rounded to
    float16; of `PARTS_SIDE` (n, parts, 1664), in the order of `concepts.encoders.parts.BOXES`. Unless
    `portable` also → `maps` (n, 1280, rows, columns), whose mean the features are.

    Raises `EncoderError` where a packaged file isn't the official one.
    """
    nodes, weights, of_parts = Nodes("encoder"), packaged_weights(), side == PARTS_SIDE
    pixels = nodes.node("Sub", nodes.cast("pictures", np.float32), nodes.constant(np.array(MEAN, np.float32)))
    pixels = nodes.node("Div", pixels, nodes.constant(np.array(STD, np.float32)))
    maps = nodes.node("Identity", last_maps(nodes, weights, pixels), out="maps")
    to_vectors = _Vectors(nodes, weights["_fc.weight"], weights["_fc.bias"])
    found = _of_parts(nodes, maps, to_vectors) if of_parts else to_vectors(_pooled(nodes, maps))
    nodes.cast(nodes.cast(found, np.float16), np.float32, out="vectors")
    gives: dict[str, Shape] = {
        "vectors": ["n", *([len(BOXES)] if of_parts else []), EmbeddedEncoder.dimension]
    }
    if not portable:
        gives["maps"] = ["n", FEATURES, "rows", "columns"]
    return nodes.model("embedded", {"pictures": ["n", 3, side, side]}, gives)


def _pooled(nodes: Nodes, maps: str) -> str:
    """(n, 1280, rows, columns) → (n, 1280)."""
    return nodes.node("Flatten", nodes.node("GlobalAveragePool", maps))


class _Vectors:
    """Features (n, 1280) → (n, 1664), unit length: beside the features what ConSE makes of them.

    ConSE (Norouzi et al. 2014): the likeliest classes' vectors, weighted by how likely they are.
    """

    def __init__(self, nodes: Nodes, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self._nodes = nodes
        self._classifier = nodes.constant(weight.T), nodes.constant(bias)
        self._classes = nodes.constant(class_vectors())

    def __call__(self, features: str) -> str:
        node, weight, bias = self._nodes.node, *self._classifier
        likely = node("Softmax", node("Add", node("MatMul", features, weight), bias), axis=1)
        shares, places = self._nodes.most(likely, TOP)
        total = node("ReduceSum", shares, self._axis(1), keepdims=1)
        shares = node("Unsqueeze", node("Div", shares, total), self._axis(-1))
        classes = node("Gather", self._classes, places)  # (n, 5, 384)
        words = node("ReduceSum", node("Mul", classes, shares), self._axis(1), keepdims=0)
        both = self._unit(features, FEATURE_SHARE), self._unit(words, 1 - FEATURE_SHARE)
        return node("Concat", *both, axis=1)

    def _unit(self, values: str, share: float) -> str:
        """Rows of a squared length `share`."""
        length = self._nodes.node("ReduceL2", values, self._axis(1), keepdims=1)
        least = self._nodes.constant(np.array(1e-12, np.float32))
        found = self._nodes.node("Div", values, self._nodes.node("Max", length, least))
        return self._nodes.node("Mul", found, self._nodes.constant(np.array(math.sqrt(share), np.float32)))

    def _axis(self, axis: int) -> str:
        return self._nodes.constant(np.array([axis]))


def _of_parts(nodes: Nodes, maps: str, to_vectors: _Vectors) -> str:
    """(n, 1280, 24, 24) → (n, parts, 1664)."""
    cells = nodes.node("AveragePool", maps, kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    fours = nodes.node("AveragePool", cells, kernel_shape=[2, 2])
    sizes = cells, fours, nodes.node("GlobalAveragePool", cells)
    listed = nodes.constant(np.array([0, FEATURES, -1]))
    joined = nodes.node("Concat", *(nodes.node("Reshape", one, listed) for one in sizes), axis=2)
    rows = nodes.node("Transpose", joined, perm=[0, 2, 1])
    vectors = to_vectors(nodes.node("Reshape", rows, nodes.constant(np.array([-1, FEATURES]))))
    shape = nodes.constant(np.array([-1, len(BOXES), EmbeddedEncoder.dimension]))
    return nodes.node("Reshape", vectors, shape)


FILE = Path(__file__).with_name("imagenet_classes.safetensors")
TOP = 5  # T in the paper; more adds classes that the picture doesn't show
# Of the digests of timm's synsets, names and glosses
DESCRIPTIONS_SHA256 = "483d8b9c666351e94812c8d66de62b9dc9478936e71f07194944fb75629bef3d"
KNOWN = 0.45  # cosine to the nearest class, below which 95 searches found nothing more often than chance


@cache
def class_vectors(file: Path = FILE) -> Vectors:
    """(1000, 384), unit length. Raises `EncoderError` where the file is damaged."""
    try:
        with safe_open(file, framework="numpy") as opened:
            found: Vectors = opened.get_tensor("classes")
            if opened.metadata().get("sha256") == _digest(found):
                return found
    except (OSError, SafetensorError) as error:
        raise EncoderError(f"{file} can't be read ({error}). Install Discern again.") from error
    raise EncoderError(f"{file} is damaged. Install Discern again.")


def are_known(words: Vectors) -> NDArray[np.bool_]:
    """Whether sentences (n, 384) are near anything that the built-in encoder was taught to tell apart."""
    return np.asarray((words @ class_vectors().T).max(axis=1) >= KNOWN)


def descriptions() -> list[str]:
    """Whose vectors the file holds."""
    return [f"{names}: {gloss}" for names, gloss in described(CLASSES).values()]


def _digest(vectors: Vectors) -> str:
    shape = json.dumps([str(vectors.dtype), *vectors.shape])
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(vectors).tobytes()).hexdigest()


if __name__ == "__main__":
    vectors = SentenceEncoder().encode(descriptions())
    write_whole(FILE, save({"classes": vectors}, {"sha256": _digest(vectors)}))
