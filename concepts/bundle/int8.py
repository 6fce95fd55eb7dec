"""An encoder's graph in int8: a smaller and faster one, whose vectors are a little different ones.

Static quantisation by ONNX Runtime: convolutions and what lies between them, weights by channel, activations
between the ends that calibration pictures reach. The heads are fitted to its vectors.
"""

from __future__ import annotations

import hashlib
import io
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concepts.bundle.classifier_model import EncoderGraph, kept
from concepts.bundle.heads import BundleHead
from concepts.encoders.base import Vectors
from concepts.encoders.nodes import session
from concepts.errors import EncoderError
from concepts.learning.base import FAMILIAR_FROM, Floats

QUANTISED = ("Conv", "Clip")  # what tells classes and words apart stays in float32
INT8 = "int8-"  # how the precision of such an encoder begins
WAY = "2"  # a change of how it is made gets another number, which makes kept ones anew
SMALLEST_SLOPE = 1e-3
BATCH = 8

Pictures = NDArray[np.uint8]  # (n, 3, height, width)


class Int8Calibration(NamedTuple):
    """Of the pictures the last `made_up` are nobody's."""

    pictures: Pictures
    made_up: int


@dataclass(frozen=True)
class Int8:
    """The quantised graph, and vectors (n, d) of its calibration pictures: float32's, and its own."""

    graph: EncoderGraph
    made_up: int
    float32: Vectors
    int8: Vectors

    @property
    def precision(self) -> str:
        """As a fingerprint names it: two calibrations are two encoders."""
        return f"{INT8}{hashlib.sha256(self.graph.content).hexdigest()[:12]}"


def quantised(graph: EncoderGraph, key: str, read: Callable[[], Int8Calibration], cache: Path) -> Int8:
    """Kept in `cache` under `key`, which stands for the graph and the pictures that `read` gives.

    Raises `EncoderError` for a graph that has no convolutions.
    """
    import onnxruntime

    def made() -> bytes:
        pictures, made_up = read()
        content = _quantised(graph.content, pictures)
        before, after = vectors_of(graph.content, pictures), vectors_of(content, pictures)
        file = io.BytesIO()
        np.savez(file, graph=np.frombuffer(content, np.uint8), made_up=made_up, float32=before, int8=after)
        return file.getvalue()

    made_with = hashlib.sha256(f"{WAY} {onnxruntime.__version__} {key}".encode()).hexdigest()[:16]
    content = kept(cache / f"int8-{made_with}.npz.kept", made)
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        smaller = replace(graph, content=found["graph"].tobytes())
        return Int8(smaller, int(found["made_up"]), found["float32"], found["int8"])


def _quantised(content: bytes, pictures: Pictures) -> bytes:
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    model = onnx.load_from_string(content)
    if not any(node.op_type == "Conv" for node in model.graph.node):
        raise EncoderError(
            "Only an encoder of convolutions can be made smaller with int8; this one has none."
        )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "int8.onnx"
        with _without_advice():
            quantize_static(
                model,
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
        return out.read_bytes()


@contextmanager
def _without_advice() -> Iterator[None]:
    """It recommends to prepare the graph, by folding batch norms say, which was done. On the root of logs."""

    def other(record: logging.LogRecord) -> bool:
        return "pre-processing before quantization" not in record.getMessage()

    root = logging.getLogger()
    root.addFilter(other)
    try:
        yield
    finally:
        root.removeFilter(other)


class _Reader:
    """As ONNX Runtime asks for calibration pictures."""

    def __init__(self, pictures: Pictures) -> None:
        self._batches = iter(batches(pictures))

    def get_next(self) -> dict[str, Pictures] | None:
        found = next(self._batches, None)
        return None if found is None else {"pictures": found}


def batches(pictures: Pictures) -> list[Pictures]:
    return [pictures[i : i + BATCH] for i in range(0, len(pictures), BATCH)]


def vectors_of(content: bytes, pictures: Pictures) -> Vectors:
    run = session(content).run
    return np.concatenate([run(None, {"pictures": batch})[0] for batch in batches(pictures)])


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
    from scipy.optimize import minimize

    def loss(ac: Floats) -> tuple[float, Floats]:
        z = ac[0] * logits + ac[1]
        residual = 0.5 * (1 + np.tanh(z / 2)) - probability
        value = float((np.logaddexp(0, z) - probability * z).mean())
        return value, np.array([(residual * logits).mean(), residual.mean()])

    bounds = [(SMALLEST_SLOPE, None), (None, None)]
    a, c = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(a), float(c)


def pace(graph: EncoderGraph, smaller: EncoderGraph, pictures: Pictures) -> list[float]:
    """Pictures a second of both on one core, measured by turns so that both have the same luck."""
    taken = [0.0, 0.0]
    sessions = [session(graph.content), session(smaller.content)]
    for one in sessions:
        one.run(None, {"pictures": pictures[:1]})  # what is prepared at the first
    for batch in batches(pictures):
        for place, one in enumerate(sessions):
            started = time.perf_counter()
            one.run(None, {"pictures": batch})
            taken[place] += time.perf_counter() - started
    return [len(pictures) / max(seconds, 1e-9) for seconds in taken]
