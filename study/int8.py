"""A concept's classifier with its encoder in int8: half as large and faster, and it decides slightly
differently. What that changes is printed: how many test pictures are decided as with float32.

    python -m study.int8 CONCEPT --out FOLDER

Static quantisation by ONNX Runtime: convolutions and what lies between them, weights by channel, activations
between the ends that calibration pictures reach. These are the library's own, never test pictures. The heads
are fitted to the new vectors. Its encoder has another fingerprint, so `discern score` can't use such a
bundle; its `classify.py` and its page do.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
from scipy.optimize import minimize

from concepts.bundle.facts import EncoderFacts
from concepts.bundle.heads import BundleHead, EncoderGraph
from concepts.bundle.reading import BadPictureError as UnreadableError
from concepts.bundle.reading import Reader
from concepts.bundle.write import BundlePart, write_bundle
from concepts.encoders.base import Fingerprint, Vectors
from concepts.encoders.nodes import session
from concepts.errors import BadPictureError, DiscernError
from concepts.learning.base import FAMILIAR_FROM, Floats
from concepts.learning.intervals import clopper_pearson
from concepts.library.collection import Collection, collection_of
from concepts.results.bundles import exported
from concepts.results.export import INT8, encoder_facts, graph_of
from concepts.results.heads import head_of
from concepts.results.training import check_fingerprint
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from storage.pictures import sources

QUANTISED = ("Conv", "Clip")  # what tells classes and words apart stays in float32
SMALLEST_SLOPE = 1e-3
BATCH = 8
CALIBRATION, FEWEST = 300, 50  # pictures

Pictures = NDArray[np.uint8]  # (n, 3, height, width)


@dataclass(frozen=True)
class Int8:
    """The quantised graph, and vectors (n, d) of its calibration pictures: float32's, and its own."""

    graph: EncoderGraph
    float32: Vectors
    int8: Vectors

    def facts(self, about: EncoderFacts) -> EncoderFacts:
        """What a bundle says of it: two calibrations are two encoders."""
        precision = f"{INT8}{hashlib.sha256(self.graph.content).hexdigest()[:12]}"
        parts = Fingerprint(about.architecture, about.weights_sha256, about.preprocessing, precision)
        return about.model_copy(update={"precision": precision, "fingerprint": str(parts)})


class Agreement(NamedTuple):
    """Of n test pictures, `same` are decided as with float32. That needs no labels."""

    same: int
    n: int

    def __str__(self) -> str:
        if not self.n:
            return "It has no test pictures, so what int8 changes isn't known."
        low, high = clopper_pearson(self.same, self.n, 0.05)
        share = f"({100 * low:.1f}–{100 * high:.1f} of 100)"
        return f"{self.same:,} of {self.n:,} test pictures are decided as with float32 {share}."


def quantised(graph: EncoderGraph, pictures: Pictures) -> Int8:
    """Raises `DiscernError` for a graph that has no convolutions."""
    if not any(node.op_type == "Conv" for node in onnx.load_from_string(graph.content).graph.node):
        raise DiscernError("Only an encoder of convolutions can be in int8; this one has none.")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "int8.onnx"
        quantize_static(
            onnx.load_from_string(graph.content),
            out,
            _Reader(pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED),
            per_channel=True,
            # 7 bits: without VNNI a processor adds products of 8 in 16 bits, which overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        smaller = replace(graph, content=out.read_bytes())
    return Int8(smaller, vectors_of(graph, pictures), vectors_of(smaller, pictures))


class _Reader:
    """As ONNX Runtime asks for calibration pictures."""

    def __init__(self, pictures: Pictures) -> None:
        self._batches = iter(_batches(pictures))

    def get_next(self) -> dict[str, Pictures] | None:
        found = next(self._batches, None)
        return None if found is None else {"pictures": found}


def _batches(pictures: Pictures) -> list[Pictures]:
    return [pictures[i : i + BATCH] for i in range(0, len(pictures), BATCH)]


def vectors_of(graph: EncoderGraph, pictures: Pictures) -> Vectors:
    """(n, d), of unit length."""
    run = session(graph.content).run
    return np.concatenate([run(None, {"pictures": batch})[0] for batch in _batches(pictures)])


def fitted(head: BundleHead, int8: Int8) -> BundleHead:
    """The head for int8's vectors: its logits stretched and moved to say on the calibration pictures what it
    says of float32's. The threshold stays."""
    line = head.line
    a, c = _stretch(line.logits(int8.int8), line.probabilities(int8.float32))
    before, after = line.familiarity(int8.float32), line.familiarity(int8.int8)
    if line.familiar_from is not None and before is not None and after is not None:
        moved = line.familiar_from + float((after - before).mean())
        line = replace(line, details=line.details | {FAMILIAR_FROM: moved})
    return BundleHead(line.calibrated(a, c), None if head.cuts is None else a * head.cuts + c)


def _stretch(logits: Floats, probability: Floats) -> tuple[float, float]:
    """a, c of sigmoid(a · logits + c) that are nearest to the probabilities, by cross-entropy. logits,
    probability (n,)."""

    def loss(ac: Floats) -> tuple[float, Floats]:
        z = ac[0] * logits + ac[1]
        residual = 0.5 * (1 + np.tanh(z / 2)) - probability
        value = float((np.logaddexp(0, z) - probability * z).mean())
        return value, np.array([(residual * logits).mean(), residual.mean()])

    bounds = [(SMALLEST_SLOPE, None), (None, None)]
    a, c = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(a), float(c)


def export(bench: App, name: str, out: Path) -> Agreement:
    """Writes the bundle of the newest version. Raises `DiscernError` for classes, for a concept about a part
    of pictures, and where the encoder can't go along or too few pictures can be read."""
    concept, collection = bench.concept(name), collection_of(bench)
    head = head_of(concept, None)
    check_fingerprint(head, collection)
    if head.classes is not None or collection.parts.focus(concept.id):
        raise DiscernError("There is no int8 form of exclusive classes, or of a part of pictures.")
    encoder, graph = graph_of(collection, concept.id)
    if isinstance(graph, str):
        raise DiscernError(f"The encoder can't go along: {graph}.")
    version = exported(concept, head)
    reader = Reader(graph.shown)
    others = sorted(set(collection.index().ids) - set(version.dataset.apart))
    order = np.random.default_rng(0).permutation(len(others))[: 2 * CALIBRATION]  # some files may be gone
    shown = list(islice(_read(collection, reader, [others[place] for place in order]), CALIBRATION))
    if len(shown) < FEWEST:
        raise DiscernError(f"int8 is calibrated on {FEWEST} pictures or more, and {len(shown)} can be used.")
    int8 = quantised(graph, np.stack(shown))
    (part,) = version.parts()
    moved = fitted(part.head, int8)
    same = n = 0
    tested = _read(collection, reader, list(version.dataset.evaluation))
    while batch := list(islice(tested, BATCH)):
        some = np.stack(batch)
        before, after = part.head.line, moved.line
        yes = before.probabilities(vectors_of(graph, some)) >= before.threshold
        same += int((yes == (after.probabilities(vectors_of(int8.graph, some)) >= after.threshold)).sum())
        n += len(batch)
    found = Agreement(same, n)
    note = f"Its figures were measured with the encoder in float32; this one computes in int8. {found}"
    facts = part.facts.model_copy(update={"notes": (*part.facts.notes, note)})
    smaller: BundlePart = replace(part, head=moved, facts=facts)
    write_bundle(out, [smaller], int8.facts(encoder_facts(encoder)), int8.graph, page=True)
    return found


def _read(collection: Collection, reader: Reader, ids: Sequence[str]) -> Iterator[Pictures]:
    """(3, height, width) of each that can be read."""
    for picture in collection.library.pictures(ids):
        for uri in picture.files:
            try:
                yield reader.pixels(sources.read(uri))
            except (BadPictureError, UnreadableError):
                continue
            break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("concept")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    bench = open_app(load_settings())
    try:
        print(export(bench, options.concept, options.out))
    except DiscernError as error:
        sys.exit(f"discern: {error}")
    finally:
        bench.close()


if __name__ == "__main__":
    main()
