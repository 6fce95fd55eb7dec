"""The map of the library: its places and colours over HTTP, what a shape on it selects, and files of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawing import draw_folder
from PIL import Image
from web_screens import browser

from concepts.errors import DiscernError
from concepts.labelling.labels import give_label, next_pictures, recent_labels
from concepts.labelling.waves import draw_more_test_pictures
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, look_after, picture_count
from concepts.results.library_map import (
    map_colours,
    map_places,
    map_state,
    picture_on_map,
    pictures_inside,
    write_map_picture,
)
from concepts.results.scores import score_page
from concepts.results.trained import train
from concepts.results.trash import put_into_trash, restore
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from web.server import create_service

NAME = "Round thing"
EVERYWHERE = "-1.1,-1.1 1.1,-1.1 1.1,1.1 -1.1,1.1"
HALF = "-1.1,-1.1 0,-1.1 0,1.1 -1.1,1.1"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[App]:
    root = tmp_path_factory.mktemp("map")
    bench = open_app(Settings(home=root / "home"))
    folders = [draw_folder(root / "pictures" / name, 30, 100 * seed) for seed, name in enumerate(("a", "b"))]
    import_pictures(bench, folders, encoder=f"local-dir:{tiny_open_clip}").wait()
    begin_concept(bench, NAME, "A filled ellipse.")
    for picture in next_pictures(bench.concept(NAME), 20):
        value = "yes" if "ellipse" in picture.path else "no"
        give_label(bench.concept(NAME), picture.id, value, author="me")
    bench.concept(NAME).begin(train).wait()
    look_after(bench, only="map").wait()
    yield bench
    bench.close()


def key_of(bench: App) -> str:
    state = map_state(bench)
    assert state is not None
    return state.key


def test_each_picture_has_a_place_a_colour_and_a_small_picture(bench: App) -> None:
    key, client = key_of(bench), browser(create_service(bench), follow_redirects=True)
    places = np.frombuffer(client.get(f"/app/map/places?key={key}").content, "<u2").reshape(-1, 2)
    assert len(places) == len(np.unique(places, axis=0)) == picture_count(bench)
    answer = client.get(f"/app/map/colours?key={key}&by=folder")
    legend = json.loads(answer.headers["map-legend"])
    assert [(one["word"], one["pictures"]) for one in legend] == [("a", 30), ("b", 30)]
    assert np.bincount(np.frombuffer(answer.content, np.uint8)).tolist() == [0, 30, 30]
    small = client.get(f"/app/map/pictures/{key}/5")
    assert small.headers["content-type"] == "image/webp"
    assert picture_on_map(bench, key, 5) in str(small.url)
    of_another_state = client.get("/app/map/places?key=other")
    assert (of_another_state.status_code, "Reload" in of_another_state.json()["detail"]) == (409, True)


def test_labels_and_scores_colour_it_and_nothing_is_said_of_test_pictures_without_a_label(
    bench: App,
) -> None:
    key, concept = key_of(bench), bench.concept(NAME)
    words = {"yes": "counts", "no": "doesn’t count"}
    own = {one.id: words[one.value] for one in recent_labels(concept, "me", 100)}
    legend = map_colours(bench, key, "label", NAME, "me").legend
    assert {one.word: one.pictures for one in legend} == {
        value: sum(word == value for word in own.values()) for value in (*words.values(), "unsure")
    }
    assert not map_colours(bench, key, "label", NAME, "someone else").codes.any()
    draw_more_test_pictures(bench.concept(NAME), at_least=5)
    unseen = bench.store.kept_apart(bench.concept(NAME).id) - own.keys()
    ids = [picture_on_map(bench, key, place) for place in range(picture_count(bench))]
    codes = map_colours(bench, key, "score", NAME, "me").codes
    assert {i for i, code in zip(ids, codes, strict=True) if not code} == unseen != set()
    codes = map_colours(bench, key, "version", NAME, "me").codes
    page = score_page(concept, "top", limit=picture_count(bench))
    assert page is not None
    flagged = {one.id for one in page.pictures if one.probability >= page.threshold}
    assert {i for i, code in zip(ids, codes, strict=True) if code} == flagged != set()


def test_a_shape_selects_what_is_inside_and_what_is_none_is_refused(bench: App) -> None:
    key = key_of(bench)
    left = {
        picture_on_map(bench, key, int(row)) for row in np.flatnonzero(map_places(bench, key)[:, 0] < 32767)
    }
    assert 0 < len(left) < 60
    assert set(pictures_inside(bench, HALF)) == left
    client = browser(create_service(bench))
    found = client.get("/api/v1/library/pictures", params={"shape": HALF, "limit": 60}).json()
    assert {one["id"] for one in found["pictures"]} == left
    for shape in ("x", "1,2,3 4", "0,0 nan"):
        with pytest.raises(DiscernError, match="shape on the map"):
            pictures_inside(bench, shape)


def test_it_is_written_as_a_picture(bench: App, tmp_path: Path) -> None:
    written = write_map_picture(bench, tmp_path / "new" / "map.png", "version", NAME, author="me")
    assert written.pictures == 60
    with Image.open(written.file) as image:
        assert min(image.size) > 1000
    with pytest.raises(DiscernError, match=r"write a \.png"):
        write_map_picture(bench, tmp_path / "map.csv", author="me")


def test_new_pictures_wait_for_the_next_map_and_those_in_the_trash_leave_at_once(
    bench: App, tmp_path: Path
) -> None:
    def counts() -> tuple[int, int]:
        state = map_state(bench)
        assert state is not None
        return state.pictures, state.missing

    import_pictures(bench, [draw_folder(tmp_path / "new", 2, 900)]).wait()
    assert counts() == (60, 2)
    look_after(bench, only="map").wait()
    assert counts() == (62, 0)
    before = key_of(bench)
    gone = picture_on_map(bench, before, 0)
    put_into_trash(bench, [gone], author="me")
    assert key_of(bench) != before
    assert gone not in pictures_inside(bench, EVERYWHERE)
    restore(bench, [gone], author="me")
    assert key_of(bench) == before
