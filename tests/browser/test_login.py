"""Logging in in a browser: where one wanted to go, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from accessible import wrong_with_looks
from running_app import served

from concepts.installation.users import Users
from concepts.settings import Settings
from concepts.workbench import Workbench

PASSWORD = "a long password"


@pytest.fixture
def closed_site(own_home: Any) -> Iterator[str]:
    """A server with one user and nothing else."""
    from web.server import create_app

    settings = Settings(home=own_home)
    Users(settings).set("ana", PASSWORD)
    with served(create_app(Workbench(settings))) as address:
        yield address


def test_a_person_logs_in_goes_where_they_wanted_and_logs_out(closed_site: str, page: Any) -> None:
    page.goto(f"{closed_site}/settings/people")
    page.wait_for_url("**/login?next=*")
    page.fill("#name", "ana")
    for password in ("not the password", PASSWORD):
        page.fill("#password", password)
        page.press("#password", "Enter")
        if password != PASSWORD:
            page.wait_for_selector("[role=alert]")
            assert wrong_with_looks(page) == []
            assert page.input_value("#name") == "ana"
    page.wait_for_url("**/settings/people")
    page.get_by_text("You are ana, an owner.").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
