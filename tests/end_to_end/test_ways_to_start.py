"""However the app is started, it has the same guard and the same REST: by itself, launched as Gradio's are,
and below a notebook's cell. (A Space: tests/packaging/test_space.py.)"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx2 as httpx
import pytest
from running_app import served
from web_screens import PASSWORD, add_people

import app
import discern
from concepts.errors import SettingsError
from concepts.rooms import open_app
from concepts.settings import Settings, load_settings
from web.server import create_app


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes at the end of a test what the product closes at the end of its process."""
    with ExitStack() as stack:
        monkeypatch.setattr(app, "atexit", SimpleNamespace(register=stack.callback))
        yield


def by_itself(settings: Settings) -> Iterator[str]:
    bench = open_app(settings)
    with served(create_app(bench)) as address:
        yield address
    bench.close()


def launched(settings: Settings) -> Iterator[str]:
    page = app.page(settings)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True)
    yield address.rstrip("/")
    page.close()


@pytest.fixture(params=[by_itself, launched], ids=["by itself", "launched"])
def started(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    settings = load_settings(home=tmp_path / "home")
    add_people(settings)
    yield from request.param(settings)


def test_a_stranger_gets_nothing_and_a_person_everything(started: str) -> None:
    with httpx.Client(base_url=started) as stranger:
        for address in (
            "/config",
            "/gradio_api/info",
            "/api/v1/concepts",
            "/theme.css",
            "/gradio_api/app_id",
        ):
            assert stranger.get(address).status_code == 401, address
        for address in ("run/predict", "queue/join", "reset", "cancel", "upload", "component_server"):
            assert stranger.post(f"/gradio_api/{address}", json={}).status_code == 401, address
        assert stranger.get("/", headers={"accept": "text/html"}).headers["location"].startswith("/login")
    with httpx.Client(base_url=started) as viewer:
        viewer.post("/login", data={"name": "vic", "password": PASSWORD})
        assert "unsafe-eval" in viewer.get("/").headers["content-security-policy"]
        assert "unsafe-eval" not in viewer.get("/login").headers["content-security-policy"]
        assert viewer.get("/api/v1/concepts").json() == []
        assert viewer.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404
        assert viewer.get("/config").headers.get("access-control-allow-origin") is None


def test_what_strangers_could_reach_is_not_launched_without_users(tmp_path: Path) -> None:
    page = app.page(load_settings(home=tmp_path))
    for how in ({"server_name": "0.0.0.0"}, {"share": True}):
        with pytest.raises(SettingsError, match="Add a user"):
            page.launch(prevent_thread_lock=True, quiet=True, **how)


def test_it_is_shown_in_a_notebook_and_may_be_framed_there_alone(tmp_path: Path) -> None:
    address = discern.show(tmp_path / "home")
    policy = httpx.get(address).headers["content-security-policy"]
    assert "frame-ancestors http://localhost:* http://127.0.0.1:* vscode-webview:" in policy
    assert httpx.get(address, headers={"host": "elsewhere.example"}).status_code == 421
