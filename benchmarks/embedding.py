"""Pictures a second of each way to run an encoder's network, how near its vectors are, and what it weighs.

    python -m benchmarks.embedding

The embedded encoder's network and a ViT-B-32 WITH RANDOM WEIGHTS (for speed alone), a batch of 16 in as many
threads as there are cores, each on one. The ways take turns. Per processor second is what a busy machine
leaves of a figure. Vectors are compared with PyTorch's float32 on made-up pictures. What isn't installed is
said. `product` is what the product does, all of `encode_pictures`.
"""

from __future__ import annotations

import argparse
import copy
import importlib.metadata
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module  # what is compared need not be there
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.encoders.embedded import _load, _packaged_weights, _pooled
from concepts.library.ingest_worker import ENCODE_BATCH
from concepts.settings import load_settings

CORES = os.cpu_count() or 2
ROUNDS = 5
HOPELESS = 8  # times as slow as the quickest for one picture: measured with one picture
CALIBRATION = 64  # made-up pictures
VIT_B_32 = {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32}
SMALL_TEXT = {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass
class Way:
    """`run`: (n, 3, H, W) → (n, d). `packages`: what it needs beside PyTorch. Seconds are of one picture."""

    name: str
    run: Run
    packages: tuple[str, ...] = ()
    batch: int = ENCODE_BATCH
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


class Pooled(torch.nn.Module):
    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return _pooled(self.network, pixels)


def embedded_network() -> torch.nn.Module:
    return Pooled(_load(_packaged_weights())).eval()


def random_vit(folder: Path) -> Path:
    """The folder of an open_clip model as large as ViT-B-32 for pictures, with random weights."""
    import json

    import open_clip
    from safetensors.torch import save_file

    config = {"embed_dim": 512, "vision_cfg": VIT_B_32, "text_cfg": SMALL_TEXT}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.CLIP(**config)  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    shown = {"size": 224, "mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic"}
    described = json.dumps({"model_cfg": config, "preprocess_cfg": shown})
    (folder / "open_clip_config.json").write_text(described)
    save_file(
        {n: t.contiguous() for n, t in model.state_dict().items()}, folder / "open_clip_model.safetensors"
    )
    return folder


def vit_network(encoder: Any) -> torch.nn.Module:
    """In float32, of an encoder that `random_vit` wrote."""
    network: torch.nn.Module = copy.deepcopy(encoder._model.visual).float().eval()
    return network


def blobs(count: int, side: int) -> NDArray[np.float32]:
    """Made-up pictures as a network gets them."""
    drawn = torch.rand((count, 3, 7, 7), generator=torch.Generator().manual_seed(1)) * 2 - 1
    found: NDArray[np.float32] = interpolate(drawn, size=(side, side), mode="bicubic").numpy()
    return found


def ways(network: torch.nn.Module, side: int, folder: Path, all_of_them: bool = True) -> Iterator[Way]:
    """`all_of_them`: also those that give other vectors, or need what the product doesn't have."""
    channels_last = copy.deepcopy(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    yield Way("PyTorch float32", lambda pixels: _by_pytorch(network, pixels))
    yield Way("PyTorch float32, channels-last", lambda pixels: _by_pytorch(channels_last, pixels, last=True))
    half = copy.deepcopy(channels_last).bfloat16()
    by_half = Way(
        "PyTorch bfloat16, channels-last", lambda pixels: _by_pytorch(half, pixels, torch.bfloat16, True)
    )
    yield by_half
    yield Way(f"{by_half.name}, four at a time", _few_at_once(4, by_half.run))
    graph = _exported(network, side, folder / "float32.onnx")
    by_runtime = Way("ONNX Runtime float32", _by_runtime(graph), ("onnxruntime",))
    yield by_runtime
    yield Way(f"{by_runtime.name}, one at a time", _few_at_once(1, by_runtime.run), by_runtime.packages)
    if not all_of_them:
        return
    compiled = torch.compile(channels_last)
    yield Way("PyTorch compiled, channels-last", lambda pixels: _by_pytorch(compiled, pixels, last=True))
    smaller = _quantised(graph, side, folder / "int8.onnx")
    yield Way("ONNX Runtime int8", _by_runtime(smaller), ("onnxruntime",))
    try:
        openvino = import_module("openvino")
    except ImportError:
        print("OpenVINO: not installed")
        return
    for name, file in (("float32", graph), ("int8", smaller)):
        yield Way(f"OpenVINO {name}", _by_openvino(openvino, file), ("openvino",))


def _few_at_once(count: int, run: Run) -> Run:
    """What a network's layers give for a few pictures may stay in a processor's cache."""
    return lambda pixels: np.concatenate(
        [run(pixels[start : start + count]) for start in range(0, len(pixels), count)]
    )


def _by_pytorch(
    network: Any, pixels: NDArray[np.float32], dtype: torch.dtype = torch.float32, last: bool = False
) -> NDArray[np.float32]:
    layout = torch.channels_last if last else torch.contiguous_format
    with torch.inference_mode():
        given = torch.from_numpy(pixels).to(dtype=dtype, memory_format=layout)
        found: NDArray[np.float32] = network(given).float().numpy()
    return found


def _exported(network: torch.nn.Module, side: int, out: Path) -> Path:
    example = torch.zeros((2, 3, side, side))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(out),
            dynamo=True,
            opset_version=18,
            input_names=["pixels"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            verbose=False,
        )
    return out


def _by_runtime(graph: Path) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
    return lambda pixels: session.run(None, {"pixels": pixels})[0]  # type: ignore[no-any-return]


def _quantised(graph: Path, side: int, out: Path) -> Path:
    """Convolutions between the ends that pictures reach; a network without any by its products."""
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static

    logging.disable(logging.WARNING)  # both recommend to prepare the graph, which the exporter did
    try:
        if any(node.op_type == "Conv" and len(node.input) > 2 for node in onnx.load(graph).graph.node):
            quantize_static(
                graph,
                out,
                _Reader(blobs(CALIBRATION, side)),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv", "Clip"],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        else:
            quantize_dynamic(graph, out, op_types_to_quantize=["MatMul", "Gemm"], per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    return out


class _Reader:
    def __init__(self, pixels: NDArray[np.float32]) -> None:
        self._batches = iter(np.split(pixels, len(pixels) // 8))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        found = next(self._batches, None)
        return None if found is None else {"pixels": found}


def _by_openvino(openvino: Any, graph: Path) -> Run:
    core = openvino.Core()
    asked = {"INFERENCE_NUM_THREADS": CORES, "NUM_STREAMS": CORES, "ENABLE_CPU_PINNING": False}
    compiled = core.compile_model(core.read_model(graph), "CPU", asked)
    return lambda pixels: np.array(compiled.create_infer_request().infer({0: pixels})[0])


def measure(found: Sequence[Way], side: int) -> None:
    """Fills in their seconds."""
    pixels = blobs(ENCODE_BATCH, side)
    single: dict[str, float] = {}
    for way in found:
        way.run(pixels[:1])
        single[way.name] = seconds(lambda w=way: w.run(pixels[:1]), time.process_time)  # type: ignore[misc]
    quickest = min(single.values())
    for way in found:
        if single[way.name] > HOPELESS * quickest:
            way.batch = 1
        else:
            way.run(pixels)
    with ThreadPoolExecutor(CORES) as pool:
        for _ in range(ROUNDS):
            for way in found:
                clock, processor = time.perf_counter(), time.process_time()
                list(pool.map(lambda _, w=way: w.run(pixels[: w.batch]), range(CORES)))  # type: ignore[misc]
                pictures = CORES * way.batch
                way.clock.append((time.perf_counter() - clock) / pictures)
                way.processor.append((time.process_time() - processor) / pictures)


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    work()
    return clock() - started


def cosine(found: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float64]:
    dots = np.einsum("nd,nd->n", found.astype(np.float64), expected.astype(np.float64))
    return np.asarray(dots / (np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)))


def megabytes(package: str) -> float:
    """On disk, without what it depends on."""
    distribution = importlib.metadata.distribution(package)
    return sum(file.size or 0 for file in distribution.files or ()) / 1e6


def show(title: str, encoder: Encoder, network: torch.nn.Module, side: int, folder: Path) -> None:
    found = [Way("product", encoder.encode_pictures), *ways(network, side, folder)]
    measure(found, side)
    pixels = blobs(8, side)
    expected = found[1].run(pixels)
    print(f"\n{title}: {CORES} cores, product in {encoder.fingerprint.precision}\n")
    print("| | a second | spread | a processor second | least cosine | needs |\n|---|---|---|---|---|---|")
    for way in found:
        rates = sorted(1 / one for one in way.clock)
        vectors = way.run(pixels)
        near = f"{cosine(vectors, expected).min():.6f}" if vectors.shape == expected.shape else "–"
        needs = ", ".join(f"{name} {megabytes(name):.0f} MB" for name in way.packages)
        print(
            f"| {way.name} | {median(rates):.1f} | {rates[0]:.1f} to {rates[-1]:.1f} "
            f"| {1 / min(way.processor):.1f} | {near} | {needs} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=("embedded", "vit"))
    only = parser.parse_args().only
    cache = load_settings().cache
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if only != "vit":
            encoder = load_encoder("embedded", cache=cache)
            show("The embedded encoder", encoder, embedded_network(), 256, folder)
        if only != "embedded":
            name = f"local-dir:{random_vit(folder / 'vit')}"
            vit = load_encoder(name, cache=cache)
            show("A ViT-B-32 with random weights", vit, vit_network(vit), 224, folder)


if __name__ == "__main__":
    main()
