"""The API over the small library, and jobs that run meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from patience import PATIENCE

from concepts.use_cases import App
from web.server import create_service


@pytest.fixture(scope="module")
def workbench(library: App) -> App:
    library.jobs.start()
    return library


@pytest.fixture(scope="module")
def api(workbench: App) -> TestClient:
    return TestClient(create_service(workbench), base_url="http://127.0.0.1:7860/api/v1/")


@pytest.fixture(scope="module")
def finished(api: TestClient) -> Callable[[Any], dict[str, Any]]:
    """Waits for the job that a response tells of, and returns it."""

    def wait(response: Any) -> dict[str, Any]:
        assert response.status_code == 202, response.text
        assert response.headers["location"] == f"/api/v1/jobs/{response.json()['id']}"
        deadline = time.monotonic() + PATIENCE
        while True:
            job: dict[str, Any] = api.get(f"jobs/{response.json()['id']}").json()
            if job["state"] in ("done", "failed", "cancelled"):
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.02)

    return wait
