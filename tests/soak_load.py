"""People at a busy server, who note what they were told, and the server's process, watched from outside."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
from patience import PATIENCE

ROOT = Path(__file__).parents[1]
TIMEOUT = 60.0  # seconds for one answer of the server


@dataclass(frozen=True)
class Sample:
    """Of the server's process: seconds since it was well, bytes in memory of its own, open files."""

    second: float
    resident: int
    open_files: int


class Server:
    """`python app.py` on one port, which can be killed and started again."""

    def __init__(self, port: int, **settings: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._environment = os.environ | settings | {"DISCERN_PORT": str(port)}
        self._process: subprocess.Popen[bytes]
        self._log = Path(settings["DISCERN_HOME"]).parent / "server.txt"

    def start(self) -> float:
        """Seconds until it was well."""
        begun = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        until(self.is_well)
        return time.monotonic() - begun

    def is_well(self) -> bool:
        assert self._process.poll() is None, self.said()
        try:
            return httpx.get(f"{self.address}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As power cuts do."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As people do; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    @contextmanager
    def sampled(self, every: float = 1.0) -> Iterator[list[Sample]]:
        process, samples, ended, begun = self._process.pid, [], threading.Event(), time.monotonic()

        def sample() -> None:
            while not ended.wait(every):
                # What is mapped from files belongs to the system's cache and comes and goes.
                (anonymous,) = re.findall(r"RssAnon:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
                files = len(list(Path(f"/proc/{process}/fd").iterdir()))
                samples.append(Sample(time.monotonic() - begun, int(anonymous) * 1024, files))

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield samples
        finally:
            ended.set()
            thread.join()


@dataclass
class Noted:
    """What all clients saw. Errors are counted by what the server was going through at the time."""

    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → picture, value
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)  # (state, status or kind of error)
    seconds: dict[str, list[float]] = field(default_factory=dict)  # of requests of each kind that succeeded
    unexpected: list[str] = field(default_factory=list)


class Clients:
    """Threads that read and answer until they are told to stop, each with a pause between, as people have.

    `state` says what the server goes through: "well", "killed" or "full". While it is well only success is
    expected; while it is killed connections break; while the disk is full it may say so (507).
    """

    def __init__(self, address: str, concepts: list[str], pictures: list[str]) -> None:
        self.state = "well"
        self.noted = Noted()
        self._address, self._concepts, self._pictures = address, concepts, pictures
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def begin(self, who: Callable[[int], tuple[str, str]], readers: int, writers: int) -> None:
        """`who(i)`: name and password of the i-th writer, and of the readers after those."""
        for index in range(readers + writers):
            name, password = who(min(index, writers))
            work = self._answer if index < writers else self._read
            thread = threading.Thread(target=self._run, args=(work, index, name, password))
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(
        self, work: Callable[[httpx.Client, random.Random, str], None], seed: int, name: str, password: str
    ) -> None:
        rng = random.Random(seed)
        with httpx.Client(base_url=self._address, timeout=TIMEOUT) as client:
            while not self._ended.is_set():
                who = {"name": name, "password": password}
                if self._ask(client, "POST", "/login", data=who) is not None:
                    break
                self._ended.wait(rng.uniform(0.5, 1))
            while not self._ended.wait(rng.uniform(0.2, 1.5)):
                work(client, rng, name)

    def _read(self, client: httpx.Client, rng: random.Random, name: str) -> None:
        concept, picture = rng.choice(self._concepts), rng.choice(self._pictures)
        shown = ("?limit=60", "?q=a+round+thing", f"?like={picture}", f"/{picture}")
        addresses = [
            *(f"/api/v1/{place}" for place in ("library", "concepts", "jobs")),
            *(f"/api/v1/library/pictures{more}" for more in shown),
            *(
                f"/api/v1/concepts/{concept}{part}"
                for part in ("", "/next", "/labels", "/review", "/versions")
            ),
            *[f"/media/thumbnail/{picture}"] * 2,
        ]
        self._ask(client, "GET", rng.choice(addresses))

    def _answer(self, client: httpx.Client, rng: random.Random, name: str) -> None:
        """Until it is acknowledged, always with the same key, which its comment shows in the log."""
        concept, picture = rng.choice(self._concepts), rng.choice(self._pictures)
        value, key = rng.choice(("yes", "no", "unsure")), f"{name}-{rng.getrandbits(64):x}"
        body = {"answers": [{"picture": picture, "value": value, "comment": key}]}
        while not self._ended.is_set():
            address, headers = f"/api/v1/concepts/{concept}/labels", {"Idempotency-Key": key}
            if self._ask(client, "POST", address, json=body, headers=headers) is not None:
                with self._lock:
                    self.noted.acknowledged[key] = (picture, value)
                return
            self._ended.wait(rng.uniform(0.2, 1))

    def _ask(self, client: httpx.Client, method: str, address: str, **more: object) -> httpx.Response | None:
        """The answer where it is a good one. Notes how it went."""
        before, begun = self.state, time.monotonic()
        try:
            response = client.request(method, address, **more)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self._note({before, self.state}, type(error).__name__, f"{method} {address}: {error!r}")
            return None
        took, status = time.monotonic() - begun, str(response.status_code)
        if response.status_code >= 400:
            self._note({before, self.state}, status, f"{method} {address}: {status} {response.text[:300]}")
            return None
        with self._lock:
            self.noted.answers["well", "ok"] += 1
            what = re.sub(r"[0-9a-f]{64}|(?<=concepts/)[^/]+", "…", f"{method} {address}")
            self.noted.seconds.setdefault(what, []).append(took)
        return response

    def _note(self, states: set[str], kind: str, said: str) -> None:
        is_starting = kind == "503" and '"status":"starting"' in said
        expected = ("killed" in states and (is_starting or not kind.isdigit())) or (
            "full" in states and kind == "507"
        )
        with self._lock:
            state = next(iter(states - {"well"}), "well")
            self.noted.answers[state, kind] += 1
            if not expected:
                self.noted.unexpected.append(said)


def until(holds: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Looks for a state until it is there."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)
