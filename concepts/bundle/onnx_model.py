"""The heads of a bundle as an ONNX graph over embeddings, built by hand: a few nodes need no exporter."""

from __future__ import annotations

import json
from collections.abc import Sequence

from concepts.bundle.answer_nodes import AnswerNodes
from concepts.bundle.facts import BundleFacts
from concepts.bundle.heads import BundleHead, stacked
from concepts.bundle.rules import Combined, OneOf

# Old enough for every runtime of the last five years, new enough for all operators in double.
OPSET = 13
IR_VERSION = 8
FORMAT = 2  # of the description that lies in a graph


def onnx_bytes(heads: Sequence[BundleHead], facts: BundleFacts) -> bytes:
    """`embedding` float32 [batch, d] → what `AnswerNodes` says, checked by onnx.checker."""
    import onnx
    from onnx import TensorProto, helper

    answers = AnswerNodes(facts, *stacked(heads), vectors="embedding")
    graph = helper.make_graph(
        nodes=answers.nodes,
        name="discern_head",
        inputs=[
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", facts.encoder.dimension])
        ],
        outputs=answers.outputs("batch"),
        initializer=answers.initializers,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="discern",
        producer_version=facts.discern_version,
    )
    helper.set_model_props(model, {"discern": json.dumps(description(facts), sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def description(facts: BundleFacts) -> dict[str, object]:
    """What a program has to know to use a graph: its columns, and whose vectors it takes."""
    return {
        "format": FORMAT,
        "columns": columns_of(facts),
        "graded": [concept.concept for concept in facts.concepts if concept.grades],
        "one_of": facts.rule.none if isinstance(facts.rule, OneOf) else None,
        "fingerprint": facts.encoder.fingerprint,
        "weights_sha256": facts.encoder.weights_sha256,
    }


def columns_of(facts: BundleFacts) -> list[dict[str, object]]:
    """Name, threshold and version of each; what a rule combines to has no version."""
    columns: list[dict[str, object]] = [
        {"name": concept.concept, "threshold": concept.head.threshold, "version": concept.head.number}
        for concept in facts.concepts
    ]
    if isinstance(facts.rule, Combined):
        columns.insert(0, {"name": facts.rule.name, "threshold": facts.rule.threshold, "version": None})
    return columns
