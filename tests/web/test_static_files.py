"""Files of the page: read and compressed once, and never another than the one on disk."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from web.http.static import FromMemory, Scripts

LONG = b"let a = 1;\n" * 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.js").write_bytes(LONG)
    (tmp_path / "small.css").write_bytes(b"a {}")
    (tmp_path / "a.py").write_bytes(b"secret = 1")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    app = FastAPI()
    app.mount("/plain", FromMemory(folder, cache_control="max-age=60"))
    app.mount("/scripts", Scripts(folder))
    return TestClient(app)


def test_a_file_is_sent_compressed_to_whoever_takes_that(client: TestClient) -> None:
    for _ in range(2):
        zipped = client.get("/plain/a.js", headers={"Accept-Encoding": "gzip"})
        assert zipped.content == LONG
        assert zipped.headers["content-encoding"] == "gzip"
        assert int(zipped.headers["content-length"]) == len(gzip.compress(LONG, 9))
        plain = client.get("/plain/a.js", headers={"Accept-Encoding": "identity"})
        assert plain.content == LONG
        assert "content-encoding" not in plain.headers
        assert plain.headers["cache-control"] == "max-age=60"
        assert plain.headers["content-type"].split(";")[0].endswith("/javascript")
    assert client.get("/plain/small.css").content == b"a {}"
    assert client.head("/plain/a.js").content == b""
    assert client.post("/plain/a.js").status_code == 405


def test_who_has_the_file_is_told_so_until_it_changes(client: TestClient, folder: Path) -> None:
    tag = client.get("/plain/a.js").headers["etag"]
    assert client.get("/plain/a.js", headers={"If-None-Match": tag}).status_code == 304
    (folder / "a.js").write_bytes(b"let b;")
    os.utime(folder / "a.js", (1, 1))
    assert client.get("/plain/a.js", headers={"If-None-Match": tag}).content == b"let b;"
    (folder / "a.js").unlink()
    assert client.get("/plain/a.js").status_code == 404


@pytest.mark.parametrize("path", ["nothing.js", "../a.js", "..%2f..%2fetc%2fpasswd", "a.js/b", "a" * 300, ""])
def test_what_is_not_in_the_folder_is_not_there(client: TestClient, path: str) -> None:
    assert client.get(f"/plain/{path}").status_code == 404


def test_scripts_are_no_source_of_python(client: TestClient) -> None:
    assert client.get("/scripts/a.js").status_code == 200
    assert client.get("/scripts/a.py").status_code == 404
