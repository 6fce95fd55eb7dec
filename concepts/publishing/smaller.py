"""A library's int8 encoder: made from its own pictures, and what deciding with it changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from concepts.bundle.classifier_model import EncoderGraph, encoder_graph, how_shown
from concepts.bundle.facts import EncoderFacts
from concepts.bundle.heads import BundleHead
from concepts.bundle.int8 import BATCH, Int8, Int8Calibration, Pictures, fitted, pace, quantised
from concepts.bundle.reading import BadPictureError as UnreadableError
from concepts.bundle.reading import Reader
from concepts.classifier.training import check_fingerprint, linear_head
from concepts.encoders.base import Fingerprint
from concepts.encoders.nodes import session
from concepts.errors import BadPictureError, DiscernError
from concepts.jobs import Listener
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.intervals import clopper_pearson
from concepts.library.collection import Collection
from concepts.library.ingestion import short_side
from concepts.view import View
from storage.heads import StoredHead
from storage.pictures import sources

CALIBRATION = 300  # pictures
FEWEST = 50
MADE_UP = 32
ERROR = 0.05
SEED = 0


class EncoderAgreement(View):
    """Of n pictures of a concept's evaluation set, `same` are decided as with float32; with the exact 95 %
    interval of that share. They need no labels."""

    concept: str
    version: int
    n: int
    same: int
    low: float
    high: float

    @property
    def sentence(self) -> str:
        if not self.n:
            return f"“{self.concept}” has no test pictures, so what int8 changes isn’t known."
        return (
            f"“{self.concept}”: {self.same:,} of {self.n:,} test pictures are decided as with "
            f"float32 ({100 * self.low:.1f}–{100 * self.high:.1f} of 100)."
        )


class Int8Measured(View):
    """Sizes in bytes of the encoder alone, pictures a second on one core without reading files. `made_up` of
    the pictures it was calibrated on are no pictures of the library's. `key` is what the graph is kept under.
    """

    key: str
    calibrated_on: int
    made_up: int = 0
    float32_bytes: int
    int8_bytes: int
    float32_per_second: float
    int8_per_second: float
    agreements: tuple[EncoderAgreement, ...]

    @property
    def sentence(self) -> str:
        own = self.calibrated_on - self.made_up
        pictures = f"{own:,} of your pictures" if own else ""
        if self.made_up:
            made_up = f"{self.made_up} made-up pictures, since fewer than {FEWEST} of yours can be used"
            pictures = f"{pictures} and {made_up}" if own else made_up
        return (
            f"int8, calibrated on {pictures}: {self.int8_bytes / 1e6:.1f} MB "
            f"instead of {self.float32_bytes / 1e6:.1f}, {self.int8_per_second:.0f} pictures a second and "
            f"core instead of {self.float32_per_second:.0f}."
        )


class ChosenEncoder(NamedTuple):
    name: str
    dataset: ConceptDataset
    head: StoredHead


def measure_int8(chosen: Sequence[ChosenEncoder], listener: Listener) -> Int8Measured:
    """Makes the int8 encoder where it isn't kept, and compares what the versions decide with it.

    Their test pictures are never calibrated on. Where too few others can be read, made-up ones join them.

    Raises `DiscernError` where the encoder can't go along, or can't be quantised.
    """
    collection = chosen[0].dataset.collection
    for one in chosen:
        check_fingerprint(one.head, collection)
        if collection.parts.focus(one.head.concept_id):
            raise DiscernError(
                f"“{one.name}” is about a part of pictures, which can't be exported in int8. Use float32."
            )
    graph = _graph(collection)
    apart = set().union(*(one.dataset.apart for one in chosen))
    every = sorted(set(collection.index().ids) - apart)
    # More than are wanted, as some files may be gone: the same for the same library.
    order = np.random.default_rng(SEED).permutation(len(every))[: 2 * CALIBRATION]
    ids = [every[place] for place in order]
    key = hashlib.sha256(f"{collection.recorded().fingerprint} {ids}".encode()).hexdigest()[:16]
    reader = Reader(how_shown(graph))
    listener(0, None, "reads pictures to calibrate on")

    def calibration() -> Int8Calibration:
        read = list(islice(_read(collection, reader, ids), CALIBRATION))
        own = len(read)
        if own < FEWEST:
            read.extend(_noise(graph.height, graph.width))
        listener(0, None, f"calibrates on {len(read)} pictures")
        return Int8Calibration(np.stack(read), len(read) - own)

    int8 = quantised(graph, key, calibration, collection.cache)
    grey = np.full((3, graph.height, graph.width), 127, np.uint8)
    some = np.stack(list(islice(_read(collection, reader, ids), 4 * BATCH)) or [grey])
    float32_pace, int8_pace = pace(graph, int8.graph, some)
    agreements = []
    for done, one in enumerate(chosen):
        listener(done, len(chosen), "compares decisions")
        agreements.append(_agreement(reader, one, graph, int8))
    return Int8Measured(
        key=key,
        calibrated_on=len(int8.int8),
        made_up=int8.made_up,
        float32_bytes=len(graph.content),
        int8_bytes=len(int8.graph.content),
        float32_per_second=float32_pace,
        int8_per_second=int8_pace,
        agreements=tuple(agreements),
    )


def kept_int8(collection: Collection, measured: Int8Measured) -> Int8:
    """What was measured. Raises `DiscernError` where it isn't kept any more."""
    graph = _graph(collection)

    def gone() -> Int8Calibration:
        raise DiscernError("The int8 encoder that was measured is not kept any more. Measure it again.")

    return quantised(graph, measured.key, gone, collection.cache)


def int8_facts(facts: EncoderFacts, int8: Int8) -> EncoderFacts:
    """The encoder with a fingerprint of its own."""
    known = (facts.architecture, facts.weights_sha256, facts.preprocessing)
    fingerprint = Fingerprint(*known, int8.precision)
    return facts.model_copy(update={"precision": int8.precision, "fingerprint": str(fingerprint)})


def _graph(collection: Collection) -> EncoderGraph:
    encoder = collection.encoder()
    graph = encoder_graph(encoder, short_side(encoder), collection.cache)
    if isinstance(graph, str):
        raise DiscernError(f"The encoder can't be made smaller: {graph}.")
    return graph


def _noise(height: int, width: int) -> Pictures:
    """Nobody's pictures: noise whose amplitude falls as in photographs, as one over the frequency, around a
    middle grey."""
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.maximum(np.hypot(down, across), 1 / max(height, width))
    white = np.random.default_rng(SEED).normal(size=(MADE_UP, 3, height, width))
    noise = np.fft.irfft2(np.fft.rfft2(white) / frequency, s=(height, width))
    noise -= noise.mean((2, 3), keepdims=True)
    noise *= 50 / noise.std((2, 3), keepdims=True)
    return (127 + noise).clip(0, 255).astype(np.uint8)


def _read(collection: Collection, reader: Reader, ids: Sequence[str]) -> Iterator[Pictures]:
    """(3, height, width) of each that can be read."""
    for picture in collection.library.pictures(ids):
        for uri in picture.files:
            try:
                yield reader.pixels(sources.read(uri))
            except (BadPictureError, UnreadableError):
                continue
            break


def _agreement(reader: Reader, one: ChosenEncoder, graph: EncoderGraph, int8: Int8) -> EncoderAgreement:
    line = linear_head(one.head)
    moved = fitted(BundleHead(line), int8).line
    sessions = [session(graph.content), session(int8.graph.content)]
    same = n = 0
    pictures = _read(one.dataset.collection, reader, list(one.dataset.evaluation))
    while batch := list(islice(pictures, BATCH)):
        given = {"pictures": np.stack(batch)}
        as_float, as_int8 = (one.run(None, given)[0] for one in sessions)
        yes = line.probabilities(as_float) >= line.threshold
        same += int((yes == (moved.probabilities(as_int8) >= moved.threshold)).sum())
        n += len(batch)
    low, high = map(float, clopper_pearson(same, n, ERROR))
    return EncoderAgreement(concept=one.name, version=one.head.number, n=n, same=same, low=low, high=high)
