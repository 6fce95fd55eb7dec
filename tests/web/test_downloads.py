"""Files that leave over HTTP: what was made, by its number; a version as one file; a frame's video."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from answering import answer
from fastapi import FastAPI
from fastapi.testclient import TestClient
from filming import film
from web_screens import add_people, browser

from concepts.bundle.usage import over_rest
from concepts.installation.jobs import list_deeds
from concepts.labelling.labels import next_pictures
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from web.api.app import create_api
from web.http.files import file_routes
from web.http.problems import handle_problems
from web.render import url
from web.server import create_service


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    file = tmp_path / "ball-v2.zip"
    file.write_bytes(b"zip")
    for name in ("export_bundle", "export_rule_bundle", "score_file"):
        monkeypatch.setattr(f"web.http.files.{name}", lambda *_, **__: file)

    bench: Any = SimpleNamespace(concept=lambda name: name, context=None)
    app = FastAPI()
    handle_problems(app)
    app.include_router(file_routes(bench))
    return TestClient(app)


def test_what_is_made_is_downloaded_under_its_name(downloads: TestClient) -> None:
    for address in (url("/app/bundles/2.zip", "Ball/s"), "/app/rule.zip?name=Odd", "/app/scores/1"):
        answer = downloads.get(address)
        assert (answer.status_code, answer.content) == (200, b"zip"), address
        assert 'filename="ball-v2.zip"' in answer.headers["content-disposition"]
        assert "no-cache" in answer.headers["cache-control"]


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


NAME = "Round & <b>thing"
BY_PROGRAM = f"/api/v1/concepts/{NAME}/versions/1/page".replace("&", "%26")
BY_BUTTON = f"/app/version.html?concept={NAME.replace('&', '%26')}&version=1"


def test_only_owners_take_the_file_in_which_what_people_wrote_is_escaped(library: App) -> None:
    add_people(library.settings)
    concept = begin_concept(library, NAME, "A filled ellipse.")
    answer(library, NAME, [p.id for p in next_pictures(concept, 20)])
    concept.begin(train).wait()
    app = create_service(library)
    for who, by_program, by_button in (
        ("ola", 200, 200),
        ("lea", 403, 403),
        ("vic", 403, 403),
        ("", 401, 303),
    ):
        client = browser(app, who)
        assert client.get(BY_PROGRAM).status_code == by_program, who
        assert client.get(BY_BUTTON, headers={"accept": "text/html"}).status_code == by_button, who
    file = browser(app, "ola").get(BY_PROGRAM)
    assert file.headers["content-disposition"].startswith("attachment")
    assert "Round &amp; &lt;b&gt;thing" in file.text
    deed = list_deeds(library, 1)[0]
    assert (deed.who, deed.what) == ("ola", "shared a version as a file")


def test_a_player_gets_the_part_that_it_asks_for_and_never_another_file(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    bench = open_app(Settings(home=tmp_path / "home", encoder=f"local-dir:{tiny_open_clip}"))
    clip, client = tmp_path / "in" / "clip.mp4", browser(create_service(bench))
    film(clip, ["ellipse", "line"], 1)
    import_pictures(bench, [tmp_path / "in"]).wait()
    frame = list(collection_of(bench).library.adding.frames_of(str(clip)).values())[1]
    address, size = f"/media/video/{frame}", clip.stat().st_size
    answer = client.get(address, headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert answer.headers["content-range"] == f"bytes 4-7/{size}"
    (tmp_path / "secret.mp4").write_bytes(b"of somebody")
    clip.unlink()
    clip.symlink_to(tmp_path / "secret.mp4")
    for place in (address, f"/media/video/{'0' * 64}"):
        assert client.get(place).status_code == 404
