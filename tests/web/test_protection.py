"""Protection over HTTP: the page says it, and each person has their own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.protection import parts_of
from web.server import create_app

PASSWORD = "correct horse battery"
PEOPLE = {"ola": Role.OWNER, "vic": Role.VIEWER}
API = "/api/v1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workbench, dict[str, TestClient]]]:
    """A concept and two people, each logged in with a browser of their own."""
    settings = Settings(home=tmp_path_factory.mktemp("protection"))
    for name, role in PEOPLE.items():
        Users(settings).set(name, PASSWORD, role)
    bench = Workbench(settings)
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


def test_a_copy_of_a_concept_is_as_protected_as_it(bench: Workbench) -> None:
    bench.concept("Wound").protection.set("both")
    bench.concepts.copy("Wound", "Wound on a hand", author="me")
    assert bench.concept("Wound on a hand").protection.get().shown_as == "both"
    bench.concept("Wound on a hand").protection.set("")
