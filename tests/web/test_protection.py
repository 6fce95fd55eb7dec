"""Protection over HTTP: the page says it, pictures are sent so, and each person has their own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient
from PIL import Image
from web_screens import Screens

from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.protection import parts_of
from web.server import create_app

PASSWORD = "correct horse battery"
PEOPLE = {"ola": Role.OWNER, "vic": Role.VIEWER}
API = "/api/v1"


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path
) -> Iterator[tuple[Workbench, dict[str, TestClient]]]:
    """Four pictures, a concept and two people, each logged in with a browser of their own."""
    root = tmp_path_factory.mktemp("protection")
    settings = Settings(home=root / "home")
    for name, role in PEOPLE.items():
        Users(settings).set(name, PASSWORD, role)
    bench = Workbench(settings)
    bench.library.add([draw_folder(root / "pictures", 4)], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin("Wound", "A wound.")
    app = create_app(bench)
    people = {}
    for name in PEOPLE:
        people[name] = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)
        people[name].post("/login", data={"name": name, "password": PASSWORD})
    yield bench, people
    bench.close()


@pytest.fixture
def bench(whole: tuple[Workbench, dict[str, TestClient]]) -> Iterator[Workbench]:
    """As at first: nothing is protected."""
    yield whole[0]
    whole[0].concept("Wound").protection.set("")
    for name in PEOPLE:
        whole[0].protection.prefer(author=name)


@pytest.fixture
def people(whole: tuple[Workbench, dict[str, TestClient]]) -> dict[str, TestClient]:
    return whole[1]


def first_element(client: TestClient, path: str, **query: str) -> str:
    page = client.get(f"{path}?{urlencode(query)}", headers={"accept": "text/html"}).text
    return page[page.index("<html") :].split("\n")[0]


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


def test_a_page_of_a_protected_concept_says_so_before_anything_else(
    bench: Workbench, people: dict[str, TestClient]
) -> None:
    bench.concept("Wound").protection.set("blur")
    assert 'class="protect-blur protected"' in first_element(people["vic"], "/label", concept="Wound")
    page = people["vic"].get("/label?concept=Wound").text
    assert page.index("/web/protection.css") < page.index("<meta")


def test_screens_of_every_concept_are_as_strict_as_the_strictest(
    bench: Workbench, people: dict[str, TestClient]
) -> None:
    bench.concepts.begin("Cake", "A cake.")
    bench.concept("Wound").protection.set("both")
    assert "protect-blur" in first_element(people["vic"], "/library", concept="Cake")
    assert "protect-blur" not in first_element(people["vic"], "/label", concept="Cake")
    bench.trash.put(concept="Wound", author="me")
    assert "protect-blur" not in first_element(people["vic"], "/library")
    bench.trash.restore(concept="Wound", author="me")


def test_a_persons_choice_is_theirs_alone(bench: Workbench, people: dict[str, TestClient]) -> None:
    kept = people["vic"].put(f"{API}/protection", json={"shown_as": "greyscale", "key": "b"})
    assert kept.json()["key"] == "b"
    assert "protect-greyscale" in first_element(people["vic"], "/")
    assert "protect-greyscale" not in first_element(people["ola"], "/")


def test_a_concept_is_protected_by_owners(bench: Workbench, people: dict[str, TestClient]) -> None:
    address = f"{API}/concepts/Wound/protection"
    assert people["vic"].put(address, json={"shown_as": "blur"}).status_code == 403
    assert people["ola"].put(address, json={"shown_as": "blur"}).json() == {"shown_as": "blur"}
    assert people["vic"].get(address).json() == {"shown_as": "blur"}


def test_a_picture_in_a_tab_of_its_own_is_protected_too(
    bench: Workbench, people: dict[str, TestClient]
) -> None:
    bench.concept("Wound").protection.set("blur")
    opened = {"sec-fetch-dest": "document", "accept": "text/html"}
    page = people["vic"].get(f"/media/picture/{'0' * 64}", headers=opened)
    assert page.headers["content-type"].startswith("text/html")
    assert "protect-blur" in page.text
    assert f'src="/media/picture/{"0" * 64}?shown=blur"' in page.text


def addresses(html: str) -> set[str]:
    return set(re.findall(r'src="(/media/[^"]+)"', html.replace("&amp;", "&")))


def test_what_a_page_and_a_press_show_is_asked_for_protected(
    bench: Workbench, people: dict[str, TestClient]
) -> None:
    screens = Screens.of(people["vic"])
    (picture,) = (one.id for one in bench.library.pictures(limit=1).pictures)
    for choice, query in (("both", "?shown=blur&shown=greyscale"), ("blur", "?shown=blur"), ("", "")):
        bench.concept("Wound").protection.set(choice)  # type: ignore[arg-type]
        shown = screens.load("library")["library-main"]
        opened = screens.press("library-main", "open", picture)["library-dialog"]
        assert f"/media/picture/{picture}{query}" in addresses(opened)
        assert {one.partition("?")[2] for one in addresses(shown + opened)} == {query.removeprefix("?")}


def picture_at(client: TestClient, address: str) -> tuple[np.ndarray, str]:  # type: ignore[type-arg]
    """Its pixels, and its ETag."""
    answer = client.get(address)
    assert answer.headers["cache-control"].endswith("immutable")
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int), answer.headers[
        "etag"
    ]


@pytest.mark.parametrize("kind", ["thumbnail", "picture"])
def test_a_protected_picture_is_as_large_and_has_no_detail_or_no_colour(
    bench: Workbench, people: dict[str, TestClient], kind: str
) -> None:
    address = f"/media/{kind}/{bench.library.pictures(limit=1).pictures[0].id}"
    plain, tag = picture_at(people["vic"], address)
    blurred, blurred_tag = picture_at(people["vic"], f"{address}?shown=blur")
    grey, _ = picture_at(people["vic"], f"{address}?shown=greyscale")
    both, _ = picture_at(people["vic"], f"{address}?shown=blur&shown=greyscale")
    assert plain.shape == blurred.shape == grey.shape == both.shape
    assert tag != blurred_tag

    def detail(pixels: np.ndarray) -> int:  # type: ignore[type-arg]
        return int(np.abs(np.diff(pixels, axis=1)).max())

    assert detail(plain) > 40
    assert max(detail(blurred), detail(both)) < 30
    assert np.ptp(plain, axis=2).max() > 40
    assert max(np.ptp(grey, axis=2).max(), np.ptp(both, axis=2).max()) < 3


def test_no_other_way_of_showing_pictures_is_taken(bench: Workbench, people: dict[str, TestClient]) -> None:
    address = f"/media/thumbnail/{bench.library.pictures(limit=1).pictures[0].id}"
    assert people["vic"].get(f"{address}?shown=upside-down").status_code == 422


def test_a_copy_of_a_concept_is_as_protected_as_it(bench: Workbench) -> None:
    bench.concept("Wound").protection.set("both")
    bench.concepts.copy("Wound", "Wound on a hand", author="me")
    assert bench.concept("Wound on a hand").protection.get().shown_as == "both"
    bench.concept("Wound on a hand").protection.set("")
