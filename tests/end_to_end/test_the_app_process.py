"""`python app.py` as a process: its arguments, its port, and stopping while something does not answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from fake_openai import FakeOpenAI
from patience import PATIENCE
from running_app import ROOT, RunningApp
from soak_load import until

from app import check_arguments
from concepts.collaborator.annotations import annotate
from concepts.installation.jobs import job_state
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.library import LibraryEncoder

Begin = Callable[..., RunningApp]


@pytest.fixture
def begin(own_home: Path, tmp_path: Path) -> Iterator[Begin]:
    """Begins the app, after Python that runs `first`; ends what is still running afterwards."""
    apps: list[RunningApp] = []

    def run(first: str = "", **settings: str) -> RunningApp:
        if first:
            (tmp_path / "first").mkdir()
            (tmp_path / "first" / "sitecustomize.py").write_text(first)
            settings["PYTHONPATH"] = f"{tmp_path / 'first'}{os.pathsep}{ROOT}"
        app = RunningApp(own_home, "auto", tmp_path / "log", **settings)
        apps.append(app)
        app.begin()
        return app

    yield run
    for app in apps:
        if app.is_running:
            app.kill()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--help"], 0, ["usage: python app.py", "DISCERN_PORT"]),
        (["--port", "8000"], 2, ["got --port 8000", "DISCERN_PORT=8000 python app.py"]),
    ],
)
def test_it_takes_no_argument_and_says_how_it_is_set(
    given: list[str], code: int, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        check_arguments(given)
    printed = capsys.readouterr()
    assert ended.value.code == code
    assert all(words in printed.out + printed.err for words in said)


def test_a_port_that_is_taken_is_said_in_one_line(own_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        environment = os.environ | {"DISCERN_PORT": port}
        ended = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, timeout=PATIENCE
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"discern: Port {port} is taken".encode())
    assert b"Traceback" not in ended.stderr


@pytest.mark.slow
def test_stopped_while_it_loads_a_model_it_does_not_wait_for_that(
    begin: Begin, own_home: Path, tmp_path: Path
) -> None:
    """Loading takes for ever here."""
    bench = open_app(load_settings(home=own_home))
    collection_of(bench).library.set_encoder(LibraryEncoder("local-dir:none", "none", 4))
    bench.close()
    loading = tmp_path / "loading"
    app = begin(
        "import pathlib, threading\n"
        "import concepts.learning.fitting as learning\n"
        "def never() -> None:\n"
        f"    pathlib.Path({str(loading)!r}).touch()\n"
        "    threading.Event().wait()\n"
        "learning.warm_up = never\n"
    )
    until(loading.exists)
    app.stop()
    assert "Traceback" not in app.log.read_text()


@pytest.mark.slow
def test_stopped_while_an_endpoint_does_not_answer_it_leaves_the_job(
    begin: Begin, warm_home: Path, tmp_path: Path
) -> None:
    asked, over = threading.Event(), threading.Event()

    def silent(request: object) -> dict[str, object]:
        """A SIMULATED model that never answers."""
        asked.set()
        over.wait()
        return {}

    bench = open_app(load_settings(home=warm_home))
    import_pictures(bench, [draw_folder(tmp_path / "pictures", 20)], encoder="embedded").wait()
    job_id = begin_concept(bench, "Round", "A filled ellipse.").begin(annotate).id
    with FakeOpenAI(silent) as model:
        app = begin(
            "from concepts.jobs import runner\nrunner.STOP_SECONDS = 0.5\n",
            OPENAI_BASE_URL=model.base_url,
            DISCERN_VLM_MODEL="simulated-model",
        )
        until(asked.is_set)
        app.stop()
        over.set()
    assert job_state(bench, job_id).state == "interrupted"
    bench.close()
