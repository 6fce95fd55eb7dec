"""What a Dockerfile says, done by hand: there is no Docker where tests run."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 180  # seconds until an app is given up

Instructions = list[tuple[str, str]]  # (INSTRUCTION, arguments)


def stages(dockerfile: str) -> dict[str, Instructions]:
    """Of each image in order, with those of the stage that it stands on; continued lines joined."""
    text = re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    found: dict[str, Instructions] = {}
    name = ""
    for word, rest in (line.split(" ", 1) for line in lines):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = list(found.get(base, ()))
        else:
            found[name].append((word, rest))
    return found


def arguments(instructions: Instructions, name: str) -> list[str]:
    return [rest for word, rest in instructions if word == name]


def environment(instructions: Instructions) -> dict[str, str]:
    return dict(pair.split("=", 1) for line in arguments(instructions, "ENV") for pair in line.split())


def exec_form(line: str) -> list[str]:
    command: list[str] = json.loads(line[line.index("[") :])
    return command


def laid_out(instructions: Instructions, source: Path, image: Path) -> None:
    """What COPY takes from `source`, as it lies in the image's folder. The stage `packaged` was done here."""
    for line in arguments(instructions, "COPY"):
        *names, target = line.split()
        if names[0] == "--from=packaged":
            shutil.copytree(ROOT / names[1].removeprefix("/packaged/"), image / target, dirs_exist_ok=True)
            continue
        for name in names:
            place = image / (target if len(names) == 1 and target != "./" else f"{target}{name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            if (source / name).is_dir():
                shutil.copytree(source / name, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source / name, place)


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return bool(response.status == 200)
    return False


def becomes(ready: Callable[[], bool], *, while_running: subprocess.Popen[bytes]) -> bool:
    """Waits until it is; False where the process ends first, or after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and while_running.poll() is None:
        if ready():
            return True
        with suppress(subprocess.TimeoutExpired):
            while_running.wait(timeout=0.1)
    return False
