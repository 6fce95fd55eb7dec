"""The program in docs/rest.md runs as it stands, against a real server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from concepts.installation.users import Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app

ROOT = Path(__file__).parents[3]
PASSWORD = "a long password"


@pytest.fixture
def server(tmp_path: Path, tiny_open_clip: Path) -> Iterator[str]:
    """With an empty library and one user; its address."""
    settings = Settings(home=tmp_path / "home", encoder=f"local-dir:{tiny_open_clip}")
    Users(settings).set("ana", PASSWORD)
    bench = Workbench(settings)
    listening = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(create_app(bench), log_level="warning"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    bench.jobs.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    running.should_exit = True
    bench.jobs.stop()
    thread.join()


def test_the_program_in_the_documentation_runs(server: str, drawn: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert found
    program = found[1]
    for before, after in (
        ("http://127.0.0.1:7860", server),
        ("/home/ana/Pictures", str(drawn)),
        ("LOGIN = None", f"LOGIN = ('ana', {PASSWORD!r})"),
    ):
        assert before in program
        program = program.replace(before, after)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if "proxy" not in k.lower()},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"Version 1, measured on [1-9]\d* pictures", done.stdout)
    assert len(re.findall(r"^[01]\.\d\d  .*\.png$", done.stdout, flags=re.MULTILINE)) == 5
    assert (tmp_path / "round-things.zip").read_bytes()[:2] == b"PK"
