"""Settings in a browser: setting up an endpoint, stopping a job, a backup; and the login before it all."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accessible import wrong_with_looks
from fake_openai import MODEL, FakeOpenAI, says
from running_app import served
from soak_load import until

from concepts.installation.users import Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from storage.tables.base import now

PASSWORD = "a long password"


@pytest.fixture
def model() -> Iterator[FakeOpenAI]:
    """A SIMULATED model that answers with the wrong number, slowly where a test holds it back."""
    with FakeOpenAI(lambda request: {"number": 1, "odd": "yes"}) as server:
        yield server


def test_an_endpoint_is_set_up_tested_and_its_key_forgotten_by_the_page(
    site: Any, page: Any, model: FakeOpenAI
) -> None:
    page.goto(f"{site.url}/settings")
    page.get_by_label("Address").fill(model.base_url)
    page.get_by_label("Key").fill("sk-secret")
    page.get_by_label("Model for words", exact=True).fill(MODEL)
    page.get_by_role("button", name="Save and test").click()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_text("It answers, but wrongly").wait_for()
    form, found = page.locator("#openai_base_url"), page.locator(".test")
    assert found.bounding_box()["x"] > form.bounding_box()["x"] + form.bounding_box()["width"]
    assert found.bounding_box()["y"] < 400  # beside the form and above the fold
    assert page.input_value("#openai_api_key") == ""
    assert "sk-secret" not in page.content()
    assert model.requests[0].headers.get("authorization", "").endswith("sk-secret")
    page.get_by_label("Remove the key").check()
    page.get_by_label("Model for words", exact=True).fill("")
    page.get_by_label("Address").fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_selector("text=No model is asked: built-in words and the encoder do the work")


def test_work_shows_its_progress_and_stops_when_told(site: Any, page: Any, model: FakeOpenAI) -> None:
    held = threading.Event()
    model.script(says({"number": 1, "odd": "yes"}, wait=held))
    site.bench.installation.save_settings({"openai_base_url": model.base_url, "llm_model": MODEL})
    job_id = site.bench.installation.test_endpoint().id
    try:
        page.goto(f"{site.url}/settings/activity")
        page.wait_for_selector(f"#job-{job_id}[data-state=running]")
        page.click(f"#job-{job_id} button:has-text('Stop')")
        page.wait_for_selector(f"#job-{job_id}:has-text('stopping after this step')")
        stopped = now()
        until(
            lambda: (site.bench.jobs.store.get(job_id).heartbeat or stopped) > stopped
        )  # it has heard of it
    finally:
        held.set()
    again = page.get_by_role("region", name="Finished jobs").get_by_role("button", name="Run again")
    again.wait_for()
    page.reload()
    again.wait_for()
    site.bench.installation.save_settings({"openai_base_url": None, "llm_model": None})


def test_the_tabs_are_in_the_address_and_a_backup_can_be_downloaded(
    site: Any, page: Any, tmp_path: Path
) -> None:
    page.goto(site.url)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Backup").click()
    page.wait_for_url("**/settings/backup")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download backup").click()
    file = tmp_path / "backup.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        assert {"discern.sqlite", "README.txt"} <= set(archive.namelist())


@pytest.fixture(scope="module")
def closed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with one user and nothing else."""
    from web.server import create_app

    settings = Settings(home=tmp_path_factory.mktemp("closed"))
    Users(settings).set("ana", PASSWORD)
    with served(create_app(Workbench(settings))) as address:
        yield address


def test_a_person_logs_in_goes_where_they_wanted_and_logs_out(closed_site: str, page: Any) -> None:
    page.goto(f"{closed_site}/settings/backup")
    page.wait_for_url("**/login?next=*")
    page.fill("#name", "ana")
    page.fill("#password", "not the password")
    page.press("#password", "Enter")
    page.wait_for_selector("[role=alert]")
    assert wrong_with_looks(page) == []
    assert page.input_value("#name") == "ana"
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/settings/backup")
    page.get_by_role("link", name="People").click()
    page.get_by_text("You are ana, an owner.").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto(f"{closed_site}/")
    page.wait_for_url("**/login?next=*")
