"""What `compose.yaml` starts together, where no image can be had: its two apps, its bucket's command and its
proxy as they stand in it, over real PostgreSQL, nginx and a service that speaks S3. Addresses, passwords and
the encoder are other ones."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import not_run
import pytest
import yaml
from drawing import draw_folder
from postgres import Server
from running_app import RunningApp
from s3_service import Service

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
PASSWORD, PATIENCE = "correct horse battery", 120


def filled(text: str, given: dict[str, str]) -> str:
    """`${NAME:-default}` and `${NAME:?what to set}` as compose fills them in."""
    return re.sub(
        r"\$\{(\w+):([-?])([^}]*)\}",
        lambda m: given.get(m[1]) or (m[3] if m[2] == "-" else pytest.fail(f"{m[1]} is not given")),
        text,
    )


@pytest.fixture
def together(
    postgres: Server, s3: Service, tmp_path: Path, tiny_open_clip: Path
) -> Iterator[tuple[list[RunningApp], str]]:
    """Both apps, and the proxy's address."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        not_run.not_run("the services of compose.yaml", "nginx is not installed: Debian's package nginx.")
    pictures = draw_folder(tmp_path / "pictures", 30)
    given = {
        "DISCERN_USERS": f"ana:{PASSWORD}",
        "POSTGRES_PASSWORD": "-",
        "AWS_ENDPOINT_URL": s3.address,
        "DISCERN_ALLOWED_ROOTS": str(pictures),
    }
    services = COMPOSE["services"]
    settings = {
        name: filled(value, given) for name, value in services["app-1"]["environment"].items() if value
    }
    # A database of its own, and the proxy stands at this address instead of in compose's network.
    settings |= {"DISCERN_DATABASE_URL": postgres.empty_database(), "DISCERN_TRUSTED_PROXIES": "127.0.0.1"}
    python, *command = services["bucket"]["command"]
    assert python == "python"
    subprocess.run([sys.executable, *command], env=os.environ | settings, check=True)
    encoder = f"local-dir:{tiny_open_clip}"
    apps = [RunningApp(tmp_path / "home", encoder, tmp_path / f"log-{n}", **settings) for n in range(2)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    proxy = COMPOSE["configs"]["proxy"]["content"].replace("$$", "$").replace("8080", str(port), 1)
    for name, app in zip(("app-1", "app-2"), apps, strict=True):
        assert services[name]["image"] == "discern-together"
        proxy = proxy.replace(f"{name}:7860", f"127.0.0.1:{app.port}")
    places = "".join(f"{what}_temp_path {tmp_path}/{what};" for what in ("client_body", "proxy", "fastcgi"))
    places += "".join(f"{what}_temp_path {tmp_path}/{what};" for what in ("uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/nginx.pid; error_log {tmp_path}/nginx.log; worker_processes 1;"
        f"events {{}} http {{ access_log off; {places} {proxy} }}"
    )
    started = []
    try:
        for app in apps:  # the second waits for the tables, as `depends_on` says
            app.start()
            started.append(app)
        server = subprocess.Popen(
            [nginx, "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "nginx.log")]
        )
        try:
            yield apps, f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(PATIENCE)
    finally:
        for app in started:
            if app.is_running:
                app.stop()


def test_the_services_of_compose_work_together_and_one_app_may_die(
    together: tuple[list[RunningApp], str], tmp_path: Path
) -> None:
    apps, address = together
    with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
        answer = until(client, "/healthz")
        assert answer.status_code == 200
        assert client.get("/api/v1/library/pictures").status_code == 401
        assert client.post("/login", data={"name": "ana", "password": PASSWORD}).status_code == 303
        begun = client.post("/api/v1/library/pictures", json={"paths": [str(tmp_path / "pictures")]})
        assert begun.status_code == 202, begun.text
        job, deadline = begun.json(), time.monotonic() + PATIENCE
        while job["state"] not in ("done", "failed", "cancelled"):
            assert time.monotonic() < deadline, job
            job = client.get(f"/api/v1/jobs/{job['id']}").json()
        assert (job["state"], job["result"]["added"]) == ("done", 30), job
        apps[0].kill()
        for _ in range(4):  # whichever of the two it is sent to
            assert len(client.get("/api/v1/library/pictures").json()["pictures"]) == 30


def until(client: httpx2.Client, path: str) -> httpx2.Response:
    """nginx listens a moment after it was started."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return client.get(path)
        except httpx2.TransportError:
            assert time.monotonic() < deadline
