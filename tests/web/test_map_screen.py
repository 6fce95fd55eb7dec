"""The map of the library: its places and colours over HTTP, what a shape on it selects, and files of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawing import draw_folder
from PIL import Image
from web_screens import Screens

from concepts.errors import DiscernError
from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Round thing"
EVERYWHERE = "-1.1,-1.1 1.1,-1.1 1.1,1.1 -1.1,1.1"
HALF = "-1.1,-1.1 0,-1.1 0,1.1 -1.1,1.1"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("map")
    bench = Workbench(Settings(home=root / "home"))
    folders = [draw_folder(root / "pictures" / name, 30, 100 * seed) for seed, name in enumerate(("a", "b"))]
    bench.library.add(folders, encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse.")
    for picture in bench.concept(NAME).labels.next_pictures(20):
        value = "yes" if "ellipse" in picture.path else "no"
        bench.concept(NAME).labels.give(picture.id, value, author="me")
    bench.concept(NAME).versions.train().wait()
    bench.upkeep.check(only="map").wait()
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


def key_of(bench: Workbench) -> str:
    state = bench.map.state()
    assert state is not None
    return state.key


def test_each_picture_has_a_place_a_colour_and_a_small_picture(bench: Workbench, screens: Screens) -> None:
    key, client = key_of(bench), screens.client
    places = np.frombuffer(client.get(f"/app/map/places?key={key}").content, "<u2").reshape(-1, 2)
    assert len(places) == len(np.unique(places, axis=0)) == bench.library.count()
    answer = client.get(f"/app/map/colours?key={key}&by=folder")
    legend = json.loads(answer.headers["map-legend"])
    assert [(one["word"], one["pictures"]) for one in legend] == [("a", 30), ("b", 30)]
    assert np.bincount(np.frombuffer(answer.content, np.uint8)).tolist() == [0, 30, 30]
    small = client.get(f"/app/map/pictures/{key}/5")
    assert small.headers["content-type"] == "image/webp"
    assert bench.map.picture(key, 5) in str(small.url)


def test_of_another_state_nothing_is_told(screens: Screens) -> None:
    answer = screens.client.get("/app/map/places?key=other")
    assert answer.status_code == 409
    assert "Reload" in answer.json()["detail"]


def test_labels_and_scores_colour_it_and_nothing_is_said_of_test_pictures_without_a_label(
    bench: Workbench,
) -> None:
    key = key_of(bench)
    labels = bench.map.colours(key, "label", NAME, "me")
    assert {one.word: one.pictures for one in labels.legend} == {
        value: sum(word == value for word in _own(bench).values())
        for value in ("counts", "doesn’t count", "unsure")
    }
    assert not bench.map.colours(key, "label", NAME, "someone else").codes.any()
    bench.context.draw_more(bench.context.concept(NAME), at_least=5)
    unseen = bench.context.store.kept_apart(bench.context.concept(NAME).id) - _own(bench).keys()
    ids = [bench.map.picture(key, place) for place in range(bench.library.count())]
    codes = bench.map.colours(key, "score", NAME, "me").codes
    assert {i for i, code in zip(ids, codes, strict=True) if not code} == unseen != set()
    codes = bench.map.colours(key, "version", NAME, "me").codes
    page = bench.concept(NAME).scores.page("top", limit=bench.library.count())
    assert page is not None
    flagged = {one.id for one in page.pictures if one.probability >= page.threshold}
    assert {i for i, code in zip(ids, codes, strict=True) if code} == flagged != set()


def _own(bench: Workbench) -> dict[str, str]:
    words = {"yes": "counts", "no": "doesn’t count"}
    return {one.id: words[one.value] for one in bench.concept(NAME).labels.recent("me", 100)}


def test_a_shape_selects_what_is_inside_on_screens_and_over_rest(bench: Workbench, screens: Screens) -> None:
    key = key_of(bench)
    places = bench.map.places(key)
    left = {bench.map.picture(key, int(row)) for row in np.flatnonzero(places[:, 0] < 32767)}
    assert 0 < len(left) < 60
    assert set(bench.map.inside(HALF)) == left
    found = screens.client.get("/api/v1/library/pictures", params={"shape": HALF, "limit": 60}).json()
    assert {one["id"] for one in found["pictures"]} == left
    shown = screens.load("library", view="map", shape=HALF)["library-main"]
    assert f"{len(left)} pictures." in shown
    assert 'data-shape="-1.1,-1.1' in shown
    grid = screens.load("library", shape=HALF)
    assert "Part of the map" in grid["library-tools"]


@pytest.mark.parametrize("shape", ["x", "1,2,3 4", "0,0 nan"])
def test_what_is_no_shape_is_refused(bench: Workbench, shape: str) -> None:
    with pytest.raises(DiscernError, match="shape on the map"):
        bench.map.inside(shape)


def test_it_is_written_as_a_picture(bench: Workbench, tmp_path: Path) -> None:
    written = bench.map.draw(tmp_path / "new" / "map.png", "version", NAME, author="me")
    assert written.pictures == 60
    with Image.open(written.file) as image:
        assert min(image.size) > 1000
    with pytest.raises(DiscernError, match=r"write a \.png"):
        bench.map.draw(tmp_path / "map.csv", author="me")


def test_few_new_pictures_wait_for_the_map_that_is_drawn_next(
    bench: Workbench, screens: Screens, tmp_path: Path
) -> None:
    bench.library.add([draw_folder(tmp_path / "new", 2, 900)]).wait()
    state = bench.map.state()
    assert state is not None
    assert (state.pictures, state.missing) == (60, 2)
    assert "2 pictures not on the map yet." in screens.load("library", view="map")["library-main"]
    bench.upkeep.check(only="map").wait()
    assert (key := bench.map.state()) is not None
    assert (key.pictures, key.missing) == (62, 0)


def test_pictures_in_the_trash_are_not_on_it(bench: Workbench) -> None:
    before = key_of(bench)
    gone = bench.map.picture(before, 0)
    bench.trash.put([gone], author="me")
    after = key_of(bench)
    assert after != before
    assert gone not in bench.map.inside(EVERYWHERE)
    bench.trash.restore([gone], author="me")
    assert key_of(bench) == before
