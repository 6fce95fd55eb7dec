"""What a Dockerfile says, done by hand: there is no Docker where tests run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from patience import PATIENCE

from tools.dockerfile import Instructions, arguments, environment, exec_form, stages

__all__ = ["Instructions", "arguments", "environment", "exec_form", "stages"]


def laid_out(instructions: Instructions, source: Path, image: Path) -> None:
    """Copy what COPY takes from `source` into the image's folder. What only a build makes stays behind."""
    for line in arguments(instructions, "COPY"):
        *names, target = line.split()
        for name in names:
            place = image / (target if len(names) == 1 and target != "./" else f"{target}{name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            if (source / name).is_dir():
                left_out = shutil.ignore_patterns("__pycache__", "packaged")
                shutil.copytree(source / name, place, ignore=left_out)
            else:
                shutil.copy(source / name, place)


def begun(line: str, image: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """A line of Python in exec form, in the image's folder; what it says goes into a log beside that."""
    python, *rest = exec_form(line)
    assert python == "python"
    with image.with_name("log").open("ab") as log:
        return subprocess.Popen([sys.executable, *rest], cwd=image, env=settings, stdout=log, stderr=log)


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return bool(response.status == 200)
    return False


def becomes(holds: Callable[[], bool], *, while_running: subprocess.Popen[bytes]) -> bool:
    """Waits until it holds; False where the process ends first, or after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and while_running.poll() is None:
        if holds():
            return True
        with suppress(subprocess.TimeoutExpired):
            while_running.wait(timeout=0.1)
    return False


@contextmanager
def ready(process: subprocess.Popen[bytes], log: Path, holds: Callable[[], bool]) -> Iterator[None]:
    """Once it holds, until the block ends the process."""
    try:
        assert becomes(holds, while_running=process), log.read_text()
        yield
    finally:
        process.terminate()
        process.wait()
