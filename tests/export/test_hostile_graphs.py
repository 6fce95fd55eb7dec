"""A `classifier.onnx` from anyone is not loaded where it would take all memory, or where nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from bundles import sums_again
from onnx import NodeProto, TensorProto, helper, load_from_string, numpy_helper

from concepts.bundle.check import check_bundle

GIGABYTES = 12 * 10**9 // 4  # numbers in single precision


def node(kind: str, *inputs: str, **attributes: Any) -> NodeProto:
    return helper.make_node(kind, inputs, [f"new_{kind}"], **attributes)


def loop() -> NodeProto:
    body = helper.make_graph(
        [node("Identity", "go_on")],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("new_Identity", TensorProto.BOOL, [])],
    )
    return helper.make_node("Loop", ["", "true"], [], body=body)


def doubled(name: str) -> list[NodeProto]:
    """30 times."""
    names = [name, *(f"{name}_{n}" for n in range(30))]
    return [helper.make_node("Concat", [last, last], [now], axis=0) for last, now in pairwise(names)]


ONE = np.ones(1, np.float32)
ROW, COLUMN = np.ones((1, 60_000), np.float32), np.ones((60_000, 1), np.float32)
HOSTILE = {
    "made from a shape": ([node("ConstantOfShape", "shape")], {"shape": [GIGABYTES]}),
    "many small ones": (
        [helper.make_node("ConstantOfShape", ["shape"], [f"new_{i}"]) for i in range(30)],
        {"shape": [GIGABYTES // 30]},
    ),
    "spread": ([node("Expand", "one", "shape")], {"one": ONE, "shape": [GIGABYTES]}),
    "an outer product": ([node("MatMul", "column", "row")], {"row": ROW, "column": COLUMN}),
    "of the picture's own numbers": (
        [node("Cast", "pictures", to=TensorProto.INT64), node("NonZero", "new_Cast")],
        {},
    ),
    "as large as the picture says": (
        [
            helper.make_node("Cast", ["pictures"], ["pictures_"], to=TensorProto.INT64),
            helper.make_node("ReduceSum", ["pictures_", "axes_"], ["sum_"], keepdims=0),
            helper.make_node("Reshape", ["sum_", "shape_"], ["length"]),
            node("ConstantOfShape", "length"),
        ],
        {"axes_": [0, 1, 2, 3], "shape_": [1]},
    ),
    "shapes doubled": (doubled("shape"), {"shape": np.ones(1024, np.int64)}),
    "shapes doubled that only onnx follows": (
        [helper.make_node("Add", ["shape", "shape"], ["sum"]), *doubled("sum")],
        {"shape": np.ones(1024, np.int64)},
    ),
    "weights doubled": (doubled("one"), {"one": np.ones(1024, np.float32)}),
    "gathered again and again": (
        [
            helper.make_node("Gather", ["all", "rows"], ["gathered"]),
            helper.make_node("Gather", ["gathered", "rows"], ["new_Gather"]),
            helper.make_node("Gather", ["new_Gather", "rows"], ["again"]),
        ],
        {"all": np.ones((1, 1024), np.float32), "rows": np.zeros((32, 32), np.int64)},
    ),
    "a long text": (
        [node("Expand", "text", "shape")],
        {"text": np.array(["x" * 10_000], object), "shape": [30_000]},
    ),
    "a text made": (
        [
            helper.make_node("Constant", [], ["text"], value_strings=["x" * 10_000]),
            node("Expand", "text", "shape"),
        ],
        {"shape": [30_000]},
    ),
    "a loop": ([loop()], {"true": np.array(True)}),
    "another's operators": ([helper.make_node("Anything", ["pictures"], ["any"], domain="else.where")], {}),
}


@pytest.mark.parametrize(("nodes", "constants"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_graph_that_takes_all_memory_or_may_is_a_problem_and_is_not_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, nodes: Sequence[NodeProto], constants: dict[str, Any]
) -> None:
    file = folder / "classifier.onnx"
    model = load_from_string(file.read_bytes())
    model.graph.node.extend(nodes)  # at its end, and nobody asks for them
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    file.write_bytes(model.SerializeToString())
    monkeypatch.setattr(onnxruntime, "InferenceSession", None)
    (problem,) = check_bundle(sums_again(folder)).problems
    assert "classifier.onnx doesn't load: " in problem
    assert "GB of memory" in problem or "can't be determined" in problem or "texts" in problem


@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.INT64, TensorProto.FLOAT])
@pytest.mark.parametrize("place", ["a weight", "a constant"])
def test_a_graph_that_names_other_files_is_a_problem_and_none_is_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, kind: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(bytes(64))
    tensor = TensorProto(name="new", data_type=kind, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="secret")
    model = load_from_string((folder / "classifier.onnx").read_bytes())
    if place == "a weight":
        model.graph.initializer.append(tensor)
    else:
        model.graph.node.append(node("Constant", value=tensor))
    (folder / "classifier.onnx").write_bytes(model.SerializeToString())
    monkeypatch.setattr(onnxruntime, "InferenceSession", None)
    (problem,) = check_bundle(sums_again(folder)).problems
    assert "weights in other files" in problem


def test_weights_of_a_graph_that_no_training_gives_are_a_problem(folder: Path) -> None:
    model = load_from_string((folder / "classifier.onnx").read_bytes())
    weights = next(one for one in model.graph.initializer if one.data_type == TensorProto.DOUBLE)
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) + 1e308, weights.name))
    (folder / "classifier.onnx").write_bytes(model.SerializeToString())
    (problem,) = check_bundle(sums_again(folder)).problems
    assert "not finite or exceed 1e+09" in problem
