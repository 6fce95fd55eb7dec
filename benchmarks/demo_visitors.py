"""How long visitors of the demo wait for an answer to be kept, many of them at once.

    python -m benchmarks.demo_visitors --home .sample/visitors [--visitors 20] [--minutes 3]

The app is `python app.py` with DISCERN_DEMO=1, the sample library and the built-in encoder. The people are
SIMULATED: each begins a visit and a concept of their own, answers about every three seconds what the Label
screen would show, opens a page now and then, trains after 20 and 40 answers, and downloads what was made
after 45. Seconds are of the request that keeps an answer, from a process of its own on the same cores. The
first run fetches the sample pictures into `--home`.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np

ROOT = Path(__file__).parents[1]
THINKS = 3.0  # seconds until a picture is answered, on average
CONCEPTS = ("Animal", "Fruit", "Vehicle", "Flower", "Building", "Bird", "Fish", "Person", "Tree", "Food")
TRAINS_AT = (20, 40)
DOWNLOADS_AT = 45
KEPT = httpx.Limits(keepalive_expiry=4)  # seconds; the server closes idle connections after five


class Visitor(threading.Thread):
    def __init__(self, number: int, address: str, until: float, waits: dict[str, list[float]]) -> None:
        super().__init__(daemon=True)
        self._number, self._until, self._waits = number, until, waits
        self._random = random.Random(number)
        self._client = httpx.Client(base_url=address, timeout=300, limits=KEPT)
        self.failed: list[str] = []

    def run(self) -> None:
        time.sleep(self._random.uniform(0, 15))  # they don't come all at once
        self._ask("begin a visit", "POST", "/begin")
        name = CONCEPTS[self._number % len(CONCEPTS)]
        body = {"name": name, "description": f"A picture of {name.lower()}, drawn or photographed."}
        self._ask("begin a concept", "POST", "/api/v1/concepts", json=body)
        shown: list[Any] = []
        given = 0
        while time.monotonic() < self._until:
            if not shown:
                shown = self._ask("open Label", "GET", "/app/answers", params={"concept": name})["upcoming"][
                    "pictures"
                ]
                if not shown:
                    time.sleep(1)
                    continue
            time.sleep(self._random.expovariate(1 / THINKS))
            picture = shown.pop(0)["id"]
            answer = {
                "concept": name,
                "key": uuid.uuid4().hex,
                "picture": picture,
                "value": self._random.choice(("yes", "no", "no")),
                "have": [other["id"] for other in shown],
            }
            said = self._ask("an answer", "POST", "/app/answers", json=answer)
            shown += said["upcoming"]["pictures"] if said else []
            given += 1
            self._ask("a picture", "GET", f"/media/picture/{picture}")
            if given in TRAINS_AT:
                self._ask("begin training", "POST", f"/api/v1/concepts/{name}/versions", json={})
            if given == DOWNLOADS_AT:
                self._ask("download all", "GET", "/app/made.zip")
            if given % 20 == 0:
                self._ask("a page", "GET", "/check", params={"concept": name})

    def _ask(self, what: str, method: str, path: str, **sent: Any) -> Any:
        began = time.perf_counter()
        answer = self._client.request(method, path, **sent)
        self._waits[what].append(time.perf_counter() - began)
        if answer.status_code >= 400:
            self.failed.append(f"{what}: {answer.status_code} {answer.text[:200]}")
            return {"upcoming": {"pictures": []}}
        return answer.json() if "json" in answer.headers.get("content-type", "") else None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=3.0)
    given = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"DISCERN_DEMO": "1", "DISCERN_HOME": str(given.home.absolute()), "DISCERN_PORT": str(port)}
    server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | settings)
    try:
        _wait(port, server)
        before = _resident(server.pid)
        waits: dict[str, list[float]] = defaultdict(list)
        until = time.monotonic() + 60 * given.minutes
        visitors = [Visitor(n, f"http://127.0.0.1:{port}", until, waits) for n in range(given.visitors)]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        _report(waits, visitors, before, _resident(server.pid))
        sizes = [sandbox.stat().st_size for sandbox in _owned(given.home / "sandboxes")]
        print(f"{sum(sizes) / 1e6 / given.visitors:,.0f} MB on disk for each visitor")
    finally:
        server.terminate()
        server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    sys.exit("The app did not start.")


def _resident(pid: int) -> float:
    """MB that the process holds (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1000
    return 0.0


def _owned(folder: Path) -> list[Path]:
    """Files that no other folder shares."""
    return [file for file in folder.rglob("*") if file.is_file() and file.stat().st_nlink == 1]


def _report(waits: dict[str, list[float]], visitors: list[Visitor], before: float, after: float) -> None:
    print(f"{len(visitors)} visitors; the app's memory {before:,.0f} MB before, {after:,.0f} MB at the end")
    print(f"load average {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores")
    for what, seconds in sorted(waits.items(), key=lambda item: -len(item[1])):
        middle, most, all_but = (1000 * float(np.quantile(seconds, q)) for q in (0.5, 1.0, 0.95))
        said = f"median {middle:6.0f}, 95 % {all_but:6.0f}, most {most:6.0f}"
        print(f"{what:18}{len(seconds):6} times, ms: {said}")
    failed = [said for visitor in visitors for said in visitor.failed]
    print(f"{len(failed)} requests failed" + "".join(f"\n  {said}" for said in failed[:10]))


if __name__ == "__main__":
    main()
