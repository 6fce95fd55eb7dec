"""Networks of PyTorch as graphs, written by PyTorch's own exporter."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch.nn.functional import normalize

from concepts.encoders.base import Portable
from concepts.encoders.nodes import OPSET
from concepts.errors import EncoderError

MOST_BYTES = 512 * 2**20  # of a network's weights; a download of more belongs where its makers keep it

ONE_AT_A_TIME = threading.Lock()  # PyTorch's exporter fails where another one runs in the same process

log = logging.getLogger(__name__)


class FromPixels(torch.nn.Module):
    """uint8 (n, 3, height, width) → float32 (n, dimension), unit length, rounded as stored."""

    def __init__(self, visual: Any, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.visual = visual
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        pixels = (pictures.float() / 255 - self.get_buffer("mean")) / self.get_buffer("std")
        return normalize(self.visual(pixels), dim=1).half().float()


def portable(
    network: FromPixels,
    height: int,
    width: int,
    fit: Literal["whole", "crop"],
    notice: str,
    interpolation: Literal["bicubic", "bilinear"],
) -> Portable:
    def graph() -> bytes:
        weighs = sum(weights.numel() * weights.element_size() for weights in network.parameters())
        if weighs > MOST_BYTES:
            most = MOST_BYTES // 2**20
            raise EncoderError(f"its weights are {weighs / 2**20:,.0f} MB, and at most {most} MB go along")
        example = torch.zeros((2, 3, height, width), dtype=torch.uint8)
        try:
            with ONE_AT_A_TIME, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the exporter's remarks, which are about its own code
                program = torch.onnx.export(
                    network.eval(),
                    (example,),
                    dynamo=True,
                    opset_version=OPSET,
                    input_names=["pictures"],
                    output_names=["vectors"],
                    dynamic_shapes={"pictures": {0: torch.export.Dim("n")}},
                    verbose=False,
                )
            assert program is not None
            model = program.model_proto
        except Exception as error:  # the exporter raises whatever it met
            log.warning("The encoder can't be written as a graph.", exc_info=True)
            raise EncoderError("PyTorch's ONNX exporter can't write this network") from error
        graph = model.graph
        del graph.value_info[:]  # what the exporter notes of this computer: paths and lines of source
        for part in (*graph.node, *graph.initializer, *graph.input, *graph.output, graph, model):
            del part.metadata_props[:]
            part.doc_string = ""
        return bytes(model.SerializeToString(deterministic=True))

    return Portable(graph, height, width, fit, notice, interpolation, f"PyTorch {torch.__version__}")
