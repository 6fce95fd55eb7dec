"""`classifier.onnx`: one graph from pictures to answers; encoder, heads, calibration, thresholds in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concepts.bundle.facts import BundleFacts
from concepts.bundle.heads import AnswerNodes, BundleHead, description
from concepts.encoders.base import MAY_BE_PASSED_ON, Encoder, PortableEncoder
from concepts.encoders.nodes import IR_VERSION
from concepts.errors import EncoderError
from storage.files import read_kept, write_kept

EXPORT = "2"  # a change of how the encoder becomes a graph gets another number, which makes kept ones anew


@dataclass(frozen=True)
class EncoderGraph:
    """`content` is an ONNX graph: `pictures` uint8 (n, 3, height, width) → `vectors` float32 (n, dimension).

    `shown`: how a picture gets the size that the graph takes. A JPEG may be shrunk while decoding to no less
    than its `short_side` pixels.
    """

    content: bytes
    licence: str
    notice: str
    shown: dict[str, Any]


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
        made_with = hashlib.sha256(f"{EXPORT} {portable.made_with}".encode()).hexdigest()[:8]
        content = kept(cache / f"encoder-{encoder.fingerprint}-{made_with}.onnx.kept", portable.graph)
    except EncoderError as error:
        return str(error)
    shown = {name: getattr(portable, name) for name in ("height", "width", "fit", "interpolation")}
    return EncoderGraph(content, encoder.licence, portable.notice, shown | {"short_side": short_side})


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """What lies in the file; or, where that is nothing or damaged, what is made anew and kept there."""
    found = read_kept(path)
    if not found:
        write_kept(path, found := make())
    return found


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
    about = description(facts) | {"pictures": encoder.shown}
    helper.set_model_props(model, {"discern": json.dumps(about, sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))
