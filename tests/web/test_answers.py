"""Answers and pictures over HTTP: committed before they are confirmed, repeatable, from this origin only."""

from __future__ import annotations

import io
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from drawing import draw, draw_folder
from fastapi.testclient import TestClient
from PIL import Image

from concepts.settings import load_settings
from concepts.workbench import Workbench
from web.server import create_app

NAME = "Round thing"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with 36 small drawings and one large picture, and a concept."""
    root = tmp_path_factory.mktemp("answers")
    pictures = draw_folder(root / "pictures", 36)
    draw("ellipse", 99).resize((2000, 1500)).save(pictures / "large.jpg", quality=90)
    bench = Workbench(load_settings(home=root / "home"))
    bench.library.add([pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    bench.context.database.close()
    return root / "home"


@pytest.fixture
def bench(made: Path, own_home: Path) -> Workbench:
    shutil.copytree(made, own_home)
    return Workbench(load_settings())


@pytest.fixture
def client(bench: Workbench) -> TestClient:
    return TestClient(create_app(bench), base_url="http://127.0.0.1:7860")


def body(picture: str, key: str = "key-0001", value: str = "yes", **more: object) -> dict[str, object]:
    return {"concept": NAME, "key": key, "picture": picture, "value": value, **more}


def test_a_confirmed_answer_is_in_the_log(client: TestClient, bench: Workbench) -> None:
    picture = bench.context.collection.library.all_ids()[0]
    reply = client.post("/app/answers", json=body(picture, have=[]))
    assert reply.status_code == 200
    assert reply.json()["advice"]["count"]["yes"] == 1
    event = bench.concept(NAME).labels.recent("me", 5)[0]
    assert (event.id, event.value, event.key) == (picture, "yes", "key-0001")


def test_more_pictures_never_repeat_what_the_screen_has(client: TestClient) -> None:
    first = client.get("/app/answers", params={"concept": NAME}).json()["upcoming"]["pictures"]
    have = [p["id"] for p in first]
    more = client.get("/app/answers", params={"concept": NAME, "have": have}).json()["upcoming"]["pictures"]
    assert have
    assert not set(have) & {p["id"] for p in more}


def test_a_key_that_came_with_another_answer_is_refused_for_good(
    client: TestClient, bench: Workbench
) -> None:
    picture = bench.context.collection.library.all_ids()[0]
    assert client.post("/app/answers", json=body(picture)).status_code == 200
    other = client.post("/app/answers", json=body(picture, value="no"))
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert bench.concept(NAME).labels.count().yes == 1


def test_a_batch_is_kept_and_taken_back_as_one(client: TestClient, bench: Workbench) -> None:
    grid = {"concept": NAME, "n": 12}
    assert client.get("/app/answers/grid", params=grid).json()["thinking"]
    bench.context.background.submit(lambda: None).result(20)
    ids = [p["id"] for p in client.get("/app/answers/grid", params=grid).json()["pictures"]]
    assert len(ids) == 12
    answers = [[i, "no"] for i in ids]
    sent = {"concept": NAME, "key": "batch-0001", "answers": answers}
    assert client.post("/app/answers/batch", json=sent).json()["advice"]["count"]["no"] == 12
    keys = [f"batch-0001.{n}" for n in range(12)]
    undo = {"concept": NAME, "key": "undo-0001", "undoes": keys}
    for _ in range(2):
        assert client.post("/app/answers/undo", json=undo).json()["advice"]["count"]["no"] == 0


def test_what_can_never_be_saved_is_refused_for_good(client: TestClient, bench: Workbench) -> None:
    picture = bench.context.collection.library.all_ids()[0]
    changes: tuple[tuple[dict[str, object], int], ...] = (
        ({"concept": "Nothing"}, 404),
        ({"picture": "0" * 64}, 404),
        ({"picture": "../secret"}, 422),
        ({"value": "perhaps"}, 422),
        ({"value": "Yes"}, 422),
        ({"value": "1"}, 422),
        ({"key": ""}, 422),
        ({"key": "a b c d e f"}, 422),
    )
    for change, status in changes:
        assert client.post("/app/answers", json=body(picture) | change).status_code == status, change
    assert bench.concept(NAME).labels.count().answers == 0


def large(bench: Workbench) -> str:
    return bench.context.collection.library.resolve(
        str(Path(bench.library.pictures(limit=100).pictures[0].path).parent / "large.jpg")
    )


def size_of(content: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "WEBP"
        return image.size


def test_a_picture_is_served_large_and_kept_for_good(client: TestClient, bench: Workbench) -> None:
    address = f"/media/picture/{large(bench)}"
    first = client.get(address)
    assert size_of(first.content) == (1280, 960)
    assert "immutable" in first.headers["cache-control"]
    assert client.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get(address).content == first.content


def test_the_thumbnail_stands_in_for_an_original_that_is_gone_or_changed(bench: Workbench) -> None:
    picture = large(bench)
    original = Path(bench.context.collection.library.picture(picture).sources[0])
    kept = original.read_bytes()
    original.write_bytes(b"something else")
    try:
        stand_in = bench.context.renditions.read(picture)
    finally:
        original.write_bytes(kept)
    assert not stand_in.whole
    assert size_of(stand_in.content) == (320, 240)
    assert bench.context.renditions.read(picture).whole


def test_only_pictures_of_the_library_are_served(client: TestClient) -> None:
    for name in ("0" * 64, "..%2f..%2fdiscern.sqlite", "large.jpg"):
        assert client.get(f"/media/picture/{name}").status_code == 404, name


def test_a_wall_that_was_looked_through_is_kept_once_and_its_pictures_are_on_no_other(
    client: TestClient, bench: Workbench
) -> None:
    def wall() -> list[str]:
        while True:
            page = client.get("/app/answers/grid", params={"concept": NAME, "order": "wall", "n": 60}).json()
            assert not page["problem"], page
            if not page["thinking"]:
                return [picture["id"] for picture in page["pictures"]]
            time.sleep(0.02)

    concept = bench.context.concept(NAME).id
    measures = bench.context.store.evaluation_pictures(concept)
    first = wall()[:10]
    assert len(first) == 10
    request = {"concept": NAME, "key": "wall-0001", "answers": [[first[3], "yes"]], "wall": first}
    for _ in range(2):
        reply = client.post("/app/answers/batch", json=request)
        assert reply.status_code == 200
        assert reply.json()["advice"]["count"]["yes"] == 1
    nothing = {"concept": NAME, "key": "wall-0002", "answers": [], "wall": wall()[:5]}
    assert client.post("/app/answers/batch", json=nothing).status_code == 200
    assert bench.context.walls.of(concept) == [first, nothing["wall"]]
    later = wall()
    assert later
    assert not set(later) & {*first, *nothing["wall"], *measures}
    assert bench.concept(NAME).labels.count().answers == 1


def test_a_wall_is_there_also_while_pictures_are_added_and_it_is_laid_out_anew(bench: Workbench) -> None:
    grown: list[int] = []
    counts = bench.context.collection.library.counts

    def growing() -> object:
        grown.append(1)
        return replace(counts(), pictures=counts().pictures + len(grown))

    bench.context.collection.library.counts = growing  # type: ignore[method-assign, assignment]
    while not bench.concept(NAME).labels.grid("wall", n=60).pictures:
        assert not bench.concept(NAME).labels.grid("wall", n=60).problem
        time.sleep(0.02)
    assert bench.concept(NAME).labels.grid("wall", n=60).thinking


def test_a_batch_says_something_and_a_wall_has_pictures_of_the_library(client: TestClient) -> None:
    empty = {"concept": NAME, "key": "wall-0003", "answers": [], "wall": []}
    assert client.post("/app/answers/batch", json=empty).status_code == 422
    unknown = empty | {"wall": ["0" * 64]}
    assert client.post("/app/answers/batch", json=unknown).status_code == 404
