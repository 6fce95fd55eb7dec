"""ONNX nodes, written one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET = 18
IR_VERSION = 10  # onnxruntime 1.18 and later read it

Shape = Sequence[int | str]


class Nodes:
    """Nodes and constants of a graph. Names begin with `prefix`, so that graphs can be joined."""

    def __init__(self, prefix: str) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._prefix, self._numbers = prefix, 0

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """The name of what it gives."""
        from onnx import helper

        out = out or self._name()
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def constant(self, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = self._name()
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def cast(self, of: str, to: type, out: str | None = None) -> str:
        from onnx import helper

        return self.node("Cast", of, out=out, to=helper.np_dtype_to_tensor_dtype(np.dtype(to)))

    def most(self, values: str, n: int) -> tuple[str, str]:
        """values (m, k) → the n largest of each row and their places, largest first, (m, n)."""
        from onnx import helper

        found = self._name(), self._name()
        many = self.constant(np.array([n], np.int64))
        self.nodes.append(helper.make_node("TopK", [values, many], list(found), axis=1))
        return found

    def model(
        self, name: str, given: Mapping[str, Shape], gives: Mapping[str, Shape], opset: int = OPSET
    ) -> bytes:
        """A graph of all nodes. All it takes and gives is float32, but `pictures` are uint8."""
        from onnx import TensorProto, helper

        def described(shapes: Mapping[str, Shape]) -> list[Any]:
            kinds = {"pictures": TensorProto.UINT8}
            return [
                helper.make_tensor_value_info(one, kinds.get(one, TensorProto.FLOAT), shape)
                for one, shape in shapes.items()
            ]

        graph = helper.make_graph(self.nodes, name, described(given), described(gives), self.initializers)
        imports = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))

    def _name(self) -> str:
        self._numbers += 1
        return f"{self._prefix}_{self._numbers}"


def session(graph: bytes, *, arena: bool = True) -> Any:
    """Of ONNX Runtime, on one core: whoever encodes has a thread for each. Its `arena` keeps the memory that
    the largest input took."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = arena
    return onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
