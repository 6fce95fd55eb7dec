"""`classifier.onnx`: one graph from pictures to answers; encoder, head, calibration and threshold in it."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from concepts.encoders.base import Encoder
from concepts.encoders.portable import Portable, PortableEncoder
from concepts.errors import EncoderError
from concepts.export.facts import BundleFacts
from concepts.learning.base import LinearHead
from storage.files import write_whole

FORMAT = 1  # of the description that lies in the graph
OPSET = 18
IR_VERSION = 10  # onnxruntime 1.18 and later read it
MAY_BE_PASSED_ON = frozenset({"Apache-2.0", "MIT"})
MOST_BYTES = 512 * 2**20  # of the encoder's weights; a download of more belongs where its makers keep it
EXPORT = "1"  # a change of how the encoder becomes a graph gets another number, which makes kept ones anew

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncoderGraph:
    """`content` is an ONNX graph: `pictures` uint8 (n, 3, height, width) → `vectors` float32 (n, dimension).

    A JPEG may be shrunk while decoding to no less than `short_side` pixels.
    """

    content: bytes
    licence: str
    notice: str
    height: int
    width: int
    fit: str
    interpolation: str
    short_side: int


def why_alone(encoder: Encoder) -> str | None:
    """What is known without making its graph: why the encoder can't go along; None where it can."""
    if encoder.licence not in MAY_BE_PASSED_ON:
        return (
            f"the licence of its weights is {encoder.licence}, which doesn't say that they may be passed on"
        )
    return None if isinstance(encoder, PortableEncoder) else "it can't be written as a graph"


def encoder_graph(encoder: Encoder, short_side: int, cache: Path) -> EncoderGraph | str:
    """The encoder as a graph, made in seconds and kept in `cache`; or, where it can't go along, why."""
    if reason := why_alone(encoder):
        return reason
    assert isinstance(encoder, PortableEncoder)
    try:
        portable = encoder.portable()
        size = sum(weights.numel() * weights.element_size() for weights in portable.network.parameters())
        if size > MOST_BYTES:
            return f"its weights are {size / 2**20:,.0f} MB, and at most {MOST_BYTES // 2**20} MB go along"
        content = _kept(portable, str(encoder.fingerprint), cache)
    except EncoderError as error:
        return str(error)
    return EncoderGraph(
        content=content,
        licence=encoder.licence,
        notice=portable.notice,
        height=portable.height,
        width=portable.width,
        fit=portable.fit,
        interpolation=portable.interpolation,
        short_side=short_side,
    )


def _kept(portable: Portable, fingerprint: str, cache: Path) -> bytes:
    """The graph from `cache`, where its first 32 bytes are the SHA-256 of the others, or made anew."""
    import torch

    made_with = hashlib.sha256(f"{EXPORT} {torch.__version__}".encode()).hexdigest()[:8]
    path = cache / f"encoder-{fingerprint}-{made_with}.onnx.kept"
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    digest, graph = content[:32], content[32:]
    if not graph or hashlib.sha256(graph).digest() != digest:
        graph = _exported(portable)
        write_whole(path, hashlib.sha256(graph).digest() + graph)
    return graph


def _exported(portable: Portable) -> bytes:
    """By PyTorch's exporter. Raises `EncoderError` for a network that it can't write."""
    import torch

    example = torch.zeros((2, 3, portable.height, portable.width), dtype=torch.uint8)
    try:
        with _quiet():
            program = torch.onnx.export(
                portable.network,
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=["pictures"],
                output_names=["vectors"],
                dynamic_shapes={"pictures": {0: torch.export.Dim("n")}},
                verbose=False,
            )
        assert program is not None
        model = program.model_proto
    except Exception as error:  # the exporter raises whatever it met
        log.warning("The encoder can't be written as a graph.", exc_info=True)
        raise EncoderError("PyTorch's ONNX exporter can't write this network") from error
    _strip(model)
    return bytes(model.SerializeToString(deterministic=True))


@contextmanager
def _quiet() -> Any:
    """Without the exporter's remarks, which are about its own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _strip(model: Any) -> None:
    """Without what the exporter notes of this computer: paths and lines of source in every node."""
    graph = model.graph
    described = (
        *graph.node,
        *graph.initializer,
        *graph.input,
        *graph.output,
        *graph.value_info,
        graph,
        model,
    )
    for part in described:
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]


def classifier_bytes(encoder: EncoderGraph, head: LinearHead, facts: BundleFacts) -> bytes:
    """`pictures` uint8 (n, 3, height, width) → `probability` float32 (n,) and `decision` bool (n,).

    The head computes in float64, as in `head.onnx`. What `classify.py` has to know lies in the metadata.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(encoder.content)
    graph = model.graph
    graph.name = "discern_classifier"
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.asarray(head.weights, dtype=np.float64), "head_weights"),
            numpy_helper.from_array(np.asarray(head.bias, dtype=np.float64), "head_bias"),
            numpy_helper.from_array(np.asarray(head.threshold, dtype=np.float64), "head_threshold"),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Cast", ["vectors"], ["vectors64"], to=TensorProto.DOUBLE),
            helper.make_node("MatMul", ["vectors64", "head_weights"], ["similarity"]),
            helper.make_node("Add", ["similarity", "head_bias"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["probability64"]),
            helper.make_node("Cast", ["probability64"], ["probability"], to=TensorProto.FLOAT),
            helper.make_node("GreaterOrEqual", ["probability64", "head_threshold"], ["decision"]),
        ]
    )
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("decision", TensorProto.BOOL, ["n"]),
        ]
    )
    model.producer_name, model.producer_version = "discern", facts.discern_version
    model.ir_version = min(model.ir_version, IR_VERSION)
    helper.set_model_props(model, {"discern": json.dumps(_description(encoder, head, facts), sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _description(encoder: EncoderGraph, head: LinearHead, facts: BundleFacts) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "concept": facts.concept,
        "version": facts.head.number,
        "fingerprint": facts.encoder.fingerprint,
        "threshold": head.threshold,
        "height": encoder.height,
        "width": encoder.width,
        "fit": encoder.fit,
        "interpolation": encoder.interpolation,
        "short_side": encoder.short_side,
    }
