"""The product as others run it: commands and the app as processes, requests over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import weakref
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PATIENCE = 240  # seconds: on a busy machine too, and a process that hangs must fail
API = "/api/v1"


def environment(home: Path, **more: str) -> dict[str, str]:
    """Returns the variables of a process that keeps its data in `home` and knows no key, model or network."""
    left_out = ("OPENAI_", "DISCERN_", "AWS_", "OPENID_", "OAUTH_")
    # Without compiled modules every process compiles all of them anew.
    spoiling = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "XDG_CACHE_HOME")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(left_out) and name not in spoiling and not name.lower().endswith("_proxy")
    }
    person = home.parent / "person"
    person.mkdir(exist_ok=True)
    ours = {"HOME": str(person), "DISCERN_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return kept | ours | more


@dataclass(frozen=True)
class Ended:
    """A process that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: object, home: Path, cwd: Path = ROOT, **more: str) -> Ended:
    """Runs Python with these arguments to its end."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


# Runs each command line that comes, as `python -m discern` does, and answers with how it ended.
ONE_BEHIND_THE_OTHER = """
import contextlib, io, json, os, sys
from discern.__main__ import main

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    sys.argv[:] = ["discern", *json.loads(line)]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]), file=answers, flush=True)
"""


class Commands:
    """`discern …` over one data folder, in one process for all commands: Python takes seconds to begin."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def __call__(self, *arguments: object) -> Ended:
        """Runs one command to its end."""
        with self._turn:
            process = self._process = self._process or self._begun()
            assert process.stdin is not None
            assert process.stdout is not None
            print(json.dumps([*map(str, arguments)]), file=process.stdin, flush=True)
            return Ended(*json.loads(process.stdout.readline()))

    def alone(self, *arguments: object, **more: str) -> Ended:
        """Runs one command to its end in a process of its own, as a person does."""
        return run("-m", "discern", *arguments, home=self.home, cwd=ROOT, **more)

    def ask(self, *arguments: object) -> Any:
        """Returns the JSON value of a command that has to succeed."""
        return self._succeeded(self(*arguments, "--json"))

    def ask_alone(self, *arguments: object, **more: str) -> Any:
        """Returns the JSON value of a command that has to succeed in a process of its own."""
        return self._succeeded(self.alone(*arguments, "--json", **more))

    def _begun(self) -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            [sys.executable, "-c", ONE_BEHIND_THE_OTHER],
            cwd=ROOT,
            env=environment(self.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        weakref.finalize(self, begun.communicate)  # it ends where no more commands come
        return begun

    @staticmethod
    def _succeeded(ended: Ended) -> Any:
        assert ended.code == 0, ended
        return ended.json


@dataclass(frozen=True)
class Answer:
    """What the app answered. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class App:
    """`discern run` over one data folder, on a free port. It can be stopped and started again.

    `program`: another command that serves the app. `cwd`: the folder it is run in.
    """

    def __init__(
        self,
        home: Path,
        log: Path,
        program: Sequence[str] = (sys.executable, "-m", "discern", "run"),
        cwd: Path = ROOT,
        **more: str,
    ) -> None:
        # Bound until the end, and never listening: the app may bind it too, and nobody else is given it.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.port = int(self._reserved.getsockname()[1])
        self.home, self.log = home, log
        self._program, self._cwd = program, cwd
        self.origin = f"http://127.0.0.1:{self.port}"
        self._environment = environment(home, **({"DISCERN_PORT": str(self.port)} | more))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._program,
                cwd=self._cwd,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + PATIENCE
        while not self._is_healthy():
            assert self.is_running, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)  # asked without a pause, it takes the processor from it

    def signalled(self, number: signal.Signals) -> int:
        """Sends a signal and returns the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(PATIENCE)

    def end(self) -> None:
        if self.is_running:
            self.signalled(signal.SIGKILL)
        self._reserved.close()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> Answer:
        """Sends one request as it stands: the path isn't tidied, no redirect is followed. A body is bytes,
        pieces of bytes, or what is sent as JSON."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes | Iterator):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if login:
            sent["Authorization"] = "Basic " + b64encode(":".join(login).encode()).decode()
        line = http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE)
        with contextlib.closing(line):
            with contextlib.suppress(ConnectionError):  # it may answer before all of a large body was sent
                line.request(method, path, body, sent)
            got = line.getresponse()
            named = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, named, got.read())

    def get(self, path: str, **query: str) -> Any:
        """Returns the JSON of a REST address that has to answer."""
        answer = self.request("GET", f"{API}/{path}")
        assert answer.status == 200, answer
        return answer.json

    def finished(self, job: Mapping[str, Any], login: tuple[str, str] | None = None) -> dict[str, Any]:
        """Waits for the end of a job and returns how it ended."""
        until = time.monotonic() + PATIENCE
        while True:
            now = self.request("GET", f"{API}/jobs/{job['id']}", login=login).json
            if now["state"] in ("done", "failed", "cancelled"):
                return dict(now)
            assert time.monotonic() < until, now
            time.sleep(0.1)  # between two looks at its state

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.origin}/healthz", timeout=PATIENCE):
                return True
        except (urllib.error.URLError, OSError):  # nobody listens yet, or it is starting
            return False


@contextlib.contextmanager
def running(app: App) -> Iterator[App]:
    """Starts the app for a block and ends it after that."""
    try:
        app.start()
        yield app
    finally:
        app.end()
