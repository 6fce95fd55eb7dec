"""An encoder's own network, beside the quickest plain way of the same packages whose vectors are as good.

A batch of 16 in as many threads as there are cores, each on one; the ways take turns.
"""

from __future__ import annotations

import copy
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import interpolate

from benchmarks.limits.rows import Row, Rows
from concepts.encoders.base import Encoder
from concepts.library.ingestion import ENCODE_BATCH

CORES = os.cpu_count() or 2
ROUNDS = 5
HOPELESS = 8  # times as slow as the quickest for one picture: measured with one picture
VIT_B_32 = {"image_size": 224, "layers": 12, "width": 768, "patch_size": 32}
SMALL_TEXT = {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}

Run = Callable[[NDArray[Any]], NDArray[np.float32]]


@dataclass
class Way:
    """`run`: (n, 3, H, W) → (n, d). Seconds are of one picture."""

    name: str
    run: Run
    batch: int = ENCODE_BATCH
    takes: np.dtype[Any] = np.dtype(np.float32)  # noqa: RUF009  # about -1 to 1, or 0 to 255
    seconds: list[float] = field(default_factory=list)


def random_vit(folder: Path) -> Path:
    """The folder of an open_clip model as large as ViT-B-32 for pictures, with random weights."""
    import open_clip
    from safetensors.torch import save_file

    config = {"embed_dim": 512, "vision_cfg": VIT_B_32, "text_cfg": SMALL_TEXT}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.CLIP(**config)
    folder.mkdir(parents=True, exist_ok=True)
    shown = {"size": 224, "mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic"}
    described = json.dumps({"model_cfg": config, "preprocess_cfg": shown})
    (folder / "open_clip_config.json").write_text(described)
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "open_clip_model.safetensors")
    return folder


def vit_network(encoder: Any) -> torch.nn.Module:
    """In float32, of an encoder that `random_vit` wrote."""
    network: torch.nn.Module = copy.deepcopy(encoder.model.visual).float().eval()
    return network


def quickest(
    row: str, encoder: Encoder, network: torch.nn.Module, side: int, folder: Path, among: str = ""
) -> Rows:
    """Times the product beside the quickest plain way to run `network`. With `among`, only ways whose name
    begins with it set the bar; each of the others gets a row without one."""
    takes = encoder.prepare(Image.new("RGB", (9, 9))).dtype
    product = Way("product", encoder.encode_pictures, takes=takes)
    plain = list(_ways(network, side, folder))
    _measure([product, *plain], side)
    pictures = CORES * ENCODE_BATCH

    def seconds(way: Way) -> tuple[float, ...]:
        return tuple(pictures * one for one in way.seconds)

    best = min((way for way in plain if way.name.startswith(among)), key=lambda way: median(way.seconds))
    yield Row(f"{row}, {pictures} pictures", seconds(product), seconds(best), 1.05, best.name)
    for way in plain:
        if not way.name.startswith(among):
            yield Row(f"{row}, {pictures} pictures, by {way.name}", seconds(way), (), None, "")


def _ways(network: torch.nn.Module, side: int, folder: Path) -> Iterator[Way]:
    """All in float32, as encoders compute."""
    channels_last = copy.deepcopy(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    by_runtime = _by_runtime(network, side, folder / "float32.onnx")
    yield Way("PyTorch float32", lambda pixels: _by_pytorch(network, pixels))
    yield Way("PyTorch float32, channels-last", lambda pixels: _by_pytorch(channels_last, pixels, last=True))
    yield Way("ONNX Runtime float32", by_runtime)
    # What a network's layers give for one picture may stay in a processor's cache.
    yield Way("ONNX Runtime float32, one at a time", _one_at_a_time(by_runtime))


def _one_at_a_time(run: Run) -> Run:
    return lambda pixels: np.concatenate([run(pixels[i : i + 1]) for i in range(len(pixels))])


def _by_pytorch(network: Any, pixels: NDArray[np.float32], last: bool = False) -> NDArray[np.float32]:
    layout = torch.channels_last if last else torch.contiguous_format
    with torch.inference_mode():
        found: NDArray[np.float32] = network(torch.from_numpy(pixels).to(memory_format=layout)).numpy()
    return found


def _by_runtime(network: torch.nn.Module, side: int, graph: Path) -> Run:
    import onnxruntime

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros((2, 3, side, side)),),
            str(graph),
            dynamo=True,
            opset_version=18,
            input_names=["pixels"],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            verbose=False,
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
    return lambda pixels: session.run(None, {"pixels": pixels})[0]


def _measure(ways: Sequence[Way], side: int) -> None:
    """Fills in their seconds, of made-up pictures."""
    drawn = torch.rand((ENCODE_BATCH, 3, 7, 7), generator=torch.Generator().manual_seed(1)) * 2 - 1
    pixels = interpolate(drawn, size=(side, side), mode="bicubic").numpy()
    kinds = {pixels.dtype: pixels, np.dtype(np.uint8): (127 + 128 * pixels).clip(0, 255).astype(np.uint8)}
    single = []
    for way in ways:
        way.run(kinds[way.takes][:1])
        started = time.process_time()
        way.run(kinds[way.takes][:1])
        single.append(time.process_time() - started)
    for way, alone in zip(ways, single, strict=True):
        if alone > HOPELESS * min(single):
            way.batch = 1
        else:
            way.run(kinds[way.takes])
    with ThreadPoolExecutor(CORES) as pool:
        for _ in range(ROUNDS):
            for way in ways:
                started = time.perf_counter()
                list(pool.map(lambda _, w=way: w.run(kinds[w.takes][: w.batch]), range(CORES)))
                way.seconds.append((time.perf_counter() - started) / (CORES * way.batch))
