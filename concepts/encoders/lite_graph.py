"""EfficientNet-Lite0 in float32 by ONNX Runtime, which takes less of a processor for it than PyTorch does.

By how much: `docs/performance.md`. The graph is written from the network that PyTorch has loaded, in a
fraction of a second, where PyTorch's exporter takes seconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

RUNTIME = f"ONNX Runtime {onnxruntime.__version__}"
OPSET = 18
IR_VERSION = 10  # onnxruntime 1.18 and later read it


class LiteOnProcessor:
    """The convolutions and the mean over what they give. Safe from several threads, each on one core."""

    def __init__(self, network: Any) -> None:
        """`network`: with its batch norms folded into the convolutions."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._features = network._fc.in_features
        content = lite_graph(network).SerializeToString()
        self._session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 3, height, width) → (n, 1280). One after the other: what a layer gives then stays in the cache
        for the next, and the features are the same."""
        features = np.empty((len(pixels), self._features), np.float32)
        for place in range(len(pixels)):
            features[place] = self._session.run(None, {"pixels": pixels[place : place + 1]})[0]
        return features


def lite_graph(network: Any) -> ModelProto:
    """`pixels` float32 (n, 3, height, width) → `features` (n, 1280)."""
    writer = _Writer()
    last = writer.convolution(network._conv_stem, "pixels")
    for block in network._blocks:
        last = writer.block(block, last)
    last = writer.convolution(network._conv_head, last)
    last = writer.node("GlobalAveragePool", last)
    writer.nodes.append(helper.make_node("Flatten", [last], ["features"]))
    graph = helper.make_graph(
        writer.nodes,
        "EfficientNet-Lite0",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "height", "width"])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", network._fc.in_features])],
        writer.weights,
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


class _Writer:
    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self._ends = [self._weight(np.float32(0)), self._weight(np.float32(6))]

    def block(self, block: Any, given: str) -> str:
        """An inverted residual (Sandler et al. 2018, §3.3) without squeeze-and-excitation."""
        last = self.convolution(block._expand_conv, given) if hasattr(block, "_expand_conv") else given
        last = self.convolution(block._depthwise_conv, last)
        last = self.convolution(block._project_conv, last, clipped=False)
        arguments = block._block_args
        same_shape = arguments.stride == 1 and arguments.input_filters == arguments.output_filters
        return self.node("Add", last, given) if same_shape else last

    def convolution(self, layer: Any, given: str, clipped: bool = True) -> str:
        """With its bias, and ReLU6 after it unless not `clipped`."""
        left, right, top, bottom = getattr(layer.static_padding, "padding", (0, 0, 0, 0))
        found = self.node(
            "Conv",
            given,
            *(self._weight(part.detach().float().cpu().numpy()) for part in (layer.weight, layer.bias)),
            strides=list(layer.stride),
            pads=[top, left, bottom, right],
            group=layer.groups,
        )
        return self.node("Clip", found, *self._ends) if clipped else found

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _weight(self, values: Any) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name
