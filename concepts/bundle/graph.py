"""A graph from a stranger, looked at before anything of it is run."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from concepts.bundle.scorer import LARGEST

MOST_MEMORY = 4 * 2**30  # bytes; what is exported takes up to three
LARGEST_SHAPE = 1024  # numbers of a constant that may be a shape; of larger ones only the size matters
OWN = ("", "ai.onnx")  # domains of ONNX's own operators
CANT_TELL = "the size of {!r} can't be determined without running it"
OF_SIZES = ("Cast", "Concat", "Gather", "Slice", "Squeeze", "Unsqueeze")


def check_graph(content: bytes) -> None:
    """Adds up an ONNX graph's weights and all that its nodes pass on for one picture: what depends on no
    picture is worked out when a graph is loaded, and kept.

    Raises ValueError for one that takes more than `MOST_MEMORY`, where a size isn't known before the graph is
    run, as of what is inside a loop, and for weights of a head that no training gives.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper, shape_inference

    model = onnx.load_from_string(content)
    graph = model.graph
    parts = [part for node in graph.node for part in node.attribute]
    tensors = [*graph.initializer, *(one for part in parts for one in (part.t, *part.tensors))]
    texts = [one for one in graph.initializer if one.data_type == TensorProto.STRING]
    elsewhere = [one for one in tensors if one.external_data]  # read from any file that a stranger names
    sparse = graph.sparse_initializer or any(part.HasField("sparse_tensor") for part in parts)
    if model.functions or sparse or texts or elsewhere:
        raise ValueError("it has functions, sparse weights, texts or weights in other files; no export does")
    for node in graph.node:
        if node.domain not in OWN or any(part.HasField("g") or part.graphs for part in node.attribute):
            raise ValueError(f"how much memory {node.op_type!r} takes can't be determined")
    (picture,) = graph.input
    picture.type.tensor_type.shape.dim[0].dim_value = 1
    weights = list(graph.initializer)
    heads = [numpy_helper.to_array(one) for one in weights if one.data_type == TensorProto.DOUBLE]
    if not all((np.abs(one) <= LARGEST).all() for one in heads):  # which no NaN is
        raise ValueError(f"it has weights that are not finite or exceed {LARGEST:g}")
    large = [one for one in weights if math.prod(one.dims) > LARGEST_SHAPE]
    graph.input.extend(helper.make_tensor_value_info(one.name, one.data_type, one.dims) for one in large)
    small = [one for one in weights if math.prod(one.dims) <= LARGEST_SHAPE]
    del graph.initializer[:], graph.value_info[:]  # a stranger's sizes may be lies
    graph.initializer.extend(small)
    # Constants are made of what follows from the picture's size alone: onnx doesn't follow it everywhere.
    opset = model.opset_import[0].version
    from onnx import numpy_helper
    from onnx.reference import ReferenceEvaluator

    shape = [dim.dim_value for dim in picture.type.tensor_type.shape.dim]
    pixels = np.broadcast_to(np.uint8(0), shape)  # takes no memory
    known = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for node in list(graph.node):
        of_picture = node.op_type == "Shape" and node.input[0] == picture.name
        if not of_picture and (node.op_type not in OF_SIZES or not all(name in known for name in node.input)):
            continue
        taken = [known[name].size for name in node.input if name in known]
        most = math.prod(taken) if node.op_type == "Gather" else sum(taken)  # the others give what they take
        if most > LARGEST_SHAPE:
            continue
        given = {picture.name: pixels} if of_picture else {name: known[name] for name in node.input}
        (value,) = ReferenceEvaluator(node, opsets={"": opset}).run(None, given)
        known[node.output[0]] = value
        graph.node.remove(node)
        graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    # onnx would follow the numbers of any vector, of which a few nodes can make billions.
    found = shape_inference.infer_shapes(model, check_type=True, strict_mode=True).graph
    inferred = {one.name: one for one in (*found.value_info, *found.output)}
    for name in (name for node in graph.node if node.op_type == "Concat" for name in node.output):
        one = inferred.get(name)
        if one is not None and len(one.type.tensor_type.shape.dim) > 1:
            continue
        size = None if one is None else _bytes(one)
        if size is None or size > 8 * LARGEST_SHAPE:
            raise ValueError(CANT_TELL.format(name))
    found = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True).graph
    sizes = {one.name: _bytes(one) for one in (*found.input, *found.value_info, *found.output)}
    unknown = [name for node in graph.node for name in node.output if name and sizes.get(name) is None]
    if unknown:
        raise ValueError(CANT_TELL.format(unknown[0]))
    memory = sum(size or 0 for size in sizes.values())
    if memory > MOST_MEMORY:
        raise ValueError(f"it takes {memory / 1e9:,.1f} GB of memory for one picture")


def _bytes(value: Any) -> int | None:
    """None where that isn't known, as of texts."""
    from onnx import TensorProto, helper

    kind, shape = value.type.tensor_type.elem_type, value.type.tensor_type.shape
    if kind in (TensorProto.UNDEFINED, TensorProto.STRING) or not value.type.tensor_type.HasField("shape"):
        return None
    if not all(dim.HasField("dim_value") and dim.dim_value >= 0 for dim in shape.dim):
        return None
    return int(math.prod(dim.dim_value for dim in shape.dim) * helper.tensor_dtype_to_np_dtype(kind).itemsize)
