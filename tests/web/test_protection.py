"""Protection over HTTP: screens ask for it, pictures are sent so, and each person has their own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from web_screens import PEOPLE, Screens, add_people, browser

from concepts.library.protection import parts_of, prefer_protection, protect_concept, protection_of_concept
from concepts.results.concepts import begin_concept, copy_concept
from concepts.results.library import browse
from concepts.results.trash import put_into_trash, restore
from concepts.use_cases import App
from web.server import create_app
from web.tabs import TABS, Tab

API = "/api/v1"
BOTH = "shown=blur&shown=greyscale"


@pytest.fixture(scope="module")
def people(library: App) -> dict[str, TestClient]:
    """Each logged in with a browser of their own."""
    add_people(library.settings)
    begin_concept(library, "Wound", "A wound.")
    app = create_app(library)
    return {name: browser(app, name) for name in PEOPLE}


@pytest.fixture
def bench(library: App, people: dict[str, TestClient]) -> Iterator[App]:
    """As at first: nothing is protected."""
    yield library
    protect_concept(library.concept("Wound"), "")
    for name in PEOPLE:
        prefer_protection(library, author=name)


@pytest.fixture
def vic(bench: App, people: dict[str, TestClient]) -> TestClient:
    return people["vic"]


@pytest.fixture(scope="module")
def picture(library: App) -> str:
    return browse(library, limit=1).pictures[0].id


def protects(client: TestClient, page: str, **query: str) -> set[str]:
    """The queries by which a screen asks for its pictures."""
    return set(re.findall(r"\?(shown=[a-z&=]+)", Screens.of(client).load(page, **query)))


@pytest.mark.parametrize(
    ("choice", "concepts", "parts"),
    [
        ("", {""}, set()),
        ("", {"blur"}, {"blur"}),
        ("greyscale", {"blur"}, {"greyscale", "blur"}),
        ("both", set(), {"greyscale", "blur"}),
        ("plain", {"both"}, set()),
    ],
)
def test_a_person_and_the_concepts_protect_together_unless_the_person_wants_none(
    choice: str, concepts: set[str], parts: set[str]
) -> None:
    assert parts_of(choice, concepts) == parts


def test_screens_of_every_concept_are_as_strict_as_the_strictest(
    bench: App, people: dict[str, TestClient]
) -> None:
    lea = people["lea"]
    begin_concept(bench, "Cake", "A cake.")
    protect_concept(bench.concept("Wound"), "both")
    assert protects(lea, "label", concept="Wound") == {BOTH}
    assert protects(lea, "library") == {BOTH}
    assert protects(lea, "label", concept="Cake") == set()
    put_into_trash(bench, concept="Wound", author="me")
    assert protects(lea, "library") == set()
    restore(bench, concept="Wound", author="me")


def test_a_persons_choice_is_theirs_alone_and_a_concept_is_protected_by_owners(
    people: dict[str, TestClient], vic: TestClient
) -> None:
    kept = vic.put(f"{API}/protection", json={"shown_as": "greyscale", "key": "b"})
    assert kept.json()["key"] == "b"
    assert protects(vic, "library") == {"shown=greyscale"}
    assert protects(people["ola"], "library") == set()
    address, blurred = f"{API}/concepts/Wound/protection", {"shown_as": "blur"}
    assert vic.put(address, json=blurred).status_code == 403
    assert people["ola"].put(address, json=blurred).json() == blurred
    assert vic.get(address).json() == blurred


def test_a_picture_in_a_tab_of_its_own_is_protected_too(bench: App, vic: TestClient) -> None:
    protect_concept(bench.concept("Wound"), "blur")
    opened = {"sec-fetch-dest": "document", "accept": "text/html"}
    page = vic.get(f"/media/picture/{'0' * 64}", headers=opened)
    assert page.headers["content-type"].startswith("text/html")
    assert "protect-blur" in page.text
    assert f'src="/media/picture/{"0" * 64}?shown=blur"' in page.text


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_every_picture_of_every_screen_is_asked_for_protected(
    bench: App, people: dict[str, TestClient], tab: Tab
) -> None:
    protect_concept(bench.concept("Wound"), "both")
    shown = Screens.of(people["ola"]).load(tab.path.strip("/"), concept="Wound")
    asked = re.findall(r'/media/(?:thumbnail|picture)/[0-9a-f]{64}([^"\\\s]*)', shown)
    assert {one.lstrip("?") for one in asked} <= {BOTH}
    assert set(re.findall(r"\?(shown=[a-z&=]+)", shown)) <= {BOTH}


def test_the_viewer_and_the_library_ask_for_protected_pictures(
    bench: App, vic: TestClient, picture: str
) -> None:
    screens = Screens.of(vic)
    for choice, query in (("both", BOTH), ("blur", "shown=blur"), ("", "")):
        protect_concept(bench.concept("Wound"), choice)  # type: ignore[arg-type]
        opened = screens.send("position", value=picture).text
        asked = {*re.findall(r"\?(shown=[a-z&=]+)", opened), *protects(vic, "library")}
        assert asked == ({query} if query else set())


def shown_at(client: TestClient, address: str) -> tuple[Any, str]:
    """The pixels of a picture, and its ETag."""
    answer = client.get(address)
    assert answer.headers["cache-control"].endswith("immutable")
    pixels = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
    return pixels, answer.headers["etag"]


@pytest.mark.parametrize("kind", ["thumbnail", "picture"])
def test_a_protected_picture_is_as_large_and_has_no_detail_or_no_colour(
    vic: TestClient, picture: str, kind: str
) -> None:
    address = f"/media/{kind}/{picture}"
    ways = ("", "?shown=blur", "?shown=greyscale", "?shown=blur&shown=greyscale")
    shown = [shown_at(vic, address + way) for way in ways]
    (plain, blurred, grey, both), tags = zip(*shown, strict=True)
    assert plain.shape == blurred.shape == grey.shape == both.shape
    assert tags[0] != tags[1]

    def detail(pixels: Any) -> int:
        return int(np.abs(np.diff(pixels, axis=1)).max())

    assert detail(plain) > 40
    assert max(detail(blurred), detail(both)) < 30
    assert np.ptp(plain, axis=2).max() > 40
    assert max(np.ptp(grey, axis=2).max(), np.ptp(both, axis=2).max()) < 3
    assert vic.get(f"{address}?shown=upside-down").status_code == 422


def test_a_copy_of_a_concept_is_as_protected_as_it(bench: App) -> None:
    protect_concept(bench.concept("Wound"), "both")
    copy_concept(bench, "Wound", "Wound on a hand", author="me")
    assert protection_of_concept(bench.concept("Wound on a hand")).shown_as == "both"
    protect_concept(bench.concept("Wound on a hand"), "")
