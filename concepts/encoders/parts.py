"""Parts of a picture: what each of them is like, and which one a concept is about.

A bare head on a building site is a hand's breadth of a photograph, and hardly moves the vector of the whole.
So a picture is looked at three times as large, and each of 4 x 4 cells, each 2 x 2 of them together and the
whole has a vector. A *focus* is the direction that tells what a person framed in a few pictures from all
other parts (linear discriminant with the covariance of all parts: Hariharan, Malik & Ramanan, ECCV 2012). In
every picture it picks one part, and that part's vector stands for the picture in all that asks, learns,
measures and scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from concepts.encoders.base import Encoder, Fingerprint, Pixels, Portable, Vectors
from concepts.encoders.nodes import Nodes
from concepts.encoders.saliency import WHOLE, Box, Cells

GRID = 4  # cells a side
RIDGE = 3.0  # times the mean variance, on top of every variance: a focus is learned from few frames
PARTS = ":parts"  # behind the name of an encoder

Part = NDArray[np.floating]


def _boxes() -> tuple[Box, ...]:
    def at(row: int, column: int, cells: int) -> Box:
        return (column / GRID, row / GRID, (column + cells) / GRID, (row + cells) / GRID)

    rows, columns = range(GRID), range(GRID)
    cells = [at(row, column, 1) for row in rows for column in columns]
    fours = [at(row, column, 2) for row in rows[:-1] for column in columns[:-1]]
    return (*cells, *fours, WHOLE)


BOXES = _boxes()  # of the parts, in their order


@runtime_checkable
class PartsEncoder(Encoder, Protocol):
    """An encoder that looks at parts of pictures too."""

    parts_side: int  # short side in pixels below which a picture may not be shrunk for its parts

    def prepare_parts(self, picture: Image.Image) -> Pixels:
        """An upright RGB picture → (3, H, W), larger than `prepare` has it."""

    def encode_parts(self, batch: Pixels) -> Vectors:
        """(n, 3, H, W) → (n, parts, dimension), each of unit length, rounded to what float16 can hold."""

    def portable_parts(self) -> Portable:
        """As `PortableEncoder.portable`, with a graph that gives (n, parts, dimension)."""


class AllParts:
    """The vectors of all parts of a picture, side by side as one: as they are kept."""

    def __init__(self, encoder: PartsEncoder) -> None:
        self._encoder = encoder
        self.name = f"{encoder.name}{PARTS}"
        self.licence = encoder.licence
        self.dimension = len(BOXES) * encoder.dimension
        self.decode_size = encoder.parts_side
        self.fingerprint = _seen_larger(encoder, f"{len(BOXES)} parts")

    def prepare(self, picture: Image.Image) -> Pixels:
        return self._encoder.prepare_parts(picture)

    def encode_pictures(self, batch: Pixels) -> Vectors:
        return self._encoder.encode_parts(batch).reshape(len(batch), self.dimension)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return np.tile(self._encoder.encode_texts(texts), len(BOXES))


class FocusedEncoder:
    """The vector of the part of each picture that a focus (d,) picks."""

    def __init__(self, encoder: PartsEncoder, focus: Part) -> None:
        self._encoder = encoder
        self._focus = np.asarray(focus, dtype=np.float32)
        self.name = encoder.name
        self.licence = encoder.licence
        self.dimension = encoder.dimension
        self.decode_size = encoder.parts_side
        digest = hashlib.sha256(self._focus.astype("<f4").tobytes()).hexdigest()
        self.fingerprint = _seen_larger(encoder, f"the part of {len(BOXES)} that a focus picks: {digest}")

    def prepare(self, picture: Image.Image) -> Pixels:
        return self._encoder.prepare_parts(picture)

    def encode_pictures(self, batch: Pixels) -> Vectors:
        parts = self._encoder.encode_parts(batch)
        return parts[np.arange(len(parts)), picked(parts, self._focus)]

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_texts(texts)

    def cells(self, pixels: Pixels, weights: NDArray[np.float64]) -> Cells:
        """The picked part, which the whole score is of."""
        parts = self._encoder.encode_parts(pixels[None])[0]
        place = int(picked(parts[None], self._focus)[0])
        score = float(parts[place].astype(np.float64) @ weights)
        return Cells(np.array([[score]]), 0.0, slice(0, self.dimension), BOXES[place])

    def portable(self) -> Portable:
        parts = self._encoder.portable_parts()
        return replace(parts, graph=lambda: _picking(parts.graph(), self._focus))


def _picking(graph: bytes, focus: NDArray[np.float32]) -> bytes:
    """A graph that gives `vectors` (n, parts, d) → one that gives (n, d): the part that the focus picks."""
    from onnx import load_from_string

    model = load_from_string(graph)
    for node in model.graph.node:
        node.output[:] = ["parts" if name == "vectors" else name for name in node.output]
    nodes = Nodes("focus")
    likeness = nodes.node("MatMul", "parts", nodes.constant(focus[:, None]))
    best = nodes.node("ArgMax", likeness, axis=1, keepdims=1)  # (n, 1, 1)
    places = nodes.node("Expand", best, nodes.constant(np.array([1, 1, len(focus)])))
    picked = nodes.node("GatherElements", "parts", places, axis=1)
    nodes.node("Squeeze", picked, nodes.constant(np.array([1])), out="vectors")
    model.graph.node.extend(nodes.nodes)
    model.graph.initializer.extend(nodes.initializers)
    del model.graph.output[0].type.tensor_type.shape.dim[1]
    return bytes(model.SerializeToString(deterministic=True))


def _seen_larger(encoder: PartsEncoder, what: str) -> Fingerprint:
    whole = encoder.fingerprint
    return replace(
        whole,
        architecture=f"{whole.architecture} part",
        preprocessing=f"as for whole pictures of {encoder.parts_side} pixels ({whole.preprocessing}); {what}",
    )


def is_of_parts(fingerprint: str) -> bool:
    return fingerprint.rpartition("-")[0].endswith("-part")


def picked(parts: Part, focus: Part) -> NDArray[np.int64]:
    """parts (n, p, d), focus (d,) → (n,) which part the focus picks in each picture."""
    found: NDArray[np.int64] = np.argmax(parts.astype(np.float32) @ focus.astype(np.float32), axis=1)
    return found


def best_part(box: Box) -> int:
    """The part that overlaps best with what was framed: intersection over union."""
    left, top, right, bottom = box

    def overlap(part: Box) -> float:
        width = min(right, part[2]) - max(left, part[0])
        height = min(bottom, part[3]) - max(top, part[1])
        both = max(width, 0.0) * max(height, 0.0)
        area = (part[2] - part[0]) * (part[3] - part[1]) + (right - left) * (bottom - top)
        return both / (area - both)

    return max(range(len(BOXES)), key=lambda place: overlap(BOXES[place]))


def focus_of(framed_parts: Part, some_parts: Part) -> NDArray[np.float32]:
    """framed_parts (k, d), some_parts (m, d) of pictures of any kind → (d,), of unit length."""
    others = some_parts.astype(np.float64)
    mean = others.mean(axis=0)
    covariance = np.cov(others, rowvar=False)
    covariance[np.diag_indices_from(covariance)] += RIDGE * np.trace(covariance) / len(covariance)
    found = np.linalg.solve(covariance, framed_parts.astype(np.float64).mean(axis=0) - mean)
    return np.asarray(found / np.linalg.norm(found), dtype=np.float32)
