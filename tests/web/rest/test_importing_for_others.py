"""Answers in another's name: kept with who brought them, and only an owner may bring them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from storage.labels import Author
from web.server import create_app

PASSWORD = "correct horse battery"
BEN, OLA = ("ben", PASSWORD), ("ola", PASSWORD)


@pytest.fixture
def bench(own_home: Path, drawn: Path, tiny_open_clip: Path) -> Iterator[Workbench]:
    settings = Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}")
    Users(settings).set("ola", PASSWORD, Role.OWNER)
    Users(settings).set("ben", PASSWORD, Role.LABELLER)
    bench = Workbench(settings)
    bench.pictures.add_pictures([drawn])
    bench.concepts.begin("Ball", "A ball.")
    yield bench
    bench.close()


@pytest.fixture
def api(bench: Workbench) -> TestClient:
    return TestClient(create_app(bench), base_url="http://127.0.0.1:7860/api/v1/")


def rows_of(bench: Workbench) -> set[tuple[str, str, str]]:
    return {(r["label"], r["author"], r["recorded_by"]) for r in bench.label_files.label_rows("Ball")}


def test_a_labeller_brings_their_own_answers_and_nobody_elses(bench: Workbench, api: TestClient) -> None:
    one, two = (p.id for p in bench.pictures.newest(2))
    file = f"id,label,author\n{one},yes,ben\n{two},no,ana\n"
    answer = api.post("concepts/Ball/labels/import", content=file, auth=BEN)
    assert answer.status_code == 200, answer.text
    assert answer.json()["imported"] == answer.json()["bad"] == 1
    assert "only an owner" in answer.json()["bad_rows"][0]["reason"]
    assert rows_of(bench) == {("yes", "ben", "")}


def test_an_owner_may_and_it_is_kept_who_did(bench: Workbench, api: TestClient) -> None:
    one, two = (p.id for p in bench.pictures.newest(2))
    file = f"id,label,author\n{one},yes,ola\n{two},no,ana\n"
    assert api.post("concepts/Ball/labels/import", content=file, auth=OLA).json()["imported"] == 2
    assert rows_of(bench) == {("yes", "ola", ""), ("no", "ana", "ola")}
    exported = api.get("concepts/Ball/labels/export", auth=OLA).text
    assert "ana" in exported
    assert exported.splitlines()[0].endswith("recorded_by,in_view,from_concept")
    again = api.post("concepts/Ball/labels/import", content=exported, auth=BEN)  # says nothing new of ana
    assert (again.status_code, again.json()["imported"], again.json()["bad"]) == (200, 0, 0)


def test_a_labeller_reads_what_others_said_once_they_have_answered_themselves(
    bench: Workbench, api: TestClient
) -> None:
    one, two = (p.id for p in bench.pictures.newest(2))
    for picture, value in ((one, "yes"), (two, "no")):
        bench.answers.label("Ball", picture, value, author=Author("ana"), key=f"ana {picture}")

    def read(who: tuple[str, str]) -> list[set[str]]:
        """The pictures of which ana's answer is told, by each way of asking."""
        listed = api.get("concepts/Ball/labels", auth=who).json()
        files = (
            api.get(f"concepts/Ball/labels/export?format={name}", auth=who).text for name in ("csv", "coco")
        )
        asked = {picture: api.get(f"library/pictures/{picture}", auth=who).json() for picture in (one, two)}
        return [
            {row["id"] for row in listed if row["author"] == "ana"},
            *({picture for picture in (one, two) if picture in text} for text in files),
            {picture for picture, found in asked.items() if found["labels"]},
        ]

    assert read(BEN) == [set()] * 4
    assert read(OLA) == [{one, two}] * 4
    api.post("concepts/Ball/labels", json={"answers": [{"picture": two, "value": "yes"}]}, auth=BEN)
    assert read(BEN) == [{two}] * 4


def test_a_file_of_others_answers_alone_is_refused_to_a_labeller(bench: Workbench, api: TestClient) -> None:
    (one,) = (p.id for p in bench.pictures.newest(1))
    answer = api.post("concepts/Ball/labels/import", content=f"id,label,author\n{one},yes,ana\n", auth=BEN)
    assert answer.status_code == 422
    assert bench.label_files.label_rows("Ball") == []
