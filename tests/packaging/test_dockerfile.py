"""The image can't be built in every place where tests run, so its parts are checked one by one."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def stages() -> dict[str, list[tuple[str, str]]]:
    """(INSTRUCTION, arguments) of each image in order, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    found: dict[str, list[tuple[str, str]]] = {}
    for instruction, value in (line.split(" ", 1) for line in lines if line.strip()):
        if instruction == "FROM":
            found[value.rpartition(" AS ")[2]] = []
        else:
            found[list(found)[-1]].append((instruction, value))
    return found


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Of the image that is built where none is named: the last."""
    return list(stages().values())[-1]


def arguments(instructions: list[tuple[str, str]], name: str) -> list[str]:
    return [value for instruction, value in instructions if instruction == name]


def copied(instructions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(path in the repository, path in the image)."""
    pairs = []
    for line in arguments(instructions, "COPY"):
        *sources, target = line.split()
        for source in sources:
            pairs.append((source, target if len(sources) == 1 and target != "./" else f"{target}{source}"))
    return pairs


def environment(instructions: list[tuple[str, str]]) -> dict[str, str]:
    return dict(pair.split("=", 1) for line in arguments(instructions, "ENV") for pair in line.split())


def exec_form(line: str) -> list[str]:
    command: list[str] = json.loads(line[line.index("[") :])
    return command


@pytest.mark.parametrize("stage", stages())
def test_what_is_copied_exists_and_is_let_through(stage: str) -> None:
    everything, *allowed = (ROOT / ".dockerignore").read_text().split()
    assert everything == "*"
    for source, _ in copied(stages()[stage]):
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed, f"{source} is left out by .dockerignore"


def test_it_runs_as_user_1000_on_its_data_volume(instructions: list[tuple[str, str]]) -> None:
    (user,) = arguments(instructions, "USER")
    assert any(f"useradd --uid 1000 --create-home {user} " in line for line in arguments(instructions, "RUN"))
    assert arguments(instructions, "VOLUME") == [environment(instructions)["DISCERN_HOME"]]
    names = [name for name, _ in instructions]
    assert names.index("USER") < names.index("CMD")


def test_the_scorer_runs_as_user_1000_and_serves_the_bundle_it_is_given() -> None:
    scorer = stages()["scorer"]
    (user,) = arguments(scorer, "USER")
    assert f"useradd --uid 1000 {user}" in arguments(scorer, "RUN")
    (entry,), (bundle,) = arguments(scorer, "ENTRYPOINT"), arguments(scorer, "CMD")
    assert exec_form(entry)[:4] == ["python", "-m", "discern", "serve"]
    assert exec_form(bundle) == ["/bundle.zip"]


def test_no_package_index_is_written_into_it(instructions: list[tuple[str, str]]) -> None:
    assert arguments(instructions, "ARG") == ["TORCH_INDEX_URL"]
    assert not re.search(r"https?://(?!127\.0\.0\.1)", (ROOT / "Dockerfile").read_text())


def test_what_it_copies_is_enough_to_serve_and_its_health_check_notices(
    instructions: list[tuple[str, str]], tmp_path: Path
) -> None:
    image = tmp_path / "app"
    for source, target in copied(instructions):
        (image / target).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, image / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, image / target)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = environment(instructions) | {
        "DISCERN_HOME": str(tmp_path / "data"),
        "DISCERN_HOST": "127.0.0.1",
        "DISCERN_PORT": port,
        "HF_HOME": str(tmp_path / "data" / "huggingface"),
    }
    health = exec_form(arguments(instructions, "HEALTHCHECK")[0])
    (command,) = arguments(instructions, "CMD")

    log = tmp_path / "log"

    def start(line: list[str]) -> subprocess.Popen[bytes]:
        assert line[0] == "python"
        variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | settings
        with log.open("ab") as out:
            return subprocess.Popen(
                [sys.executable, *line[1:]], cwd=image, env=variables, stdout=out, stderr=out
            )

    def healthy() -> bool:
        return start(health).wait() == 0

    assert not healthy()
    app = start(exec_form(command))
    try:
        assert becomes(healthy, while_running=app), log.read_text()
    finally:
        app.terminate()
        app.wait()
    assert not healthy()


def becomes(healthy: Callable[[], bool], *, while_running: subprocess.Popen[bytes]) -> bool:
    """Waits until it is; False where the process ends first, or after two minutes."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if healthy():
            return True
        with suppress(subprocess.TimeoutExpired):
            while_running.wait(timeout=0.1)
            return False
    return False
