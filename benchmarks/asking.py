"""Many questions to a model endpoint at the same time: how near the wall time is to the ideal.

    PYTHONPATH=tests python -m benchmarks.asking --questions 1000 --at-once 8 --latency 0.3

The model is SIMULATED, in a process of its own over real HTTP, and takes `latency` seconds for each answer.
Everything else is real. First the client alone is asked: pace, ledger and cache in SQLite. Then the whole of
annotating: a library of as many pictures, the job, reading and shrinking each picture, labels and annotations
committed. The ideal is questions × latency ÷ at-once. Pictures are drawn noise of the size that goes out for
a label. Memory is what the process holds at the time (Linux).
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np
from fake_openai import FakeOpenAI, Request
from PIL import Image
from pydantic import BaseModel

from concepts.language.base import Message
from concepts.language.ledger import Ledger
from concepts.language.openai_compatible import OpenAICompatibleModel
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.database import Database
from storage.files import sqlite_url

SIDE = 512  # px of a picture


class Verdict(BaseModel):
    rationale: str
    rating: Literal[1, 2, 3, 4, 5]


def serve(latency: float, tell: Connection) -> None:
    """A SIMULATED model: the same verdict for everything, after a while."""

    def answer(request: Request) -> dict[str, Any]:
        time.sleep(latency)
        return {"evidence": [], "rationale": "simulated", "rating": 4}

    with FakeOpenAI(answer) as server:
        tell.send(server.base_url)
        threading.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds")
    given = parser.parse_args()
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(given.latency, there), daemon=True
    )
    process.start()
    url, ideal = here.recv(), given.questions * given.latency / given.at_once
    print(f"{given.questions} questions, {given.at_once} at once, {given.latency:g} s each")
    for what, measured in (("the client alone", client), ("all of annotating", annotating)):
        with tempfile.TemporaryDirectory() as folder:
            wall, seconds, memory = measured(url, Path(folder), given.questions, given.at_once)
        half = memory[len(memory) // 2]
        print(
            f"{what}: wall {wall:.1f} s, ideal {ideal:.1f} s, ratio {wall / ideal:.3f}; "
            f"{seconds:.1f} s of this process's CPU; memory {memory[0]:.0f} MB at first, "
            f"{half:.0f} MB half-way, {memory[-1]:.0f} MB in the end ({memory[-1] - half:+.1f} MB)",
            flush=True,
        )
    process.terminate()


Measured = tuple[float, float, list[float]]  # wall seconds, CPU seconds, MB in the course of it


def client(url: str, folder: Path, questions: int, at_once: int) -> Measured:
    ledger = Ledger(Database(sqlite_url(folder / "benchmark.sqlite")))
    model = OpenAICompatibleModel(
        "simulated", api_key=None, base_url=url, ledger=ledger, cache=folder, at_once=at_once
    )
    shown = picture(0)

    def ask(number: int) -> Verdict:
        return model.ask([Message("user", f"Picture {number}.", (shown,))], Verdict, purpose="benchmark")

    ask(-1)
    memory, started, cpu = [resident_mb()], time.monotonic(), cpu_seconds()
    with ThreadPoolExecutor(at_once) as threads:
        for _ in threads.map(ask, range(questions)):
            memory.append(resident_mb())
    return time.monotonic() - started, cpu_seconds() - cpu, memory


def annotating(url: str, folder: Path, questions: int, at_once: int) -> Measured:
    """From where the job begins to ask until it is done."""
    pictures = folder / "pictures"
    pictures.mkdir()
    for number in range(questions * 5 // 4):  # some are set aside to measure with
        (pictures / f"{number:05}.jpg").write_bytes(picture(number))
    bench = Workbench(
        load_settings(
            home=folder / "home", openai_base_url=url, vlm_model="simulated", model_concurrency=at_once
        )
    )
    bench.library.add([pictures]).wait()
    bench.concepts.begin("Noise", "Coloured noise.")
    bench.concept("Noise").definition.mine(size=questions * 5 // 4).wait()
    memory: list[float] = []
    began: list[tuple[float, float]] = []

    def listen(done: int, total: int | None, message: str) -> None:
        memory.append(resident_mb())
        began.append((time.monotonic(), cpu_seconds()))

    result = bench.concept("Noise").annotations.annotate(limit=questions).wait(listen)
    wall, cpu = time.monotonic() - began[0][0], cpu_seconds() - began[0][1]
    assert (result.annotated, result.calls) == (questions, questions), result
    bench.close()
    return wall, cpu, memory


def picture(seed: int) -> bytes:
    """JPEG. No two look the same."""
    noise = np.random.default_rng(seed).integers(0, 255, (SIDE // 8, SIDE // 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((SIDE, SIDE)).save(file, "JPEG", quality=85)
    return file.getvalue()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def cpu_seconds() -> float:
    return time.process_time()


if __name__ == "__main__":
    main()
