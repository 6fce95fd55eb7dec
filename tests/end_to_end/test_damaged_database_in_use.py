"""A damaged database, and one that goes away, under the app and by command."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from command_line import Run, Shell, rows_of
from drawing import draw_folder
from fastapi.testclient import TestClient
from patience import PATIENCE
from running_app import RunningApp

from concepts.labelling.labels import GivenLabel, commit_labels
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import browse, import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.labels import Author
from web.server import create_service

NAME, PICTURES, LABELS = "Round", 12, 400


@pytest.fixture
def home(own_home: Path, tmp_path: Path, tiny_open_clip: Path) -> Path:
    """Each picture is answered by many, so that the labels fill pages."""
    bench = open_app(load_settings())
    import_pictures(
        bench, [draw_folder(tmp_path / "own", PICTURES)], encoder=f"local-dir:{tiny_open_clip}"
    ).wait()
    concept = begin_concept(bench, NAME, "A filled ellipse.")
    ids = collection_of(bench).library.all_ids()
    for number in range(LABELS // PICTURES):
        given = {f"{number}-{one}": GivenLabel(picture=one, value="yes") for one in ids}
        commit_labels(concept, given, Author(f"person {number}"))
    bench.close()
    return own_home


@pytest.fixture
def app(home: Path, tmp_path: Path) -> Iterator[RunningApp]:
    app = RunningApp(home, "auto", tmp_path / "said.txt")
    yield app
    if app.is_running:
        app.kill()


def overwrite(database: Path, name: str, kind: str) -> None:
    with closing(sqlite3.connect(database)) as opened:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? LIMIT 1"
        ((page,),) = opened.execute(query, (name, kind)).fetchall()
    with database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(random.Random(0).randbytes(4096))


def answered(client: httpx2.Client, picture: str, key: str) -> httpx2.Response:
    body = {"answers": [{"picture": picture, "value": "no"}]}
    return client.post(f"/api/v1/concepts/{NAME}/labels", json=body, headers={"Idempotency-Key": key})


@pytest.mark.slow
def test_labels_are_refused_until_a_copy_with_all_labels_is_in_the_place_of_the_damaged_database(
    home: Path, app: RunningApp, discern: Run, shell: Shell, tmp_path: Path
) -> None:
    database = home / "discern.sqlite"
    before = rows_of(database, "label_events")
    picture = browse(open_app(load_settings()), limit=1).pictures[0].id
    client = httpx2.Client(base_url=app.url, timeout=PATIENCE)
    discern("system", "about")  # any command copies the database where that is due
    app.start()
    assert answered(client, picture, "early").status_code == 201
    app.kill()
    overwrite(database, "label_events", "internal")
    app.start()
    refused = answered(client, picture, "late")
    problem = refused.json()
    app.stop()
    assert (refused.status_code, problem["type"]) == (503, "/api/v1/docs#storage")
    assert "nothing more is written to it" in problem["detail"]
    assert "0001.sqlite" in problem["detail"]
    assert "put the newest copy in its place" in problem["detail"]
    assert "is damaged" in (tmp_path / "said.txt").read_text()

    checked = shell("library", "check")
    _, said = checked.communicate()
    assert checked.returncode == 1
    assert "discern library check --repair" in said
    assert "Traceback" not in said
    mended = shell("library", "check", "--repair")
    _, said = mended.communicate()
    assert mended.returncode == 0, said
    assert "with 1 labels from the journal" in said
    app.start()
    assert answered(client, picture, "late").status_code == 201
    app.stop()
    assert rows_of(database, "label_events") == before + 2


def test_a_database_removed_under_the_app_is_noticed_and_nothing_acknowledged(home: Path) -> None:
    database, bench = home / "discern.sqlite", open_app(load_settings())
    client = TestClient(create_service(bench), base_url="http://127.0.0.1:7860")
    picture = browse(bench, limit=1).pictures[0].id
    assert answered(client, picture, "first").status_code == 201
    database.rename(home / "elsewhere")
    refused = answered(client, picture, "late")
    assert (refused.status_code, refused.json()["type"]) == (503, "/api/v1/docs#storage")
    assert "removed or replaced" in refused.json()["detail"]
    assert client.get("/healthz").status_code == 503
    (home / "elsewhere").rename(database)
    assert answered(client, picture, "last").status_code == 201
    bench.close()
