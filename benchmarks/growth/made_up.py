"""What growth is measured on: an encoder that costs next to nothing, tiny pictures, and a library made by
bulk inserts with made-up vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.synthetic_library import build, picture_id
from concepts.encoders.base import ENCODERS, Encoder, Fingerprint, Pixels, Vectors, as_stored, unit
from concepts.registry import Method
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.labels import Author, NewLabel
from storage.library import LibraryEncoder
from storage.vectors.ids import ID_TYPE
from storage.vectors.nearest import exactly
from storage.vectors.reader import VectorReader

DIMENSION = 512
SIDE = 8  # pixels of a picture that the encoder looks at
A_WRITE = 20_000  # vectors
A_FOLDER = 1_000  # files
CONCEPT = "Synthetic"
YES, NO = 600, 1_400  # simulated answers


class MadeUpEncoder:
    """Pixels through fixed random weights, and words as directions at random: what is measured is everything
    around an encoder."""

    method: ClassVar[Method] = Method("made_up", "No encoder: weights at random.", "", "", "next to nothing")
    name = "made_up"
    fingerprint = Fingerprint("made-up", "", f"{SIDE} x {SIDE}", "float32")
    dimension = DIMENSION
    licence = "unknown"
    decode_size = SIDE

    def __init__(self) -> None:
        weights = np.random.default_rng(0).standard_normal((3 * SIDE * SIDE, DIMENSION))
        self._weights = weights.astype(np.float32)

    @classmethod
    def load(cls, name: str, cache: Path) -> Encoder:
        return cls()

    def prepare(self, picture: Image.Image) -> Pixels:
        small = np.asarray(picture.resize((SIDE, SIDE)), np.float32) / 255 - 0.5
        return np.ascontiguousarray(small.transpose(2, 0, 1))

    def encode_pictures(self, batch: Pixels) -> Vectors:
        return as_stored(unit(batch.reshape(len(batch), -1) @ self._weights))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") for text in texts]
        return unit(np.array([np.random.default_rng(seed).standard_normal(DIMENSION) for seed in seeds]))


def opened(home: Path) -> Workbench:
    """The product, on a folder of its own, with the encoder above."""
    if MadeUpEncoder.name not in ENCODERS:
        ENCODERS.register(MadeUpEncoder)
    return Workbench(load_settings(home=home, encoder=MadeUpEncoder.name))


def rows_of(bench: Workbench, count: int) -> list[str]:
    """Fills an empty library with so many rows in SQL; returns their ids, in no order."""
    build(bench.context.database, count, 0, 0)
    encoder = MadeUpEncoder()
    recorded = LibraryEncoder(encoder.name, str(encoder.fingerprint), DIMENSION)
    bench.context.collection.library.set_encoder(recorded)
    return [picture_id(number) for number in range(count)]


def answers(bench: Workbench) -> None:
    """A concept, with answers by a simulated person: yes to what lies in one direction, no to pictures at
    random."""
    bench.concepts.begin(CONCEPT, "A synthetic concept: made-up vectors, simulated answers.")
    concept = bench.context.concept(CONCEPT)
    bench.context.draw_evaluation(concept)
    index = bench.context.collection.index()
    apart = set(bench.context.store.evaluation_pictures(concept.id))
    wanted = np.random.default_rng(3).standard_normal((index.dimension,))
    few = min(YES, len(index.ids) // 8)  # a small library has fewer pictures than that
    likely = [one for one, _ in index.scores(wanted).top(2 * few + len(apart)) if one not in apart][: 2 * few]
    others = index.ids.without([*likely, *apart])
    drawn = np.random.default_rng(4).permutation(len(others))[: NO * few // YES]
    author = Author("simulation", "simulated")
    labels = [NewLabel(f"y{one}", one, "yes", author, 1) for one in likely[:few]]
    labels += [NewLabel(f"n{one}", one, "no", author, 1) for one in others.at(drawn)]
    bench.context.log.append(concept.id, labels)


def unit_vectors(count: int, features: Path | None) -> NDArray[np.float16]:
    """(count, DIMENSION): mixtures of 400 kinds; or of `features` (n, d) of real pictures made more, where a
    picture lies between one, one of its ten nearest and one of that one's, with a little noise."""
    rng = np.random.default_rng(0)
    if features is None:
        kinds = rng.standard_normal((400, DIMENSION)).astype(np.float32)
        vectors = np.empty((count, DIMENSION), np.float16)
        for start in range(0, count, A_WRITE):  # a million as float32 would take several GB
            some = vectors[start : start + A_WRITE]
            of = kinds[rng.integers(400, size=len(some))]
            some[:] = _halves(of + 1.5 * rng.standard_normal(some.shape, np.float32))
        return vectors
    real: NDArray[np.float32] = np.load(features).astype(np.float32)
    if real.shape[1] > DIMENSION:  # its principal components
        real = real - real.mean(axis=0)
        real = real @ np.linalg.svd(real, full_matrices=False)[2][:DIMENSION].T
    halves = _halves(real)
    if count <= len(halves):
        return halves[rng.permutation(len(halves))[:count]]
    real = halves.astype(np.float32)
    ids = np.char.mod("%064d", np.arange(len(halves))).astype(ID_TYPE)
    near, _ = exactly(VectorReader("1", ids, halves), np.arange(len(halves)), 10)
    parts = [halves]
    for start in range(len(real), count, A_WRITE):
        one = rng.integers(len(real), size=min(A_WRITE, count - start))
        two = near[one, rng.integers(10, size=len(one))]
        three = near[two, rng.integers(10, size=len(one))]
        share = rng.dirichlet([1, 1, 1], size=len(one)).astype(np.float32)[:, :, None]
        mixed = _halves((share * np.stack([real[one], real[two], real[three]], 1)).sum(axis=1))
        noise = rng.standard_normal(mixed.shape, np.float32) * np.float32(0.3 / DIMENSION**0.5)
        parts.append(_halves(mixed + noise))
    return np.asarray(np.concatenate(parts)[rng.permutation(count)])


def _halves(vectors: NDArray[np.floating]) -> NDArray[np.float16]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float16)


def draw(folder: Path, count: int) -> None:
    """Tiny pictures, no two of which look alike, as PNG."""
    rng = np.random.default_rng(5)
    for number in range(count):
        path = folder / f"{number // A_FOLDER:04d}" / f"{number:07d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(256, size=(9, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((36, 36), Image.Resampling.NEAREST).save(path, compress_level=1)
