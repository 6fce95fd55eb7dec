"""`classifier.onnx`: one graph from pictures to answers; encoder, heads, calibration, thresholds in it."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concepts.bundle.facts import BundleFacts
from concepts.bundle.heads import AnswerNodes, BundleHead, description
from concepts.encoders.base import MAY_BE_PASSED_ON, Encoder, Portable, PortableEncoder
from concepts.errors import EncoderError
from storage.sums import read_kept, write_kept

OPSET = 18
IR_VERSION = 10  # onnxruntime 1.18 and later read it
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
    import torch

    assert isinstance(encoder, PortableEncoder)
    try:
        portable = encoder.portable()
        weighs = sum(weights.numel() * weights.element_size() for weights in portable.network.parameters())
        if weighs > MOST_BYTES:
            return f"its weights are {weighs / 2**20:,.0f} MB, and at most {MOST_BYTES // 2**20} MB go along"
        made_with = hashlib.sha256(f"{EXPORT} {torch.__version__}".encode()).hexdigest()[:8]
        place = cache / f"encoder-{encoder.fingerprint}-{made_with}.onnx.kept"
        content = kept(place, lambda: _exported(portable))
    except EncoderError as error:
        return str(error)
    return EncoderGraph(
        content,
        encoder.licence,
        portable.notice,
        portable.height,
        portable.width,
        portable.fit,
        portable.interpolation,
        short_side,
    )


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """What lies in the file; or, where that is nothing or damaged, what is made anew and kept there."""
    found = read_kept(path)
    if not found:
        write_kept(path, found := make())
    return found


def _exported(portable: Portable) -> bytes:
    """By PyTorch's exporter. Raises `EncoderError` for a network that it can't write."""
    import torch

    example = torch.zeros((2, 3, portable.height, portable.width), dtype=torch.uint8)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's remarks, which are about its own code
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


def _strip(model: Any) -> None:
    """Without what the exporter notes of this computer: paths and lines of source in every node."""
    graph = model.graph
    del graph.value_info[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output, graph, model):
        del part.metadata_props[:]
        part.doc_string = ""


def classifier_bytes(encoder: EncoderGraph, heads: Sequence[BundleHead], facts: BundleFacts) -> bytes:
    """`pictures` uint8 (n, 3, height, width) → what `AnswerNodes` says.

    What `classify.py` has to know lies in the metadata.
    """
    import onnx
    from onnx import helper

    model = onnx.load_from_string(encoder.content)
    graph = model.graph
    graph.name = "discern_classifier"
    answers = AnswerNodes(facts, heads, vectors="vectors")
    graph.initializer.extend(answers.initializers)
    graph.node.extend(answers.nodes)
    del graph.output[:]
    graph.output.extend(answers.outputs("n"))
    model.producer_name, model.producer_version = "discern", facts.discern_version
    model.ir_version = min(model.ir_version, IR_VERSION)
    about = description(facts) | {"pictures": how_shown(encoder)}
    helper.set_model_props(model, {"discern": json.dumps(about, sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def how_shown(encoder: EncoderGraph) -> dict[str, Any]:
    """How a picture gets the size that the graph takes."""
    names = ("height", "width", "fit", "interpolation", "short_side")
    return {name: getattr(encoder, name) for name in names}
