"""Two web processes over one PostgreSQL and one data folder, behind a proxy that alternates between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from alternating import Alternating
from drawing import draw_folder
from patience import PATIENCE
from playwright.sync_api import Page, Response, expect
from postgres import Server
from running_app import RunningApp
from soak_load import until
from sqlalchemy import text
from web_screens import Screens

from concepts.installation.jobs import job_state
from concepts.installation.users import Users
from concepts.labelling.labels import decisions_of, give_label, label_count, next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.trained import list_versions
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from storage.tables import StoredJob
from web.http.access import TRIES

pytestmark = pytest.mark.slow
NAME, PASSWORD = "Round thing", "correct horse battery"


@pytest.fixture
def page(first_page: Page) -> Page:
    """Of a browser that was never here: of both processes nothing is kept."""
    return first_page


@dataclass(frozen=True)
class House:
    """`bench` looks at the same database and folder and runs nothing."""

    apps: list[RunningApp]
    proxy: Alternating
    bench: App

    def client(self, url: str = "", **headers: str) -> httpx2.Client:
        return httpx2.Client(base_url=url or self.proxy.address, headers=headers, timeout=PATIENCE)

    def logged_in(self, url: str = "") -> httpx2.Client:
        client = self.client(url)
        assert client.post("/login", data={"name": "ana", "password": PASSWORD}).status_code == 303
        return client


@pytest.fixture(scope="module")
def begun(
    postgres_server: Any, tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path
) -> Iterator[House]:
    server: Server = postgres_server
    root = tmp_path_factory.mktemp("two-processes")
    encoder, address = f"local-dir:{tiny_open_clip}", server.new_database()
    settings = Settings(home=root / "home", encoder=encoder, database_url=address)  # type: ignore[arg-type]
    Users(settings).set("ana", PASSWORD)
    more = {"DISCERN_DATABASE_URL": address, "DISCERN_TRUSTED_PROXIES": "127.0.0.1"}
    apps = [RunningApp(settings.home, encoder, root / f"log-{n}", **more) for n in range(2)]
    with ExitStack() as stack:
        for app in apps:
            app.begin()
            stack.callback(lambda app=app: app.is_running and app.stop())
        bench = open_app(settings)
        stack.callback(bench.close)
        import_pictures(bench, [draw_folder(root / "pictures", 90)]).wait()
        begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
        for app in apps:
            app.wait()
        yield House(apps, stack.enter_context(Alternating([app.port for app in apps])), bench)


@pytest.fixture
def house(postgres: Server, request: pytest.FixtureRequest) -> House:
    """Both run. Where PostgreSQL can't be had this says so."""
    found: House = request.getfixturevalue("begun")
    for app in found.apps:
        if not app.is_running:
            app.start()
    return found


def test_no_page_needs_the_process_that_it_came_from(house: House, page: Page, tmp_path: Path) -> None:
    failed: list[str] = []

    def look(answer: Response) -> None:
        if answer.status >= 400:
            failed.append(answer.url)

    page.on("response", look)
    page.goto(f"{house.proxy.address}/library")
    page.get_by_label("Name").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search by words")).to_be_visible()
    folder = draw_folder(tmp_path / "more", 2, first_seed=900)
    page.get_by_role("button", name="Import", exact=True).click()
    page.locator("#upload-files").set_input_files(sorted(folder.iterdir()))
    expect(page.get_by_text("2 pictures imported.")).to_be_visible()

    count, before = page.locator("[data-part=count-words]"), label_count(house.bench.concept(NAME)).answers
    page.goto(f"{house.proxy.address}/label?{urlencode({'concept': NAME})}#single")
    for given in range(6):
        picture = page.locator("#labeller .stage img").get_attribute("data-picture")
        page.keyboard.press("y" if given % 2 else "n")
        expect(page.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
    expect(count).to_contain_text(f"{before + 6} labels")
    page.keyboard.press("z")
    expect(count).to_contain_text(f"{before + 5} labels")
    assert label_count(house.bench.concept(NAME)).answers == before + 5

    concept = house.bench.concept(NAME)
    for picture in next_pictures(concept, 12):
        give_label(concept, picture.id, "yes" if "ellipse" in picture.path else "no", author="ana")
    page.goto(f"{house.proxy.address}/check?{urlencode({'concept': NAME})}")
    version = len(list_versions(house.bench.concept(NAME))) + 1
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_text(f"Version {version} is trained.")).to_be_visible()
    assert failed == []
    assert min(house.proxy.answered[app.port] for app in house.apps) > 20


def test_whoever_is_out_at_one_is_out_at_the_other(house: House) -> None:
    here, there = (app.url for app in house.apps)
    ana = house.logged_in(here)
    copied = house.client(there)
    copied.cookies = ana.cookies
    assert copied.get("/api/v1/concepts").status_code == 200
    assert copied.post("/logout").status_code == 303
    assert ana.get("/api/v1/concepts").status_code == 401

    guesser = house.client(**{"X-Forwarded-For": "203.0.113.9"})
    guess = {"name": "ana", "password": "wrong password"}
    said = [guesser.post("/login", data=guess).status_code for _ in range(TRIES + 2)]
    assert said == [401] * TRIES + [429] * 2


def test_what_a_killed_process_was_doing_the_other_ends_once(house: House) -> None:
    ana, bench = house.logged_in(), house.bench
    concept = bench.concept(NAME)
    for number, picture in enumerate(next_pictures(concept, 20)):
        value = "yes" if "ellipse" in picture.path else "no"
        answer = {"answers": [{"picture": picture.id, "value": value}]}
        key = {"Idempotency-Key": f"label-{number:04}"}
        for _ in range(2):  # the second time to the other process, and no second answer
            ana.post(f"/api/v1/concepts/{NAME}/labels", json=answer, headers=key).raise_for_status()
    given = label_count(concept).answers
    assert len(decisions_of(concept)) == given
    versions = len(list_versions(concept))
    with bench.database.write(f"heads of concept {concept.id}"):  # no version can be kept meanwhile
        job = ana.post(f"/api/v1/concepts/{NAME}/versions", json={"target": "f1"}).json()["id"]
        until(lambda: _waits_for_a_lock(bench))
        killed = next(app for app in house.apps if app.pid == _worker(bench, job))
        killed.kill()
    (survivor,) = [app for app in house.apps if app.is_running]
    until(lambda: job_state(bench, job).state not in ("queued", "running", "interrupted"))
    assert job_state(bench, job).state == "done"
    assert _worker(bench, job) == survivor.pid
    assert bench.jobs.store.get(job).lease == 2
    assert len(list_versions(concept)) == versions + 1
    assert label_count(concept).answers == given
    shown = Screens.of(house.logged_in(survivor.url)).load("check", concept=NAME)
    assert f"version {versions + 1}" in shown


def _worker(bench: App, job: int) -> int:
    with bench.database.read() as session:
        return int(session.get_one(StoredJob, job).worker.rpartition(":")[2])


def _waits_for_a_lock(bench: App) -> bool:
    query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with bench.database.read() as session:
        return bool(session.scalar(query))
