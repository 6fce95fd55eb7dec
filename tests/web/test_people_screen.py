"""People: who may log in, as owners and others see it, and where nobody has to."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from web_screens import Screens

from concepts.installation.users import Role, Users
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app

PASSWORD = "correct horse battery"


def as_seen_by(bench: Workbench, name: str) -> str:
    client = TestClient(create_app(bench), base_url="http://127.0.0.1:7860", follow_redirects=False)
    client.post("/login", data={"name": name, "password": PASSWORD})
    return Screens.of(client).load("settings/people")["people"]


def test_owners_see_everybody_and_others_themselves(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=own_home, users="env=viewer:a long password")
    for name, role in (("ola", Role.OWNER), ("lea", Role.LABELLER)):
        Users(settings).set(name, PASSWORD, role)
    bench = Workbench(settings)
    for said, who in (
        (as_seen_by(bench, "ola"), "ola, an owner"),
        (as_seen_by(bench, "lea"), "lea, a labeller"),
    ):
        assert f"You are {who}." in said
        assert "Log out" in said
        assert ("discern users remove NAME" in said) == ("owner" in who)
        assert ("password from the environment" in said) == ("owner" in who)
        assert ("<td>env</td>" in said) == ("owner" in who)
        assert "scrypt" not in said
        assert PASSWORD not in said


def test_cost_is_for_owners_and_its_tab_is_not_shown_to_others(own_home: Path) -> None:
    settings = Settings(home=own_home)
    for name, role in (("ola", Role.OWNER), ("lea", Role.LABELLER)):
        Users(settings).set(name, PASSWORD, role)
    app = create_app(Workbench(settings))
    for name, sees in (("ola", True), ("lea", False)):
        client = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)
        client.post("/login", data={"name": name, "password": PASSWORD})
        page = client.get("/settings", headers={"accept": "text/html"}).text
        assert ('href="/settings/cost"' in page) == sees
        assert (client.get("/settings/cost").status_code == 200) == sees
        assert ("Save and test" in page) == sees
