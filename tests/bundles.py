"""A head with its facts, made up, as the workbench would hand them to the export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from concepts.bundle.checksums import CHECKSUMS_FILE, checksums_text
from concepts.bundle.facts import BundleFacts, BundleHeadFacts, ConceptFacts, EncoderFacts
from concepts.bundle.heads import BundleHead, EncoderGraph
from concepts.bundle.write import BundlePart, bundle_facts, write_bundle
from concepts.definition.document import Criterion, Definition, Query
from concepts.encoders.base import Fingerprint
from concepts.learning.base import LinearHead
from concepts.learning.report import Baseline, Curves, LabelCount, Metric


def make_head(weights: Any, bias: float = -0.5, threshold: float = 0.4) -> LinearHead:
    weights = np.asarray(weights, dtype=np.float64)
    return LinearHead("logistic", weights, bias, threshold, {"C": 10.0, "folds": 5})


def make_facts(head: LinearHead, **changes: Any) -> BundleFacts:
    facts = {
        "created": datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
        "concept": "messy room",
        "definition": Definition(
            name="messy room",
            description="A room that looks like nobody has tidied it for a week.",
            criteria=(
                Criterion(kind="necessary", text="the inside of a room is visible"),
                Criterion(kind="supporting", text="clothes on the floor"),
                Criterion(kind="excluding", text="a building site"),
            ),
            queries=(Query(text="untidy bedroom"), Query(text="flea market", counts=False)),
        ),
        "definition_revision": 3,
        "head": BundleHeadFacts.of(
            head,
            number=2,
            target="the best F1",
            calibration="Platt scaling on out-of-fold scores, folded into the weights",
        ),
        "training_labels": (
            LabelCount(author_kind="person", yes=40, no=60),
            LabelCount(author_kind="annotator", yes=300, no=500),
        ),
        "evaluation_labels": (LabelCount(author_kind="person", yes=60, no=140),),
        "evaluation_drawn": "random",
        "metrics": (
            Metric(name="average_precision", value=0.91, low=0.84, high=0.96, n=200),
            Metric(name="precision", value=0.87, low=0.78, high=0.94, n=62),
            Metric(name="recall", value=0.9, low=0.81, high=0.97, n=60),
            Metric(name="recall_at_precision_0.9", value=None, n=200, note="too few pictures that count"),
        ),
        "baselines": (
            Baseline(
                name="plain text search",
                metrics=(Metric(name="average_precision", value=0.62, low=0.5, high=0.73, n=200),),
            ),
        ),
    }
    encoder = changes.pop("encoder", None) or make_encoder(len(head.weights))
    return bundle_facts([BundlePart(BundleHead(head), ConceptFacts(**(facts | changes)))], encoder)


def make_encoder(dimension: int) -> EncoderFacts:
    fingerprint = Fingerprint("tiny", "ab" * 32, "resize 8, crop 8", "float32")
    return EncoderFacts(
        name="hf-hub:example/tiny",
        fingerprint=str(fingerprint),
        **vars(fingerprint),
        dimension=dimension,
        licence="MIT",
    )


def write_one(
    folder: Path,
    head: LinearHead,
    facts: BundleFacts,
    curves: Curves | None,
    encoder: EncoderGraph | str = "it was written without its encoder",
) -> Path:
    """A bundle of one concept."""
    part = BundlePart(BundleHead(head), facts.concepts[0], curves)
    return write_bundle(folder, [part], facts.encoder, encoder)


def sums_again(folder: Path) -> Path:
    """The same folder with a list of checksums that fits what is there now, as from whoever wrote it so."""
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != CHECKSUMS_FILE}
    (folder / CHECKSUMS_FILE).write_text(checksums_text(files))
    return folder


def small_graph() -> EncoderGraph:
    """An encoder that sees the first eight values of a picture's first channel."""
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["numbers"], ["flat"]),
            helper.make_node("Slice", ["flat", "begin", "end", "axis"], ["first"]),
            helper.make_node("LpNormalization", ["first"], ["vectors"], axis=1, p=2),
        ],
        "small",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", 8])],
        [
            helper.make_tensor(name, TensorProto.INT64, [1], [value])
            for name, value in (("begin", 0), ("end", 8), ("axis", 1))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    shown = {"height": 8, "width": 8, "fit": "whole", "interpolation": "bicubic", "short_side": 320}
    return EncoderGraph(model.SerializeToString(), "MIT", "Ours.", shown)
