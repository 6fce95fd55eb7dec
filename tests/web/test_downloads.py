"""What is made is downloaded by its number, and the lines for REST that come with it hold."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.bundle.usage import over_rest
from concepts.errors import UnknownError
from web.api import create_api
from web.http.downloads import download_routes
from web.http.problems import handle_problems
from web.render import url


@pytest.fixture
def downloads(tmp_path: Path) -> TestClient:
    file = tmp_path / "ball-v2.zip"
    file.write_bytes(b"zip")

    def bundle(version: int, *_: object, **__: object) -> Path:
        if version != 2:
            raise UnknownError("It has no such version.", "version")
        return file

    def concept(name: str) -> SimpleNamespace:
        if name != "Ball/s":
            raise UnknownError("There is no such concept.", "concept")
        return SimpleNamespace(exports=SimpleNamespace(bundle=bundle))

    bench: Any = SimpleNamespace(
        concept=concept,
        rules=SimpleNamespace(archive=lambda name, page: file),
        scoring=SimpleNamespace(file=lambda job: file),
    )
    app = FastAPI()
    handle_problems(app)
    app.include_router(download_routes(bench))
    return TestClient(app)


def test_what_is_made_is_downloaded_under_its_name_and_what_is_not_there_is_said(
    downloads: TestClient,
) -> None:
    for address in (url("/app/bundles/2.zip", "Ball/s"), "/app/rule.zip?name=Odd", "/app/scores/1"):
        answer = downloads.get(address)
        assert (answer.status_code, answer.content) == (200, b"zip"), address
        assert 'filename="ball-v2.zip"' in answer.headers["content-disposition"]
        assert "no-cache" in answer.headers["cache-control"]
    for address in (url("/app/bundles/2.zip", "Cube"), url("/app/bundles/3.zip", "Ball/s")):
        answer = downloads.get(address)
        assert (answer.status_code, "no such" in answer.json()["detail"]) == (404, True), address


def test_a_download_is_named_by_a_number_and_never_by_a_path(downloads: TestClient) -> None:
    for path in ("/app/scores/..%2f..%2fsecret", "/app/bundles/..%2fx.zip?concept=Ball/s"):
        assert downloads.get(path).status_code in (404, 422)
    for number in (2**31, 2**63, 10**40, 0, -1):
        for path in (f"/app/scores/{number}", f"/app/bundles/{number}.zip?concept=Ball/s"):
            assert downloads.get(path).status_code == 422, path


def test_the_rest_lines_name_routes_that_exist() -> None:
    bench: Any = SimpleNamespace()
    known = create_api(bench).openapi()["paths"]
    patterns = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$") for path in known]
    lines = [line for line in over_rest("Red ball", 3).splitlines() if line.startswith("curl")]
    assert len(lines) == 4
    for line in lines:
        address = next(word for word in shlex.split(line) if word.startswith("$API"))
        path = urlsplit(address.removeprefix("$API")).path
        assert any(pattern.match(path) for pattern in patterns), path
