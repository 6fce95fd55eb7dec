"""The one-file page over HTTP: who may take it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from answering import answer
from drawing import draw_folder
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app

NAME, PASSWORD = "Round & <b>thing", "a long password"
PAGES = (f"/api/v1/concepts/{NAME}/versions/1/page", f"/app/version.html?concept={NAME}&version=1")
PEOPLE = {"ola": Role.OWNER, "lea": Role.LABELLER, "vic": Role.VIEWER}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("page")
    settings = Settings(home=root / "home", encoder=f"local-dir:{tiny_open_clip}")
    for name, role in PEOPLE.items():
        Users(settings).set(name, PASSWORD, role)
    bench = Workbench(settings)
    bench.library.add([draw_folder(root / "pictures", 40)]).wait()
    bench.concepts.begin(NAME, "A filled ellipse.")
    answer(bench, NAME, [p.id for p in bench.concept(NAME).labels.next_pictures(20)])
    bench.concept(NAME).versions.train().wait()
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def app(bench: Workbench) -> FastAPI:
    return create_app(bench)


def client(app: FastAPI, name: str) -> TestClient:
    found = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)
    if name:
        found.post("/login", data={"name": name, "password": PASSWORD})
    return found


def test_only_owners_take_the_file(app: FastAPI) -> None:
    for who, status in (("ola", 200), ("lea", 403), ("vic", 403), ("", 401)):
        asked = client(app, who)
        by_program, by_button = (asked.get(page.replace("&", "%26", 1)) for page in PAGES)
        assert by_program.status_code == status, who
        assert by_button.status_code == status or (not who and by_button.status_code == 303), who


def test_what_people_wrote_is_escaped_and_the_audit_says_who_took_it(bench: Workbench, app: FastAPI) -> None:
    file = client(app, "ola").get(PAGES[0].replace("&", "%26"))
    assert file.headers["content-disposition"].startswith("attachment")
    assert "Round &amp; &lt;b&gt;thing" in file.text
    deed = bench.installation.deeds(1)[0]
    assert (deed.who, deed.what) == ("ola", "shared a version as a file")
