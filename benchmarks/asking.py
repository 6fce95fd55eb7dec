"""Many questions to a model endpoint at the same time: how near the wall time is to the ideal.

    python -m benchmarks.asking --questions 1000 --at-once 8 --latency 0.3

The model is SIMULATED, in a process of its own over real HTTP, and takes `latency` seconds for each answer.
Everything else is real: the client, the pace, the ledger and the cache in SQLite. The ideal is questions ×
latency ÷ at-once. Pictures are drawn noise of the size that goes out for a label.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel

from concepts.language.base import Message
from concepts.language.ledger import Ledger
from concepts.language.openai_compatible import OpenAICompatibleModel
from storage.database import Database
from storage.files import sqlite_url


class Verdict(BaseModel):
    rationale: str
    rating: Literal[1, 2, 3, 4, 5]


def serve(latency: float, tell: Connection) -> None:
    """A SIMULATED model: the same verdict for everything, after a while."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(latency)
            said = json.dumps({"rationale": "simulated", "rating": 4})
            message = {"role": "assistant", "content": said}
            document: dict[str, Any] = {
                "id": "simulated",
                "object": "chat.completion",
                "created": 0,
                "model": "simulated",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920},
            }
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: Any) -> None:
            """Not on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tell.send(server.server_address[1])
    server.serve_forever()


def picture(side: int = 512) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (side // 8, side // 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((side, side)).save(file, "JPEG", quality=85)
    return file.getvalue()


def resident_mb() -> float:
    """The most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
    url, shown = f"http://127.0.0.1:{here.recv()}/v1", picture()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Database(sqlite_url(Path(folder) / "benchmark.sqlite")))
        model = OpenAICompatibleModel(
            "simulated", api_key=None, base_url=url, ledger=ledger, cache=Path(folder), at_once=given.at_once
        )

        def ask(number: int) -> Verdict:
            return model.ask([Message("user", f"Picture {number}.", (shown,))], Verdict, purpose="benchmark")

        ask(-1)
        before, started = resident_mb(), time.monotonic()
        with ThreadPoolExecutor(given.at_once) as threads:
            for _ in threads.map(ask, range(given.questions)):
                pass
        wall = time.monotonic() - started
    process.terminate()
    ideal = given.questions * given.latency / given.at_once
    print(f"{given.questions} questions, {given.at_once} at once, {given.latency:g} s each")
    print(f"wall {wall:.1f} s, ideal {ideal:.1f} s, ratio {wall / ideal:.3f}")
    print(f"memory {before:.0f} MB before, {resident_mb():.0f} MB at most")


if __name__ == "__main__":
    main()
