"""What the Label screen asks over REST: labels are committed before they are confirmed, and repeatable."""

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
from concepts.labelling.labels import label_count, label_grid, recent_labels
from concepts.learning.evaluation import FEWEST
from concepts.library.collection import collection_of
from concepts.library.renditions import renditions_of
from concepts.results.advice import mode
from concepts.results.concepts import begin_concept
from concepts.results.library import browse, import_pictures
from concepts.use_cases import App, Concept
from web.server import create_service

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def large(library: App, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large picture beside the small drawings."""
    file = tmp_path_factory.mktemp("large") / "large.jpg"
    draw("ellipse", 99).resize((2000, 1500)).save(file, quality=90)
    import_pictures(library, [file.parent]).wait()
    return file


@pytest.fixture(scope="module")
def client(library: App) -> TestClient:
    return browser(create_service(library))


@pytest.fixture
def concept(library: App) -> Concept:
    """One of the test's own."""
    return begin_concept(library, f"Round thing {next(NUMBERS)}", "A filled ellipse, not a rectangle.")


@pytest.fixture
def name(concept: Concept) -> str:
    return concept.row.name


@pytest.fixture
def api(name: str) -> str:
    return f"/api/v1/concepts/{name}"


@pytest.fixture
def picture(library: App) -> str:
    return collection_of(library).library.all_ids()[0]


def answers(value: str, *pictures: str) -> dict[str, Any]:
    return {"answers": [{"picture": picture, "value": value} for picture in pictures]}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_confirmed_answer_is_in_the_log_and_its_key_is_refused_with_any_other(
    client: TestClient, concept: Concept, api: str, picture: str
) -> None:
    for _ in range(2):
        assert client.post(f"{api}/labels", json=answers("yes", picture), headers=keyed("a")).is_success
        (event,) = recent_labels(concept, "me", 5)
        assert (event.id, event.value) == (picture, "yes")
    other = client.post(f"{api}/labels", json=answers("no", picture), headers=keyed("a"))
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"
    assert client.get(f"{api}/upcoming").json()["advice"]["count"]["yes"] == 1


def test_more_pictures_never_repeat_what_the_screen_has(client: TestClient, api: str) -> None:
    first = client.get(f"{api}/upcoming").json()["upcoming"]["pictures"]
    have = [p["id"] for p in first]
    more = client.get(f"{api}/upcoming", params={"have": have, "limit": 16}).json()["upcoming"]["pictures"]
    assert have
    assert not set(have) & {p["id"] for p in more}


def test_a_batch_is_kept_and_taken_back_as_one(
    library: App, client: TestClient, concept: Concept, api: str
) -> None:
    assert client.get(f"{api}/tiles", params={"limit": 12}).json()["thinking"]
    library.background.submit(lambda: None).result(20)
    ids = [p["id"] for p in client.get(f"{api}/tiles", params={"limit": 12}).json()["pictures"]]
    assert len(ids) == 12
    assert client.post(f"{api}/labels", json=answers("no", *ids), headers=keyed("batch")).is_success
    assert label_count(concept).no == 12
    for _ in range(2):
        undone = client.post(f"{api}/labels/undo", json={"only": ["batch"]}, headers=keyed("undo"))
        assert undone.is_success
        assert label_count(concept).no == 0


def test_what_can_never_be_saved_is_refused_for_good(
    client: TestClient, concept: Concept, api: str, picture: str
) -> None:
    for value, of, status in (
        *(("yes", "0" * 64, 404), ("yes", "../secret", 422)),
        *((value, picture, 422) for value in ("perhaps", "Yes", "1")),
    ):
        assert client.post(f"{api}/labels", json=answers(value, of)).status_code == status, (value, of)
    elsewhere = client.post("/api/v1/concepts/Nothing/labels", json=answers("yes", picture))
    assert elsewhere.status_code == 404
    for sheet, counts, status in (([], [], 422), (["0" * 64], [], 404), ([picture], ["0" * 64], 422)):
        sent = {"pictures": sheet, "counts": counts}
        assert client.post(f"{api}/contact-sheet", json=sent).status_code == status, sent
    assert label_count(concept).answers == 0


def size_of(content: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "WEBP"
        return image.size


def test_a_picture_is_served_large_or_as_its_thumbnail_where_the_original_has_changed(
    library: App, client: TestClient, large: Path
) -> None:
    picture, kept = collection_of(library).library.resolve(str(large)), large.read_bytes()
    large.write_bytes(b"something else")
    stand_in = renditions_of(library).read(picture)
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


def test_a_sheet_that_was_looked_through_is_kept_once_and_its_pictures_are_on_no_other(
    library: App, client: TestClient, concept: Concept, api: str
) -> None:
    def sheet() -> list[str]:
        while True:
            page = client.get(f"{api}/tiles", params={"order": "wall", "limit": 60}).json()
            assert not page["problem"], page
            if not page["thinking"]:
                return [picture["id"] for picture in page["pictures"]]
            time.sleep(0.02)

    measures = library.store.evaluation_pictures(concept.row.id)
    first = sheet()[:10]
    assert len(first) == 10
    for _ in range(2):
        sent = {"pictures": first, "counts": [first[3]]}
        assert client.post(f"{api}/contact-sheet", json=sent, headers=keyed("first")).is_success
        assert label_count(concept).yes == 1
    nothing = sheet()[:5]
    assert client.post(f"{api}/contact-sheet", json={"pictures": nothing}).is_success
    assert library.walls.of(concept.row.id) == [first, nothing]
    later = sheet()
    assert later
    assert not set(later) & {*first, *nothing, *measures}
    assert label_count(concept).answers == 1


def test_all_labels_of_a_sheet_are_taken_back_together(
    library: App, client: TestClient, concept: Concept, api: str
) -> None:
    ids = [one.id for one in browse(library, limit=12).pictures]
    first, second, third, *rest = ids
    others = [{"picture": second, "value": "no"}, {"picture": third, "value": "unsure"}]
    sent = {"pictures": ids, "counts": [first], "labels": others}
    assert client.post(f"{api}/contact-sheet", json=sent, headers=keyed("sheet")).is_success
    count = label_count(concept)
    assert (count.yes, count.no, count.unsure) == (1, 1, 1)
    assert client.post(f"{api}/labels/undo", json={"only": ["sheet"]}, headers=keyed("back")).is_success
    assert label_count(concept).answers == 0
    elsewhere = {"pictures": rest, "labels": others}
    assert client.post(f"{api}/contact-sheet", json=elsewhere).status_code == 422


def test_a_wall_is_there_also_while_pictures_are_added_and_it_is_laid_out_anew(
    library: App, concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown, counts = itertools.count(1), collection_of(library).library.counts

    def growing() -> object:
        return replace(counts(), pictures=counts().pictures + next(grown))

    monkeypatch.setattr(collection_of(library).library, "counts", growing)
    while not label_grid(concept, "wall", n=60).pictures:
        assert not label_grid(concept, "wall", n=60).problem
        time.sleep(0.02)
    assert label_grid(concept, "wall", n=60).thinking


def test_sheets_come_first_then_more_like_it_then_single_questions_where_grades_begin() -> None:
    said = [mode(AnswerCount(yes=yes), scaled=False) for yes in (0, 1, FEWEST)]
    assert said == ["sheet", "grid", "single"]
    assert mode(AnswerCount(), scaled=True) == "single"
