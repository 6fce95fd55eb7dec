"""The API over a small library of drawn pictures with a tiny untrained encoder, and work done meanwhile."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient
from patience import PATIENCE

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app

API = "/api/v1"


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_folder(tmp_path_factory.mktemp("drawn"), 60)


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path, drawn: Path) -> Path:
    """A data folder with the drawings and no concept, to be copied."""
    home = tmp_path_factory.mktemp("rest") / "home"
    bench = Workbench(Settings(home=home))
    bench.library.add([drawn], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.close()
    return home


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Iterator[Workbench]:
    bench = Workbench(Settings(home=shutil.copytree(made_home, tmp_path_factory.mktemp("rest") / "home")))
    bench.jobs.start()
    yield bench
    bench.jobs.stop()


@pytest.fixture(scope="module")
def api(workbench: Workbench) -> TestClient:
    return TestClient(create_app(workbench), base_url="http://127.0.0.1:7860/api/v1/")


@pytest.fixture(scope="module")
def finished(api: TestClient) -> Callable[[Any], dict[str, Any]]:
    """Waits for the job that a response tells of, and returns it."""

    def wait(response: Any) -> dict[str, Any]:
        assert response.status_code == 202, response.text
        assert response.headers["location"] == f"{API}/jobs/{response.json()['id']}"
        deadline = time.monotonic() + PATIENCE
        while True:
            job: dict[str, Any] = api.get(f"jobs/{response.json()['id']}").json()
            if job["state"] in ("done", "failed", "cancelled"):
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.02)

    return wait
