"""float32 or bfloat16: whichever this machine runs faster, if the vectors stay the same.

Some processors triple their speed with bfloat16, others lose, and no flag tells which, so it is measured
once per machine, network and torch version, and the answer is kept.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch.nn.functional import cosine_similarity, interpolate

from storage.sums import read_kept, write_kept

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
MIN_SPEEDUP = 1.2
MIN_COSINE = 0.999
BATCH = 8
ROUNDS = 3
HOPELESS = 3  # times as slow: a processor that only imitates bfloat16 takes a second for one picture

Forward = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Timing:
    """What was measured: seconds a batch in each precision, and the lowest cosine between their vectors."""

    measured_on: dict[str, str]  # machine, architecture, torch version
    float32_seconds: float
    bfloat16_seconds: float
    cosine: float

    def precision(self) -> str:
        faster = self.float32_seconds >= MIN_SPEEDUP * self.bfloat16_seconds
        return "bfloat16" if faster and self.cosine > MIN_COSINE else "float32"


def pick_device() -> torch.device:
    # Batches run in as many threads as there are cores, each on one: threads inside a network wait for
    # each other at every layer, and on a busy machine that costs more than they gain.
    torch.set_num_threads(1)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve_precision(
    asked: str,
    network: torch.nn.Module,
    forward: Forward,
    size: tuple[int, int],
    *,
    architecture: str,
    cache: Path,
) -> str:
    """`asked`, or for `auto` the better one on the network's device. `forward`: (n, 3, H, W) → (n, d)."""
    if asked in DTYPES:
        return asked
    device = next(network.parameters()).device
    key = {"machine": _machine(device), "architecture": architecture, "torch": torch.__version__}
    path = cache / f"precision-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]}.json"
    probe = _read(path)
    if probe is None:
        probe = Timing(key, *_measure(network, forward, size, device))
        write_kept(path, json.dumps(asdict(probe)).encode())
    return probe.precision()


def _read(path: Path) -> Timing | None:
    try:
        return Timing(**json.loads(read_kept(path) or b""))
    except (ValueError, TypeError):
        return None  # measuring again costs a second or two


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cpuinfo = Path("/proc/cpuinfo")
    described = platform.processor() or platform.machine()
    if cpuinfo.is_file():
        facts = dict(re.findall(r"^(model name|flags)\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE))
        # A virtual machine may hide AMX or AVX-512 of the same processor: the flags belong to its name.
        flags = hashlib.sha256(facts.get("flags", "").encode()).hexdigest()[:8]
        described = f"{facts.get('model name', described)} flags:{flags}"
    return f"{described} cores:{os.cpu_count()}"


def _measure(
    network: torch.nn.Module,
    forward: Forward,
    size: tuple[int, int],
    device: torch.device,
) -> tuple[float, float, float]:
    """Seconds a batch in float32 and in bfloat16, and the lowest cosine between their vectors."""
    # Smooth coloured blobs: noise would drive the network where no picture does.
    blobs = torch.rand((BATCH, 3, 7, 7), generator=torch.Generator().manual_seed(0)) * 2 - 1
    pictures = interpolate(blobs, size=size, mode="bicubic").to(device)
    run = {
        "float32": partial(forward, network),
        "bfloat16": partial(forward, copy.deepcopy(network).bfloat16()),
    }
    inputs = {name: pictures.to(dtype) for name, dtype in DTYPES.items()}
    # Processor time on one thread: what other programs do at the same moment must not decide.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    clock = time.perf_counter if device.type == "cuda" else time.thread_time
    seconds = dict.fromkeys(DTYPES, float("inf"))
    vectors = {}

    def timed(name: str) -> float:
        started = clock()
        run[name](inputs[name])
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return clock() - started

    with torch.inference_mode():
        batches, inputs = inputs, {name: pixels[:1] for name, pixels in inputs.items()}
        of_one = {name: min(timed(name), timed(name)) for name in DTYPES}
        if of_one["bfloat16"] <= HOPELESS * of_one["float32"]:
            inputs = batches
        for name in DTYPES:
            vectors[name] = run[name](inputs[name]).float()  # also the warm-up
        for _ in range(ROUNDS):  # taking turns, so that a busy moment hits both
            for name in DTYPES:
                seconds[name] = min(seconds[name], timed(name))
            if seconds["bfloat16"] > HOPELESS * seconds["float32"]:
                break
    torch.set_num_threads(threads)
    cosine = cosine_similarity(vectors["float32"], vectors["bfloat16"]).min().item()
    return seconds["float32"], seconds["bfloat16"], cosine
