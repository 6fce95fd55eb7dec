"""The heads of a bundle: as `head.safetensors`, as nodes of an ONNX graph, which need no exporter, and behind
an encoder as `classifier.onnx`, one graph from pictures to answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.bundle.facts import AllOf, BundleFacts, Combined, Expression, Grades, Is, Not, OneOf, parts_of
from concepts.encoders.base import MAY_BE_PASSED_ON, Encoder, PortableEncoder, Vectors
from concepts.encoders.nodes import IR_VERSION, Nodes
from concepts.errors import EncoderError
from concepts.learning.base import Floats, LinearHead, Prototypes
from storage.files import read_kept, write_kept

# Old enough for every runtime of the last five years, new enough for all operators in double.
OPSET = 13
HEAD_IR_VERSION = 8
FORMAT = 2  # of the description that lies in a graph


@dataclass(frozen=True)
class BundleHead:
    """The line between yes and no, and of a graded concept all its lines: `cuts` (n - 1,) of n grades,
    `line.bias` one of them; else None."""

    line: LinearHead
    cuts: Floats | None = None


def tensors_of(heads: Sequence[BundleHead]) -> dict[str, NDArray[np.floating]]:
    """As `head.safetensors` holds them: in their own precision, so that a loaded head is the head, bit for
    bit."""
    found: dict[str, NDArray[np.floating]] = {}
    for place, head in enumerate(heads):
        found[f"{place}.weights"] = np.ascontiguousarray(head.line.weights, dtype=np.float64)
        found[f"{place}.bias"] = np.array([head.line.bias], dtype=np.float64)
        if head.line.prototypes is not None:
            found[f"{place}.yes"] = np.ascontiguousarray(head.line.prototypes.yes, dtype=np.float32)
            found[f"{place}.no"] = np.ascontiguousarray(head.line.prototypes.no, dtype=np.float32)
        if head.cuts is not None:
            found[f"{place}.cuts"] = np.ascontiguousarray(head.cuts, dtype=np.float64)
    return found


def check_cuts(bias: float, cuts: Floats, grades: Grades) -> None:
    """Raises ValueError for cuts that don't fall, or where the line of yes is none of them."""
    if len(cuts) != grades.n - 1 or (np.diff(cuts) > 0).any():
        raise ValueError(f"{grades.n} grades need {grades.n - 1} cuts that fall")
    if cuts[grades.counts_from - 2] != bias:
        raise ValueError(f"its bias is not the cut below grade {grades.counts_from}")


def onnx_bytes(heads: Sequence[BundleHead], facts: BundleFacts) -> bytes:
    """`embedding` float32 [batch, d] → what `AnswerNodes` says, checked by onnx.checker."""
    import onnx
    from onnx import TensorProto, helper

    answers = AnswerNodes(facts, heads, vectors="embedding")
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
        ir_version=HEAD_IR_VERSION,
        producer_name="discern",
        producer_version=facts.discern_version,
    )
    helper.set_model_props(model, {"discern": json.dumps(description(facts), sort_keys=True)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def description(facts: BundleFacts) -> dict[str, Any]:
    """What a program has to know to use a graph: its columns, and whose vectors it takes."""
    return {
        "format": FORMAT,
        "columns": columns_of(facts),
        "graded": [concept.concept for concept in facts.concepts if concept.grades],
        "familiar": list(facts.familiar),
        "one_of": facts.rule.none if isinstance(facts.rule, OneOf) else None,
        "fingerprint": facts.encoder.fingerprint,
        "weights_sha256": facts.encoder.weights_sha256,
    }


def columns_of(facts: BundleFacts) -> list[dict[str, Any]]:
    """Name, threshold and version of each; what a rule combines to has no version."""
    columns: list[dict[str, Any]] = [
        {"name": concept.concept, "threshold": concept.head.threshold, "version": concept.head.number}
        for concept in facts.concepts
    ]
    if isinstance(facts.rule, Combined):
        columns.insert(0, {"name": facts.rule.name, "threshold": facts.rule.threshold, "version": None})
    return columns


class AnswerNodes(Nodes):
    """`vectors` (n, d), by that name → `probability` float32 (n, columns), `decision` bool (n, columns), and
    where a concept is graded `grade` float32 (n, graded), and where it is known of concepts `familiarity`
    float32 (n, of these); as `scorer.py` computes them.

    It computes in float64: in float32 a head whose weights have norm 10,000 is off by 4e-5
    (1,664 dimensions), in float64 by 3e-8, which is the rounding of the output.
    """

    def __init__(self, facts: BundleFacts, heads: Sequence[BundleHead], vectors: str) -> None:
        super().__init__("answers")
        self._facts = facts
        vectors64 = self.cast(vectors, np.float64)
        weights = np.stack([np.asarray(head.line.weights, np.float64) for head in heads], axis=1)
        similarity = self.node("MatMul", vectors64, self.constant(weights))
        logits = self.node(
            "Add", similarity, self.constant(np.array([head.line.bias for head in heads], np.float64))
        )
        if any(head.line.prototypes for head in heads):
            sides = [self._sides(vectors64, head.line.prototypes) for head in heads]
            beside = [self.node("Sub", *both) for both in sides]
            logits = self.node("Add", logits, self.node("Concat", *beside, axis=1))
            found = [self._familiarity(both, head.line) for both, head in zip(sides, heads, strict=True)]
            if known := [name for name in found if name]:
                self.cast(self.node("Concat", *known, axis=1), np.float32, "familiarity")
        self._answers(logits)
        if graded := [(place, head.cuts) for place, head in enumerate(heads) if head.cuts is not None]:
            grades = [self._grade(similarity, place, cuts) for place, cuts in graded]
            self.cast(self.node("Concat", *grades, axis=1), np.float32, "grade")

    def outputs(self, n: str) -> list[Any]:
        """As `onnx` describes them; `n` names the first axis."""
        from onnx import TensorProto, helper

        columns = len(self._facts.columns)
        graded = sum(concept.grades is not None for concept in self._facts.concepts)
        kinds = [("probability", TensorProto.FLOAT, columns), ("decision", TensorProto.BOOL, columns)]
        kinds += [("grade", TensorProto.FLOAT, graded)] if graded else []
        kinds += (
            [("familiarity", TensorProto.FLOAT, len(self._facts.familiar))] if self._facts.familiar else []
        )
        return [helper.make_tensor_value_info(name, kind, [n, width]) for name, kind, width in kinds]

    def _sides(self, vectors: str, prototypes: Prototypes | None) -> tuple[str, str]:
        """(n, 1) what prototypes of yes say, and those of no; 0 without."""
        if prototypes is None:
            nothing = self.node(
                "MatMul", vectors, self.constant(np.zeros((self._facts.encoder.dimension, 1)))
            )
            return nothing, nothing
        return self._largest(vectors, prototypes.yes), self._largest(vectors, prototypes.no)

    def _familiarity(self, sides: tuple[str, str], head: LinearHead) -> str | None:
        """(n, 1). See `LinearHead.familiarity`."""
        if head.familiar_from is None or head.prototypes is None:
            return None
        length = self.constant(np.array(np.linalg.norm(head.prototypes.yes[0]), np.float64))
        cosine = self.node("Div", self.node("Max", *sides), length)
        return self.node("Sub", cosine, self.constant(np.array(head.familiar_from)))

    def _largest(self, vectors: str, side: Vectors) -> str:
        """(n, 1). Not by ReduceMax, whose axes are said in another way from opset 18 on."""
        products = self.node("MatMul", vectors, self.constant(np.asarray(side.T, np.float64)))
        place = self.node("ArgMax", products, axis=1, keepdims=1)
        return self.node("GatherElements", products, place, axis=1)

    def _answers(self, logits: str) -> None:
        facts, rule = self._facts, self._facts.rule
        if isinstance(rule, OneOf):
            none = self.node("Mul", self._column(logits, 0), self.constant(np.array(0.0)))
            every = self.node("Concat", logits, none, axis=1)
            first = self.constant(np.arange(len(facts.concepts)))
            chances = self.node("Gather", self.node("Softmax", every, axis=1), first, axis=1)
            self.cast(chances, np.float32, "probability")
            self.node("Equal", self.node("ArgMax", every, axis=1, keepdims=1), first, out="decision")
            return
        probability = self.node("Sigmoid", logits)
        thresholds = [concept.head.threshold for concept in facts.concepts]
        if isinstance(rule, Combined):
            combined = self._combined(rule.expression, probability)
            probability = self.node("Concat", combined, probability, axis=1)
            thresholds = [rule.threshold, *thresholds]
        self.cast(probability, np.float32, "probability")
        self.node("GreaterOrEqual", probability, self.constant(np.array(thresholds)), out="decision")

    def _combined(self, expression: Expression, probability: str) -> str:
        """(n, 1)."""
        if isinstance(expression, Is):
            return self._column(probability, expression.concept)
        parts = [self._combined(part, probability) for part in parts_of(expression)]
        if isinstance(expression, Not):
            return self._without(parts[0])
        if isinstance(expression, AllOf):
            return self._product(parts)
        return self._without(self._product([self._without(part) for part in parts]))

    def _without(self, p: str) -> str:
        return self.node("Sub", self.constant(np.array(1.0)), p)

    def _product(self, parts: Sequence[str]) -> str:
        found = parts[0]
        for part in parts[1:]:
            found = self.node("Mul", found, part)
        return found

    def _grade(self, similarity: str, place: int, cuts: Floats) -> str:
        above = self.node("Add", self._column(similarity, place), self.constant(cuts))
        axis = self.constant(np.array([1]))
        summed = self.node("ReduceSum", self.node("Sigmoid", above), axis, keepdims=1)
        return self.node("Add", summed, self.constant(np.array(1.0)))

    def _column(self, of: str, place: int) -> str:
        return self.node("Gather", of, self.constant(np.array([place])), axis=1)


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
