"""The demo over HTTP: a visit begins with a press, its cookie opens one sandbox, and that is all there is."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answering import answer as answer_all
from at_once import at_once
from demo_house import PICTURES, Clock, demo_house
from drawing import claims, draw
from fastapi import FastAPI
from fastapi.testclient import TestClient
from web_screens import Screens, browser

from concepts.errors import DiscernError
from concepts.installation.jobs import list_deeds
from concepts.jobs import Progress
from concepts.labelling.formats import written_formats
from concepts.labelling.mining import Mined, mine
from concepts.library.collection import collection_of
from concepts.library.uploads import uploads_of
from concepts.results.library import add_uploads
from concepts.results.overview import list_concepts
from concepts.results.rules import write_table
from concepts.results.scores import score_folder
from concepts.results.trained import train
from concepts.settings import load_settings
from concepts.use_cases.handles import DECLARED
from concepts.visitors import LIMITS, Sandboxes
from web.http.roles import rule_of
from web.http.sign_in import check_exposure
from web.http.visitors import COOKIE, each_visitors
from web.server import create_app
from web.tabs import TABS

BALL = {"name": "Ball", "description": "A round thing."}


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path, clock: Clock
) -> Iterator[Sandboxes]:
    with demo_house(tmp_path_factory.mktemp("demo"), tiny_open_clip, clock) as made:
        yield made


@pytest.fixture(scope="module")
def app(house: Sandboxes) -> FastAPI:
    return create_app(house.base, house)


def visitor(app: FastAPI) -> TestClient:
    client = browser(app)
    assert client.post("/begin").headers["location"] == "/"
    return client


# A visit begins


def test_who_has_no_visit_is_shown_where_to_begin_and_given_nothing_else(
    house: Sandboxes, app: FastAPI
) -> None:
    client, folder = browser(app), house.base.settings.home / "sandboxes"
    before = len(list(folder.glob("*")))
    sent = client.get("/label?concept=Ball", headers={"accept": "text/html"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/begin")
    page = client.get("/begin").text
    assert f"{PICTURES} free photos" in page
    assert "about 60 minutes" in page
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/concepts").status_code == 401
    assert client.post("/begin", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert len(list(folder.glob("*"))) == before


def test_the_cookie_is_kept_from_scripts_ends_with_the_visit_and_is_signed(
    house: Sandboxes, app: FastAPI
) -> None:
    cookie = browser(app).post("/begin").headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Max-Age=3600"} <= set(cookie.split("; "))
    sandbox = house.create()
    for value in (sandbox.key, f'["me","{sandbox.key}"]', f"{sandbox.key}.x.y", "", "é", "a" * 5000):
        client = browser(app, headers={"cookie": f"{COOKIE}={value}".encode()})
        assert client.get("/api/v1/concepts").status_code == 401, value


def test_a_visit_that_is_over_opens_nothing_and_can_be_begun_anew(
    app: FastAPI, house: Sandboxes, clock: Clock
) -> None:
    client = visitor(app)
    client.post("/api/v1/concepts", json=BALL)
    clock.seconds += LIMITS.seconds
    assert client.get("/api/v1/concepts").status_code == 401
    assert "is over" in client.get("/begin").text
    client.post("/begin")
    assert client.get("/api/v1/concepts").json() == []


def test_a_full_house_says_when_to_come_back(tmp_path: Path, tiny_open_clip: Path) -> None:
    with demo_house(tmp_path, tiny_open_clip, limits=replace(LIMITS, sandboxes=1)) as house:
        app = create_app(house.base, house)
        visitor(app)
        answer = browser(app).post("/begin")
    assert answer.status_code == 503
    assert "Come back in about 60 minutes" in answer.text


# Apart


def test_two_visitors_never_see_each_others_work(app: FastAPI) -> None:
    one, other = visitor(app), visitor(app)
    one.post("/api/v1/concepts", json=BALL)
    assert [c["name"] for c in one.get("/api/v1/concepts").json()] == ["Ball"]
    page = one.get("/api/v1/concepts/Ball/versions/1/page")
    assert page.status_code == 404  # it has no version; a visitor may take the file
    content = io.BytesIO()
    draw("ellipse", 901).save(content, "PNG")
    sent = {"picture": ("mine.png", content.getvalue(), "image/png")}
    example = one.post("/api/v1/concepts/Ball/examples", files=sent).json()["id"]
    assert one.get(f"/media/thumbnail/{example}").status_code == 200
    assert other.get("/api/v1/concepts").json() == other.get("/api/v1/jobs").json() == []
    for address in ("/api/v1/concepts/Ball", f"/media/thumbnail/{example}"):
        assert other.get(address).status_code == 404
    assert other.get("/app/version.html?concept=Ball&version=1").status_code == 404
    assert other.post("/api/v1/trash", json={"concept": "Ball"}).status_code == 404


def test_a_visitor_trashes_concepts_alone_and_uploads_no_picture_as_large_as_an_owner_may(
    app: FastAPI,
) -> None:
    one = visitor(app)
    one.post("/api/v1/concepts", json=BALL)
    assert one.post("/api/v1/trash", json={"pictures": ["0" * 64]}).status_code == 403
    assert one.post("/api/v1/trash", json={"concept": "Ball"}).json()["names"] == ["Ball"]
    batch = one.post("/uploads").json()["batch"]
    answer = one.put(f"/uploads/{batch}/large.bmp", content=claims(8000))
    assert (answer.status_code, "at most 60 million are taken" in answer.json()["detail"]) == (422, True)


def test_many_at_once_each_find_their_own(app: FastAPI) -> None:
    clients = [visitor(app) for _ in range(4)]
    for number, client in enumerate(clients):
        client.post("/api/v1/concepts", json={"name": f"Of {number}", "description": "Mine."})

    def look(number: int) -> set[str]:
        found = [clients[number].get("/api/v1/concepts").json() for _ in range(15)]
        return {concept["name"] for concepts in found for concept in concepts}

    assert at_once(4, look) == [{f"Of {number}"} for number in range(4)]


def test_outside_of_a_visitors_request_there_is_no_workbench_and_the_host_keeps_nothing(
    house: Sandboxes, app: FastAPI
) -> None:
    with pytest.raises(RuntimeError, match="outside of a visitor"):
        list_concepts(each_visitors())
    client = visitor(app)
    client.post("/api/v1/concepts", json=BALL)
    client.get("/api/v1/concepts/Ball/labels/export")
    assert list_deeds(house.base) == []


# Closed


CLOSED = {
    "GET": ("settings", "backup", "log", "about", "audit"),
    "POST": ("settings/test", "library/pictures", "library/reembed", "library/check"),
    "PATCH": ("settings",),
}


def test_what_is_about_the_computer_is_closed(app: FastAPI) -> None:
    client = visitor(app)
    asked = [(method, f"/api/v1/{path}") for method, paths in CLOSED.items() for path in paths]
    asked += [("GET", f"/settings/{tab}") for tab in ("people", "cost", "encoder", "backup")]
    for method, path in asked:
        answer = client.request(method, path, json={"openai_base_url": "http://127.0.0.1:1/v1"})
        assert (answer.status_code, "closed here" in answer.json()["detail"]) == (403, True), path


# Nothing of where it is


@pytest.fixture(scope="module")
def worked(house: Sandboxes) -> TestClient:
    """A visitor with a picture of their own and a damaged one, a trained concept, files of scores, and work
    that failed."""
    client = visitor(create_app(house.base, house))
    bench = next(reversed(house._known.values())).app
    content = io.BytesIO()
    draw("ellipse", 902).save(content, "PNG")
    batch = uploads_of(bench).begin()
    client.put(f"/uploads/{batch}/mine.png", content=content.getvalue())
    client.put(f"/uploads/{batch}/torn.png", content=content.getvalue()[:-200])
    add_uploads(bench, batch).wait()
    client.post("/api/v1/concepts", json=BALL)
    answer_all(bench, "Ball", collection_of(bench).library.all_ids())
    bench.concept("Ball").begin(train).wait()
    for path in ("/uploads", ""):
        score_folder(bench.concept("Ball"), path).wait()
    write_table(bench).wait()

    def fails(job: Any, progress: Progress) -> Mined:
        raise PermissionError(13, "Permission denied", str(bench.settings.home / "discern.sqlite"))

    bench.jobs.register(DECLARED[mine].job, fails)
    with pytest.raises(DiscernError, match=r"Permission denied: discern\.sqlite"):
        bench.concept("Ball").begin(mine).wait()
    return client


def addresses(client: TestClient) -> Iterator[str]:
    """Every GET route of REST, with what there is in place of its parameters."""
    pictures = [picture["id"] for picture in client.get("/api/v1/library/pictures").json()["pictures"]]
    there = {"name": "Ball", "picture_id": pictures[0], "version": "1", "prompt": "annotate"}
    document = client.get("/api/v1/openapi.json").json()
    for path in document["paths"]:
        if "get" not in document["paths"][path]:
            continue
        filled = re.sub(r"{(\w+)}", lambda name: there.get(name[1], "1"), path)
        yield f"/api/v1{filled}"
    yield from (f"/api/v1/library/pictures/{picture}" for picture in pictures)
    jobs = [job["id"] for job in client.get("/api/v1/jobs").json()]
    yield from (f"/api/v1/jobs/{job}{more}" for job in jobs for more in ("", "/scores"))
    yield "/api/v1/library?folder=/sample&bad=true"
    yield "/api/v1/library/pictures?q=a+ball&limit=200"
    for form in written_formats():
        yield f"/api/v1/concepts/Ball/labels/export?format={form}&what=both"
    yield from ("/app/made.zip", "/config", "/gradio_api/info", "/healthz", "/begin")


def unpacked(content: bytes) -> Iterator[bytes]:
    """With what is in archives, and in those within."""
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name))


@pytest.mark.slow
def test_no_answer_names_a_folder_of_the_host(
    worked: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hidden = (str(tmp_path_factory.getbasetemp()).encode(), str(Path(__file__).parents[2]).encode())
    answered = set()
    for address in addresses(worked):
        answer = worked.get(address)
        answered.add(answer.status_code)
        for content in (*unpacked(answer.content), repr(answer.headers).encode()):
            assert not [folder for folder in hidden if folder in content], address
    assert answered >= {200, 403}
    (picture,) = worked.get("/api/v1/library/pictures?limit=1&sort=oldest").json()["pictures"]
    assert picture["path"].startswith("/sample/")
    folders = worked.get("/api/v1/library?folder=/").json()["folders"]
    assert [folder["name"] for folder in folders] == ["sample", "uploads"]


def test_a_visitor_scores_uploads_by_the_place_that_is_shown(worked: TestClient) -> None:
    jobs = [job for job in worked.get("/api/v1/jobs").json() if job["kind"] == "score files"]
    (done,) = [job for job in jobs if job["result"]["skipped"]]
    assert (done["result"]["rows"], done["result"]["out"]) == (1, f"scores/{done['id']}/ball-v1.csv")
    scored = csv.DictReader(io.StringIO(worked.get(f"/api/v1/jobs/{done['id']}/scores").text))
    assert {row["path"].split("/")[1] for row in scored} == {"uploads"}


def test_a_visitor_reads_nothing_else_and_learns_of_nothing_that_is_there(worked: TestClient) -> None:
    told = "This demo reads no folder of the computer it runs on. Upload pictures."
    places = ("/", "/sample", "/uploads/../..", "/uploads/../../../home", "~", "/etc", "/nowhere", "s3://b/c")
    for path in (*places, "."):
        refused = worked.post("/api/v1/concepts/Ball/versions/1/scores", json={"path": path})
        assert (refused.status_code, refused.json()["detail"]) == (403, told), path
    for folder, shown in (("~", "/~"), ("~root", "/~root"), ("nowhere", "/nowhere"), ("/uploads/../x", "/x")):
        refused = worked.post("/api/v1/collections", json={"name": "Mine", "folder": folder})
        assert f"No picture of the library is in {shown}." in refused.json()["detail"]
    sent = {"format": "sidecars", "file": "mine.json"}
    refused = worked.post("/api/v1/concepts/Ball/labels/import", params=sent, content=b"{}")
    assert "mine.json is no folder" in refused.json()["detail"]
    assert tempfile.gettempdir() not in refused.text


def test_no_screen_names_a_folder_of_the_host(
    worked: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    screens, hidden = Screens.of(worked), str(tmp_path_factory.getbasetemp())
    for tab in TABS:
        rule = rule_of("GET", tab.path)
        if rule and rule.host:
            continue  # refused
        assert hidden not in screens.load(tab.path.strip("/"), concept="Ball"), tab.path
    picture = worked.get("/api/v1/library/pictures").json()["pictures"][0]["id"]
    shown = screens.send("position", value=picture)
    assert (shown.status_code, picture in shown.text, hidden in shown.text) == (200, True, False)


# Full


def test_in_a_full_sandbox_everything_is_still_seen_and_downloaded(app: FastAPI, house: Sandboxes) -> None:
    client = visitor(app)
    client.post("/api/v1/concepts", json=BALL)
    sandbox = next(reversed(house._known.values()))
    sandbox.limits = replace(sandbox.limits, disk=1)
    refused = client.post("/api/v1/concepts", json=BALL | {"name": "Another"})
    assert refused.status_code == 403
    assert "is full" in refused.json()["detail"]
    assert [c["name"] for c in client.get("/api/v1/concepts").json()] == ["Ball"]
    assert client.get("/app/made.zip").status_code == 200


# Where it is served


def test_a_demo_may_be_open_to_everybody_and_answers_by_whatever_name(own_home: Path, app: FastAPI) -> None:
    check_exposure(load_settings(home=own_home, demo=True, host="0.0.0.0"))
    client = browser(app)
    client.base_url = "https://ana-discern.hf.space"
    client.post("/begin")
    assert client.get("/api/v1/concepts").status_code == 200


def test_in_a_frame_of_a_named_site_the_visit_is_kept_and_no_other_site_may_frame_it(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    with demo_house(tmp_path, tiny_open_clip, framed_by="https://huggingface.co") as house:
        client = browser(create_app(house.base, house), base_url="https://a.hf.space")
        page, cookie = client.get("/begin"), client.post("/begin").headers["set-cookie"]
    assert "frame-ancestors https://huggingface.co" in page.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers
    assert re.search(r"SameSite=none; Secure; Partitioned$", cookie)
