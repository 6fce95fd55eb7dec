"""Work and an encoder for the tests of engines, in a module that workers of any kind can import."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from concepts.encoders.base import Fingerprint, Pixels, Vectors, as_stored, unit
from concepts.errors import OTHER_ENCODER
from concepts.jobs.engines import InProcess, Waiting, nothing
from concepts.library.collection import collection_of
from concepts.registry import Method
from concepts.use_cases import App
from storage.vectors.reader import VectorReader

Said = tuple[int, list[int], float]  # process, numbers, the sum of their roots


@dataclass(frozen=True)
class Roots:
    """Numbers → the process that did it, and what it found. `slow`: seconds a batch. It fails at the number
    that it `refuses`."""

    slow: float = 0.0
    refuses: int = -1

    def __call__(self, numbers: list[int]) -> Said:
        if self.refuses in numbers:
            raise OTHER_ENCODER(recorded="this", asked="that")
        time.sleep(self.slow)
        return os.getpid(), numbers, float(np.sqrt(np.array(numbers, dtype=np.float64)).sum())


def deadly(batch: list[int]) -> int:
    """Ends every process that does it."""
    os._exit(1)


class Colours:
    """An encoder without a network: 8 x 8 pixels, mixed. Every batch takes the seconds that a file `slow` in
    its cache says, and each process that has it leaves its number in the folder `processes`."""

    method: ClassVar[Method] = Method(
        name="colours", what="For tests.", source="", licence="", cost="", defaults={}
    )
    licence = "Apache-2.0"
    dimension = 48
    decode_size = 8

    def __init__(self, name: str, cache: Path) -> None:
        self.name = name
        self.fingerprint = Fingerprint(name, "0" * 64, "8x8", "float32")
        self._mix = np.random.default_rng(len(name)).normal(size=(192, self.dimension)).astype(np.float32)
        self._slow = cache / "slow"
        (cache / "processes").mkdir(parents=True, exist_ok=True)
        (cache / "processes" / str(os.getpid())).touch()

    @classmethod
    def load(cls, name: str, cache: Path) -> Colours:
        return cls("colours" if name == "auto" else name, cache)

    def prepare(self, picture: Image.Image) -> Pixels:
        small = np.asarray(picture.resize((8, 8)), dtype=np.float32) / np.float32(255)
        return np.ascontiguousarray(small.transpose(2, 0, 1))

    def encode_pictures(self, batch: Pixels) -> Vectors:
        time.sleep(float(self._slow.read_text()) if self._slow.exists() else 0)
        return as_stored(unit(batch.reshape(len(batch), -1) @ self._mix))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        seeds = [sum(text.encode()) for text in texts]
        drawn = [np.random.default_rng(seed).normal(size=self.dimension) for seed in seeds]
        return as_stored(unit(np.array(drawn).reshape(-1, self.dimension)))


def load_colours(name: str, *, cache: Path) -> Colours:
    """As `concepts.encoders.load_encoder`."""
    return Colours.load(name, cache)


def load_another(name: str, *, cache: Path) -> Colours:
    """Other weights under the same name, say."""
    return Colours("another", cache)


class NextDoor(InProcess):
    """This process, as if it were another: only copies cross, made as `pickle` makes them."""

    def map(
        self, task: Any, batches: Iterable[list[Any]], waiting: Waiting = nothing
    ) -> Generator[Any, None, None]:
        for result in super().map(deepcopy(task), map(deepcopy, batches), waiting):
            yield deepcopy(result)


def vectors_of(bench: App) -> tuple[list[str], np.ndarray[Any, Any]]:
    index: VectorReader = collection_of(bench).index()
    ids = list(index.ids)
    return ids, index.vectors(ids)


def assert_same(bench: App, other: App) -> None:
    ids, vectors = vectors_of(bench)
    others, expected = vectors_of(other)
    assert len(set(ids)) == len(ids)
    assert ids == others
    assert np.array_equal(vectors, expected)
