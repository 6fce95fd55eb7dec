"""The folder that becomes a hosted Space: whole, described as the hub wants it, and served from it alone.

There is no Docker where tests run: the folder's Dockerfile is read, and what it says is done by hand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml
from drawing import draw_folder

from space.assemble import assemble, copied

USER = 1000  # whom Spaces run as
PATIENCE = 180  # seconds until the app is given up

Instruction = tuple[str, str]


def as_another(user: int) -> dict[str, Any]:
    """How a process is started as this user; as ourselves where we may not, or they can't read our Python."""
    person = {"user": user, "group": user, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "import numpy"], check=True, capture_output=True, **person)
    except (PermissionError, subprocess.CalledProcessError):
        return {}
    return person


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("assembled") / "space"
    assemble(out)
    return out


@pytest.fixture(scope="module")
def instructions(folder: Path) -> list[Instruction]:
    """(INSTRUCTION, arguments) of the stage that the hub builds, the last, and of what it stands on."""
    text = re.sub(r"^#.*\n", "", (folder / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line.strip()]
    stages: dict[str, list[Instruction]] = {}
    name = ""
    for word, rest in (line.split(" ", 1) for line in lines):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = list(stages.get(base, ()))
        else:
            stages[name].append((word, rest))
    return stages[name]


def environment(instructions: list[Instruction]) -> dict[str, str]:
    given = [rest.split() for word, rest in instructions if word == "ENV"]
    return dict(pair.split("=", 1) for pairs in given for pair in pairs)


def front_matter(folder: Path) -> dict[str, object]:
    _, described, _ = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    found: dict[str, object] = yaml.safe_load(described)
    return found


def test_everything_that_its_dockerfile_copies_is_in_it(folder: Path) -> None:
    sources = copied((folder / "Dockerfile").read_text())
    assert {"app.py", "concepts", "web", "requirements.txt", "requirements-oauth.txt"} <= set(sources)
    assert [source for source in sources if not (folder / source).exists()] == []


def test_it_has_nothing_else_but_its_page(folder: Path) -> None:
    tops = {Path(source).parts[0] for source in copied((folder / "Dockerfile").read_text())}
    assert {file.name for file in folder.iterdir()} == {*tops, "Dockerfile", "README.md"}
    assert not list(folder.rglob("__pycache__"))


def test_an_older_folder_is_not_written_over(folder: Path) -> None:
    with pytest.raises(FileExistsError):
        assemble(folder)


def test_the_hub_finds_what_it_asks_for(folder: Path, instructions: list[Instruction]) -> None:
    about = front_matter(folder)
    assert about["sdk"] == "docker"
    assert str(about["app_port"]) == environment(instructions)["DISCERN_PORT"]
    assert about["hf_oauth"] is True
    assert len(str(about["short_description"])) <= 60


def test_the_last_stage_is_a_demo_that_runs_as_user_1000_and_keeps_to_its_own_folder(
    instructions: list[Instruction],
) -> None:
    settings = environment(instructions)
    assert settings["DISCERN_DEMO"] == "1"
    assert not settings["DISCERN_HOME"].startswith("/data")  # a volume: what a build writes there is lost
    users = [rest for word, rest in instructions if word == "USER"]
    assert any(f"useradd --uid {USER} --create-home {users[-1]} " in rest for _, rest in instructions)


@pytest.fixture
def machine(folder: Path, instructions: list[Instruction]) -> Iterator[Path]:
    """A folder with the image's /app and an empty home, which user 1000 owns where tests may hand it over."""
    place = Path(tempfile.mkdtemp())
    image = place / "app"
    image.mkdir()
    for rest in (rest for word, rest in instructions if word == "COPY"):
        *sources, target = rest.split()
        for source in sources:
            if (folder / source).is_dir():
                shutil.copytree(folder / source, image / target)
            else:
                shutil.copy(folder / source, image / target)
    stamps = place / "home" / "demo" / "sample" / "stamps"  # in place of Debian's package
    stamps.parent.mkdir(parents=True)
    draw_folder(stamps, 12)
    if as_another(USER):
        for path in (place, *place.rglob("*")):
            os.chown(path, USER, USER)
    yield place
    shutil.rmtree(place)


def test_it_is_served_from_exactly_these_files_to_visitors_who_begin(
    machine: Path, instructions: list[Instruction]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = environment(instructions) | {
        "DISCERN_HOME": str(machine / "home" / "demo"),
        "DISCERN_HOST": "127.0.0.1",
        "DISCERN_PORT": port,
        "HF_HOME": str(machine / "home" / "huggingface"),
        "HOME": str(machine / "home"),
        "PATH": os.environ["PATH"],
    }

    person = as_another(USER)

    def start(arguments: str) -> subprocess.Popen[bytes]:
        python, *rest = json.loads(arguments)
        assert python == "python"
        with (machine / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *rest],
                cwd=machine / "app",
                env=settings,
                stdout=log,
                stderr=log,
                **person,
            )

    (prepare,) = [rest for word, rest in instructions if word == "RUN" and rest.startswith("[")]
    assert start(prepare).wait() == 0, (machine / "log").read_text()
    assert "12 pictures are ready" in (machine / "log").read_text()
    *_, command = [rest for word, rest in instructions if word == "CMD"]
    app = start(command)
    try:
        address = f"http://127.0.0.1:{port}"
        assert _answers(f"{address}/healthz", app), (machine / "log").read_text()
        visitor = httpx.Client(base_url=address, headers={"host": "ana-discern.hf.space"}, timeout=60)
        cookie = visitor.post("/begin").headers["set-cookie"].partition(";")[0]
        mine = {"cookie": cookie}  # which a browser sends over HTTPS only
        assert visitor.get("/api/v1/library", headers=mine).json()["pictures"] == 12
        body = {"name": "Ball", "description": "A round thing."}
        assert visitor.post("/api/v1/concepts", json=body, headers=mine).status_code == 201
        page = visitor.get("/", headers=mine)
        assert page.status_code == 200
        assert "frame-ancestors https://huggingface.co" in page.headers["content-security-policy"]
    finally:
        app.terminate()
        app.wait()


def _answers(address: str, app: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + PATIENCE
    with httpx.Client(timeout=10) as client:  # a new one for each question reads all certificates each time
        while time.monotonic() < deadline and app.poll() is None:
            with suppress(httpx.TransportError):
                answer = client.get(address)
                if answer.status_code != 503:  # it is starting
                    return answer.status_code == 200
            with suppress(subprocess.TimeoutExpired):
                app.wait(timeout=0.1)
    return False
