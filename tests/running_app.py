"""The app for tests that use all of it from outside: in a thread of this process, and as one of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from patience import PATIENCE

from app import OPEN_STREAMS_SECONDS

ROOT = Path(__file__).parents[1]
STARTING = 503


@contextlib.contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """The address of a server that runs meanwhile, without a slash at its end. Whoever comes before it is
    there waits for it. `options` are uvicorn's; in the place of an app it takes all of its configuration.
    Like the product, it stops without waiting for a page's open stream."""
    options = {"log_level": "warning", "timeout_graceful_shutdown": OPEN_STREAMS_SECONDS} | options
    config = app if isinstance(app, uvicorn.Config) else uvicorn.Config(app, **options)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(PATIENCE)


class RunningApp:
    """It can be stopped and started again. `log` gets what it says, `more` are further settings."""

    def __init__(self, home: Path, encoder: str, log: Path | None = None, **more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.port = int(port)
        self.url = f"http://127.0.0.1:{port}"
        self._settings = {"DISCERN_HOME": str(home), "DISCERN_PORT": str(port), "DISCERN_ENCODER": encoder}
        self._settings |= more
        self.log = log or Path(os.devnull)  # closing the open streams of a page is a traceback in uvicorn
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Starts it, without waiting until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=ROOT, env=os.environ | self._settings, stderr=log
            )

    def wait(self) -> None:
        """Until it answers."""
        assert self._process is not None
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, "the app ended"
            assert time.monotonic() < deadline

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(PATIENCE) == 0

    def kill(self) -> None:
        """As if the computer had: nothing is told or tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=PATIENCE):
                return True
        except urllib.error.HTTPError as answer:
            if answer.code != STARTING:
                raise
        except OSError:
            pass  # nobody listens yet
        # Asked without a pause, it takes the processor from what it waits for.
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.05)
        return False
