"""A link to a version over HTTP: what a stranger reaches by it, which is that page and nothing else."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from answering import answer
from demo_house import demo_house
from drawing import draw, draw_folder
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_app import app_without_screens

from concepts.export.said import ConceptSaid, PictureSaid
from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.http import sharing

NAME, PASSWORD = "Round & <b>thing", "a long password"
CONCEPT = f"/api/v1/concepts/{NAME}"
PEOPLE = {"ola": Role.OWNER, "lea": Role.LABELLER, "vic": Role.VIEWER}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("shared")
    settings = Settings(home=root / "home", encoder=f"local-dir:{tiny_open_clip}")
    for name, role in PEOPLE.items():
        Users(settings).set(name, PASSWORD, role)
    bench = Workbench(settings)
    bench.pictures.add_pictures([draw_folder(root / "pictures", 40)])
    bench.definitions.create_concept(NAME, "A filled ellipse.")
    answer(bench, NAME, [p.id for p in bench.answers.next_pictures(NAME, 20)])
    bench.versions.train(NAME)
    yield bench
    bench.close()


@pytest.fixture
def app(bench: Workbench) -> FastAPI:
    return app_without_screens(bench)


def client(app: FastAPI, name: str = "", address: str = "203.0.113.1") -> TestClient:
    found = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False, client=(address, 50000))
    if name:
        found.post("/login", data={"name": name, "password": PASSWORD})
    return found


def link(app: FastAPI, who: str = "ola", **body: float) -> str:
    made = client(app, who).post(f"{CONCEPT}/versions/1/shares", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["path"])


def picture() -> dict[str, tuple[str, bytes]]:
    drawn = io.BytesIO()
    draw("ellipse", 900).save(drawn, "PNG")
    return {"picture": ("mine.png", drawn.getvalue())}


def test_a_stranger_sees_the_page_and_tries_a_picture_and_reaches_nothing_else(
    app: FastAPI, bench: Workbench
) -> None:
    path, stranger = link(app), client(app)
    page = stranger.get(path)
    assert page.status_code == 200
    assert "Round &amp; &lt;b&gt;thing" in page.text
    said = stranger.post(f"{path}/classify", files=picture())
    assert said.status_code == 200, said.text
    assert set(said.json()) == {"words", "probability", "zone"}
    shown = bench.answers.next_pictures(NAME, 1)[0].id
    for other in (
        *("/", "/api/v1/concepts", "/api/v1/library/pictures", f"/media/thumbnail/{shown}"),
        *(f"/media/picture/{shown}", f"{path}/{shown}", f"{path}/../../media/thumbnail/{shown}"),
        *(f"{path}/classify", "/shared/", "/shared", "/app/version.html?version=1&concept=x"),
    ):
        answer = stranger.get(other)
        assert answer.status_code in (303, 401, 404, 405), other
        assert "webp" not in answer.headers.get("content-type", "")


def test_nothing_of_it_is_kept_told_on_or_found_by_search_engines(app: FastAPI) -> None:
    page = client(app).get(link(app))
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "set-cookie" not in page.headers


def test_a_link_that_is_over_is_answered_as_one_that_never_was(app: FastAPI) -> None:
    path, owner = link(app), client(app, "ola")
    (newest, *_) = owner.get(f"{CONCEPT}/shares").json()
    assert owner.delete(f"{CONCEPT}/shares/{newest['id']}").status_code == 200
    stranger = client(app)
    over, never = stranger.get(path), stranger.get("/shared/never-one")
    assert (over.status_code, over.text) == (never.status_code, never.text)
    assert over.status_code == 410
    assert "Ask whoever sent it to you" in over.text
    assert "Round" not in over.text
    assert stranger.post(f"{path}/classify", files=picture()).status_code == 410


@pytest.mark.parametrize("who", ["lea", "vic", ""])
def test_only_owners_share_list_and_end_links_and_take_the_file(app: FastAPI, who: str) -> None:
    path, asked = link(app), client(app, who)
    answers = [
        asked.post(f"{CONCEPT}/versions/1/shares", json={}),
        asked.get(f"{CONCEPT}/shares"),
        asked.delete(f"{CONCEPT}/shares/1"),
        asked.get(f"{CONCEPT}/versions/1/page"),
    ]
    assert {answer.status_code for answer in answers} == {403 if who else 401}
    assert asked.get(path).status_code == 200


def test_who_shared_and_who_ended_it_is_in_the_audit_log_and_no_token_is(
    app: FastAPI, bench: Workbench
) -> None:
    path, owner = link(app), client(app, "ola")
    (newest, *_) = owner.get(f"{CONCEPT}/shares").json()
    owner.delete(f"{CONCEPT}/shares/{newest['id']}")
    client(app).get(path)
    deeds = bench.installation.deeds(10)
    assert [deed.what for deed in deeds if "share" in deed.what or "link" in deed.what][:2] == [
        "ended a link",
        "shared a version",
    ]
    assert not [deed for deed in deeds if path.rpartition("/")[2] in deed.about]


def test_no_token_is_in_what_is_logged(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "web")
    client(app).get("/shared/a-token-that-is-over")
    assert "GET /shared/…: 410" in caplog.text
    assert "a-token-that-is-over" not in caplog.text


def test_strangers_have_few_pictures_looked_at(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    path, stranger = link(app), client(app, address="203.0.113.2")  # where none has asked before
    monkeypatch.setattr(sharing, "OF_AN_ADDRESS", (2, 60.0))
    answers = [stranger.post(f"{path}/classify", files=picture()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    too_large = {"picture": ("large.png", bytes(21 * 1024**2))}
    assert stranger.post(f"{path}/classify", files=too_large).status_code == 413
    bad = client(app).post(f"{path}/classify", files={"picture": ("x", b"no picture")})
    assert bad.status_code in (200, 429)


def test_visitors_of_a_demo_make_no_links_and_take_the_file(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path
) -> None:
    with demo_house(tmp_path_factory.mktemp("demo"), tiny_open_clip) as house:
        visitor = TestClient(app_without_screens(house.base, house), base_url="http://127.0.0.1:7860")
        assert visitor.get("/shared/x").status_code == 410
        visitor.post("/begin")
        concept = "/api/v1/concepts/Ball"
        visitor.post("/api/v1/concepts", json={"name": "Ball", "description": "A round thing."})
        for share in (
            visitor.post(f"{concept}/versions/1/shares", json={}),
            visitor.get(f"{concept}/shares"),
        ):
            assert share.status_code == 403
            assert "closed here" in share.json()["detail"]
        assert visitor.get(f"{concept}/versions/1/page").status_code == 404  # it would, had it a version


@pytest.mark.parametrize(
    ("said", "words", "probability"),
    [
        ([("Round", 0.9, "yes", None)], "yes", 0.9),
        ([("Mess", 0.4, "no", 2.4)], "grade 2.4", 0.4),
        ([("kitchen", 0.7, "yes", None), ("bath", 0.2, "no", None)], "kitchen", 0.7),
        ([("kitchen", 0.3, "no", None), ("bath", 0.2, "no", None)], "none of these", 0.5),
    ],
)
def test_a_grade_and_the_likeliest_class_are_told_in_a_word(
    said: list[tuple[str, float, Literal["yes", "no"], float | None]], words: str, probability: float
) -> None:
    found = tuple(
        ConceptSaid(concept=name, version=1, probability=p, decision=yes, zone=yes, grade=grade)
        for name, p, yes, grade in said
    )
    told = sharing._told(PictureSaid(name="", said=found))
    assert (told["words"], told["probability"]) == (words, pytest.approx(probability))
