"""A second look by REST and at the command line: what is worth one, and the blind one at what measures.

The answers are simulated: a drawing counts if its file is called ellipse, and every sixth answer is a slip.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from slips import trained_with_slips
from small_app import app_without_screens
from typer.testing import CliRunner
from web_screens import Screens

from concepts.cli import app
from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Round thing"
OF = {"concept": NAME}
API = f"/api/v1/concepts/{NAME}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with a version that was trained and looked over, with slips among both kinds of answers."""
    root = tmp_path_factory.mktemp("second look")
    bench = trained_with_slips(root, tiny_open_clip, NAME)
    bench.second_look.current(NAME)
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made: Path, own_home: Path) -> Workbench:
    shutil.copytree(made, own_home)
    return Workbench(Settings(home=own_home))


@pytest.fixture
def client(bench: Workbench) -> TestClient:
    return TestClient(app_without_screens(bench), base_url="http://127.0.0.1:7860")


@pytest.fixture
def discern(bench: Workbench) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.stdout

    return run


def test_what_is_worth_a_second_look_is_what_the_screen_shows_and_is_answered_by_the_usual_route(
    bench: Workbench, client: TestClient
) -> None:
    found = client.get(f"{API}/second-look/pictures", params={"limit": 6}).json()
    shown = Screens(bench).load("review", **OF)["review-main"]
    on_screen = re.findall(r'id="(?:again|doubt)-yes-(\w+)"', shown)
    assert [one["id"][:12] for one in found] == on_screen
    assert {one["why"] for one in found} >= {"would get wrong", "can’t place"}
    assert all((one["value"] is None) == (one["why"] == "can’t place") for one in found)
    for one in found:  # what speaks against an answer says so as a probability of yes
        assert one["why"] != "spoken against" or (one["probability"] < 0.5) == (one["value"] == "yes")
    answer = {"picture": found[0]["id"], "value": "yes"}
    sent = client.post(f"{API}/labels", json={"answers": [answer], "in_view": True})
    assert sent.status_code == 201
    left = client.get(f"{API}/second-look/pictures", params={"limit": 6}).json()
    assert found[0]["id"] not in [one["id"] for one in left]


def test_the_blind_second_look_is_answered_by_rest_and_tells_nothing_before_its_end(
    client: TestClient,
) -> None:
    look: dict[str, Any] = client.get(f"{API}/look-again").json()
    assert look["asked"] >= 4
    assert client.post(f"{API}/look-again", json={"picture": "0" * 64, "value": "yes"}).status_code == 422
    for answered in range(look["asked"]):
        assert (look["answered"], look["sentence"]) == (answered, "")
        sent = client.post(f"{API}/look-again", json={"picture": look["next"]["id"], "value": "yes"})
        assert sent.status_code == 201
        look = sent.json()
    assert look["next"] is None
    assert look["sentence"].startswith(f"You looked at {look['asked']} answered pictures again")
    assert client.get(f"{API}/corrected").json() == []  # a second look is beside the first answer


def test_the_command_line_has_the_same(bench: Workbench, discern: Callable[..., str]) -> None:
    worth = bench.second_look.worth(NAME, 20)
    lines = discern("concept", "second-look", NAME)
    assert all(one.id[:12] in lines for one in worth)
    first = discern("concept", "look-again", NAME)
    found = re.match(r"1 of (\d+): (\w+)", first)
    assert found
    assert discern("concept", "look-again", NAME, found[2], "no").startswith(f"2 of {found[1]}: ")
    mistake = next(one for one in bench.versions.mistakes(NAME) if one.purpose == "evaluation")
    other = "no" if mistake.said == "yes" else "yes"
    discern("concept", "labels", "add", NAME, mistake.id, other, "--in-view")
    assert mistake.id[:12] in discern("concept", "corrected", NAME)
