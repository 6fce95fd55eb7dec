"""Answers and pictures over HTTP: committed before they are confirmed, repeatable, from this origin only."""

from __future__ import annotations

import io
import itertools
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from drawing import draw
from fastapi.testclient import TestClient
from PIL import Image
from web_screens import browser

from concepts.labelling.dataset import AnswerCount
from concepts.learning.evaluation import FEWEST
from concepts.workbench import Workbench
from concepts.workbench.advice import mode
from concepts.workbench.concept import Concept
from web.server import create_app

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def large(library: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large picture beside the small drawings."""
    file = tmp_path_factory.mktemp("large") / "large.jpg"
    draw("ellipse", 99).resize((2000, 1500)).save(file, quality=90)
    library.library.add([file.parent]).wait()
    return file


@pytest.fixture(scope="module")
def client(library: Workbench) -> TestClient:
    return browser(create_app(library))


@pytest.fixture
def concept(library: Workbench) -> Concept:
    """One of the test's own."""
    return library.concepts.begin(f"Round thing {next(NUMBERS)}", "A filled ellipse, not a rectangle.")


@pytest.fixture
def name(concept: Concept) -> str:
    return concept.row.name


@pytest.fixture
def body(library: Workbench, concept: Concept, name: str) -> dict[str, Any]:
    picture = library.context.collection.library.all_ids()[0]
    return {"concept": name, "key": f"key-{concept.row.id:04}", "picture": picture, "value": "yes"}


def test_a_confirmed_answer_is_in_the_log_and_its_key_is_refused_with_any_other(
    client: TestClient, concept: Concept, body: dict[str, Any]
) -> None:
    reply = client.post("/app/answers", json=body | {"have": []})
    assert reply.status_code == 200
    assert reply.json()["advice"]["count"]["yes"] == 1
    event = concept.labels.recent("me", 5)[0]
    assert (event.id, event.value, event.key) == (body["picture"], "yes", body["key"])
    other = client.post("/app/answers", json=body | {"value": "no"})
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert concept.labels.count().yes == 1


def test_more_pictures_never_repeat_what_the_screen_has(client: TestClient, name: str) -> None:
    first = client.get("/app/answers", params={"concept": name}).json()["upcoming"]["pictures"]
    have = [p["id"] for p in first]
    more = client.get("/app/answers", params={"concept": name, "have": have}).json()["upcoming"]["pictures"]
    assert have
    assert not set(have) & {p["id"] for p in more}


def test_a_batch_is_kept_and_taken_back_as_one(library: Workbench, client: TestClient, name: str) -> None:
    grid = {"concept": name, "n": 12}
    assert client.get("/app/answers/grid", params=grid).json()["thinking"]
    library.context.background.submit(lambda: None).result(20)
    ids = [p["id"] for p in client.get("/app/answers/grid", params=grid).json()["pictures"]]
    assert len(ids) == 12
    sent = {"concept": name, "key": "batch-0001", "answers": [[i, "no"] for i in ids]}
    assert client.post("/app/answers/batch", json=sent).json()["advice"]["count"]["no"] == 12
    undo = {"concept": name, "key": "undo-0001", "undoes": [f"batch-0001.{n}" for n in range(12)]}
    for _ in range(2):
        assert client.post("/app/answers/undo", json=undo).json()["advice"]["count"]["no"] == 0


def test_what_can_never_be_saved_is_refused_for_good(
    client: TestClient, concept: Concept, body: dict[str, Any]
) -> None:
    for change, status in (
        *(({"concept": "Nothing"}, 404), ({"picture": "0" * 64}, 404), ({"picture": "../secret"}, 422)),
        *(({"value": value}, 422) for value in ("perhaps", "Yes", "1")),
        *(({"key": key}, 422) for key in ("", "a b c d e f")),
    ):
        assert client.post("/app/answers", json=body | change).status_code == status, change
    batch = {"concept": body["concept"], "key": "wall-0003", "answers": [], "wall": []}
    for wall, status in (([], 422), (["0" * 64], 404)):
        assert client.post("/app/answers/batch", json=batch | {"wall": wall}).status_code == status, wall
    assert concept.labels.count().answers == 0


def size_of(content: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "WEBP"
        return image.size


def test_a_picture_is_served_large_or_as_its_thumbnail_where_the_original_has_changed(
    library: Workbench, client: TestClient, large: Path
) -> None:
    picture, kept = library.context.collection.library.resolve(str(large)), large.read_bytes()
    large.write_bytes(b"something else")
    stand_in = library.context.renditions.read(picture)
    large.write_bytes(kept)
    assert (stand_in.whole, size_of(stand_in.content)) == (False, (320, 240))
    address = f"/media/picture/{picture}"
    first = client.get(address)
    assert size_of(first.content) == (1280, 960)
    assert "immutable" in first.headers["cache-control"]
    assert client.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get(address).content == first.content
    for other in ("0" * 64, "..%2f..%2fdiscern.sqlite", "large.jpg"):
        assert client.get(f"/media/picture/{other}").status_code == 404, other


def test_a_wall_that_was_looked_through_is_kept_once_and_its_pictures_are_on_no_other(
    library: Workbench, client: TestClient, concept: Concept, name: str
) -> None:
    def wall() -> list[str]:
        while True:
            page = client.get("/app/answers/grid", params={"concept": name, "order": "wall", "n": 60}).json()
            assert not page["problem"], page
            if not page["thinking"]:
                return [picture["id"] for picture in page["pictures"]]
            time.sleep(0.02)

    measures = library.context.store.evaluation_pictures(concept.row.id)
    first = wall()[:10]
    assert len(first) == 10
    request = {"concept": name, "key": "wall-0001", "answers": [[first[3], "yes"]], "wall": first}
    for _ in range(2):
        reply = client.post("/app/answers/batch", json=request)
        assert reply.status_code == 200
        assert reply.json()["advice"]["count"]["yes"] == 1
    nothing = {"concept": name, "key": "wall-0002", "answers": [], "wall": wall()[:5]}
    assert client.post("/app/answers/batch", json=nothing).status_code == 200
    assert library.context.walls.of(concept.row.id) == [first, nothing["wall"]]
    later = wall()
    assert later
    assert not set(later) & {*first, *nothing["wall"], *measures}
    assert concept.labels.count().answers == 1


def test_a_wall_is_there_also_while_pictures_are_added_and_it_is_laid_out_anew(
    library: Workbench, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown, counts = itertools.count(1), library.context.collection.library.counts

    def growing() -> object:
        return replace(counts(), pictures=counts().pictures + next(grown))

    monkeypatch.setattr(library.context.collection.library, "counts", growing)
    while not concept.labels.grid("wall", n=60).pictures:
        assert not concept.labels.grid("wall", n=60).problem
        time.sleep(0.02)
    assert concept.labels.grid("wall", n=60).thinking


def test_sheets_come_first_then_more_like_it_then_single_questions_where_grades_begin() -> None:
    said = [mode(AnswerCount(yes=yes), scaled=False) for yes in (0, 1, FEWEST)]
    assert said == ["sheet", "grid", "single"]
    assert mode(AnswerCount(), scaled=True) == "single"
