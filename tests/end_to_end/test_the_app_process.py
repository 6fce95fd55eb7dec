"""`python app.py` as a process: ports, exposure, and stopping in the middle of work."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from fake_openai import FakeOpenAI
from patience import PATIENCE

from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.database import Database
from storage.files import sqlite_url
from storage.jobs import JobStore
from storage.library import LibraryEncoder

ROOT = Path(__file__).parents[2]
MANY = 600  # pictures, which are not all added before the app is stopped

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the app with settings from the environment; ends what is still running afterwards."""
    started: list[subprocess.Popen[str]] = []

    def run(**settings: str) -> subprocess.Popen[str]:
        app = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(app)
        return app

    yield run
    for app in started:
        if app.poll() is None:
            app.kill()
        app.communicate()


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def until(state: Callable[[], bool], app: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not state():
        assert app.poll() is None, app.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def healthy(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run_to_its_end(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_asked_for_help_it_says_how_it_is_set_and_starts_nothing() -> None:
    ended = run_to_its_end("--help")
    assert ended.returncode == 0
    assert "usage: python app.py" in ended.stdout
    assert "DISCERN_PORT" in ended.stdout


def test_an_argument_it_does_not_take_is_refused_with_what_to_do_instead() -> None:
    ended = run_to_its_end("--port", "8000")
    assert ended.returncode == 2
    assert "got --port 8000" in ended.stderr
    assert "DISCERN_PORT=8000 python app.py" in ended.stderr


def test_a_port_that_is_taken_is_said_in_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        app = start(DISCERN_PORT=port)
        _, said = app.communicate(timeout=PATIENCE)
    assert app.returncode == 1
    assert said.startswith(f"discern: Port {port} is taken")
    assert "Traceback" not in said


def test_it_does_not_start_open_to_everyone(start: Start) -> None:
    app = start(DISCERN_HOST="0.0.0.0", DISCERN_PORT=free_port())
    _, said = app.communicate(timeout=PATIENCE)
    assert app.returncode == 1
    assert said.startswith("discern: Discern would be open to everyone")


@pytest.mark.slow
def test_stopped_in_the_middle_of_work_it_goes_on_at_the_next_start(
    start: Start, own_home: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    pictures = draw_folder(tmp_path / "pictures", MANY)
    store = JobStore(Database(sqlite_url(own_home / "discern.sqlite")))
    arguments = {"paths": [str(pictures)], "encoder": f"local-dir:{tiny_open_clip}"}
    job_id = store.add("add pictures", arguments)
    first = start(DISCERN_PORT=free_port())
    until(lambda: store.get(job_id).done > 0, first)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE)
    assert first.returncode == 0
    stopped = store.get(job_id)
    assert (stopped.state, stopped.error) == ("queued", "")
    assert stopped.done < MANY

    port = free_port()
    second = start(DISCERN_PORT=port)
    until(lambda: store.get(job_id).state == "done", second)
    assert healthy(port)
    result = store.get(job_id).result
    assert result is not None
    assert 0 < result["added"] < MANY
    assert result["added"] + result["unchanged"] == MANY


def test_stopped_while_it_loads_a_model_it_does_not_wait_for_that(
    start: Start, own_home: Path, tmp_path: Path
) -> None:
    """Loading takes for ever here."""
    bench = Workbench(load_settings(home=own_home))
    bench.context.collection.library.set_encoder(LibraryEncoder("local-dir:none", "none", 4))
    bench.close()
    stalling = tmp_path / "stalling"
    stalling.mkdir()
    loading = tmp_path / "loading"
    (stalling / "sitecustomize.py").write_text(
        "import pathlib, threading\n"
        "import concepts.learning.fitting as learning\n"
        "def never() -> None:\n"
        f"    pathlib.Path({str(loading)!r}).touch()\n"
        "    threading.Event().wait()\n"
        "learning.warm_up = never\n"
    )
    app = start(DISCERN_PORT=free_port(), PYTHONPATH=f"{stalling}{os.pathsep}{ROOT}")
    until(loading.exists, app)
    app.send_signal(signal.SIGTERM)
    _, said = app.communicate(timeout=PATIENCE)
    assert app.returncode == 0
    assert "Traceback" not in said


def test_stopped_while_an_endpoint_does_not_answer_it_leaves_the_job(
    start: Start, warm_home: Path, tmp_path: Path
) -> None:
    asked, over = threading.Event(), threading.Event()

    def silent(request: object) -> dict[str, object]:
        """A SIMULATED model that never answers."""
        asked.set()
        over.wait()
        return {}

    bench = Workbench(load_settings(home=warm_home))
    folder = draw_folder(tmp_path / "pictures", 20)
    bench.library.add([folder], encoder="embedded").wait()
    bench.concepts.begin("Round", "A filled ellipse.")
    job_id = bench.concept("Round").annotations.annotate().id
    impatient = tmp_path / "impatient"
    impatient.mkdir()
    (impatient / "sitecustomize.py").write_text(
        "from concepts.jobs import runner\nrunner.STOP_SECONDS = 0.5\n"
    )
    with FakeOpenAI(silent) as model:
        app = start(
            DISCERN_PORT=free_port(),
            OPENAI_BASE_URL=model.base_url,
            DISCERN_VLM_MODEL="simulated-model",
            PYTHONPATH=f"{impatient}{os.pathsep}{ROOT}",
        )
        until(asked.is_set, app)
        app.send_signal(signal.SIGTERM)
        app.communicate(timeout=PATIENCE)
        assert app.returncode == 0
        over.set()
    assert bench.installation.job(job_id).state == "interrupted"
    bench.close()
