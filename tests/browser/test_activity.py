"""Settings in a browser: its tabs, a backup, and the login before it all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accessible import wrong_with_looks
from running_app import served

from concepts.installation.users import Users
from concepts.settings import Settings
from concepts.workbench import Workbench

PASSWORD = "a long password"


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
