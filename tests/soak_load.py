"""People at a busy server, who note what they were told, and the server's process, watched from outside."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx2 as httpx
from patience import PATIENCE
from running_app import RunningApp

TIMEOUT = 60.0  # seconds for one answer of the server
CONFIG = "window.gradio_config = "
SENDS = "/gradio_api/run/predict"  # where a page's events go


@dataclass(frozen=True)
class Sample:
    """Of the server's process: seconds since it was well, bytes in memory of its own, open files."""

    second: float
    resident: int
    open_files: int


class Server(RunningApp):
    """`python app.py`, which can be killed and started again, watched from outside."""

    def __init__(self, home: Path, **settings: str) -> None:
        super().__init__(home, "embedded", home.parent / "server.txt", **settings)

    def seconds_to_start(self) -> float:
        begun = time.monotonic()
        self.start()
        return time.monotonic() - begun

    @contextmanager
    def sampled(self, every: float = 1.0) -> Iterator[list[Sample]]:
        samples, ended, begun = [], threading.Event(), time.monotonic()

        def sample() -> None:
            while not ended.wait(every):
                files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
                samples.append(Sample(time.monotonic() - begun, memory_of(self.pid, "RssAnon:"), files))

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield samples
        finally:
            ended.set()
            thread.join()


def memory_of(process: int, name: str) -> int:
    """Bytes. Of what is mapped from files, which comes and goes, RssAnon tells nothing."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


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

    def __init__(
        self,
        address: str,
        concepts: list[str],
        pictures: list[str],
        addresses: Sequence[str],
        pause: tuple[float, float],
        writers_pause: tuple[float, float] | None = None,
    ) -> None:
        """Readers choose from `addresses`, whose `{concept}` and `{picture}` are filled in. Where that is a
        screen, they send what its page does. Writers pause as readers do unless `writers_pause` is given."""
        self.state = "well"
        self.noted = Noted()
        self._address, self._concepts, self._pictures = address, concepts, pictures
        self._addresses = addresses
        self._pause, self._writers_pause = pause, writers_pause or pause
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._events: dict[str, list[int]] = {}  # of the page: name → numbers of what it calls
        self._threads: list[threading.Thread] = []

    def begin(self, who: Callable[[int], tuple[str, str]], readers: int, writers: int) -> None:
        """`who(i)`: name and password of the i-th, of whom the writers come first."""
        for index in range(readers + writers):
            name, password = who(index)
            work, pause = (
                (self._answer, self._writers_pause) if index < writers else (self._read, self._pause)
            )
            thread = threading.Thread(target=self._run, args=(work, pause, index, name, password))
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(
        self,
        work: Callable[[httpx.Client, random.Random, str], None],
        pause: tuple[float, float],
        seed: int,
        name: str,
        password: str,
    ) -> None:
        rng = random.Random(seed)
        with httpx.Client(base_url=self._address, timeout=TIMEOUT) as client:
            while not self._ended.is_set():
                who = {"name": name, "password": password}
                if self._ask(client, "POST", "/login", data=who) is not None:
                    break
                self._ended.wait(rng.uniform(0.5, 1))
            while not self._ended.wait(rng.uniform(*pause)):
                work(client, rng, name)

    def _read(self, client: httpx.Client, rng: random.Random, name: str) -> None:
        concept, picture = rng.choice(self._concepts), rng.choice(self._pictures)
        address = rng.choice(self._addresses).format(concept=quote(concept), picture=picture)
        page = self._ask(client, "GET", address, follow_redirects=True)
        if page is None or "text/html" not in page.headers["content-type"]:
            return
        screen, query = page.url.params.get("screen", "home"), page.url.params.remove("screen")
        headers, session = {"referer": f"{self._address}{address}"}, f"{rng.getrandbits(64):x}"
        for event in ("moved", f"to_{screen}"):
            for number in self._called(page)[event]:
                body = {"fn_index": number, "data": [], "session_hash": session}
                sent = {"params": query, "json": body, "headers": headers}
                self._ask(client, "POST", SENDS, what=f"{event} {number}", **sent)

    def _called(self, page: httpx.Response) -> dict[str, list[int]]:
        """What each event of the page calls in the server, which is the same for everybody."""
        if not self._events:
            found: dict[str, list[int]] = {}
            config, _ = json.JSONDecoder().raw_decode(page.text.partition(CONFIG)[2])
            for one in config["dependencies"]:
                for _, name in one["targets"] if one["backend_fn"] else ():
                    found.setdefault(name, []).append(one["id"])
            self._events = found
        return self._events

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

    def _ask(
        self, client: httpx.Client, method: str, address: str, *, what: str = "", **more: object
    ) -> httpx.Response | None:
        """The answer where it is a good one. Notes how it went. `what`: its kind, where the address tells
        none."""
        before, begun = self.state, time.monotonic()
        try:
            response = client.request(method, address, **more)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            self._note({before, self.state}, type(error).__name__, f"{method} {address} {what}: {error!r}")
            return None
        took, status = time.monotonic() - begun, str(response.status_code)
        if response.status_code >= 400:
            said = f"{method} {address} {what}: {status} {response.text[:300]}"
            self._note({before, self.state}, status, said)
            return None
        with self._lock:
            self.noted.answers["well", "ok"] += 1
            kind = re.sub(r"[0-9a-f]{64}|(?<=concepts/)[^/]+|(?<=concept=).+", "…", f"{method} {address}")
            self.noted.seconds.setdefault(what or kind, []).append(took)
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
