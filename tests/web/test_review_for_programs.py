"""The review queue by REST and at the command line.

The answers are simulated: a drawing counts if its file is called ellipse, and every sixth answer is a slip.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from slips import trained_with_slips
from small_app import app_without_screens
from typer.testing import CliRunner
from web_screens import Screens

from concepts.cli import app
from concepts.labelling.reasons import Reason
from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Round thing"
OF = {"concept": NAME}
API = f"/api/v1/concepts/{NAME}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with a version that was trained and looked over, with slips among both kinds of answers."""
    root = tmp_path_factory.mktemp("review")
    bench = trained_with_slips(root, tiny_open_clip, NAME)
    bench.review.current(NAME)
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


def test_the_queue_is_what_the_screen_shows_and_is_answered_by_the_usual_route(
    bench: Workbench, client: TestClient
) -> None:
    found = client.get(f"{API}/review", params={"limit": 12}).json()
    shown = Screens(bench).load("review", **OF)["review-main"]
    on_screen = re.findall(r'id="(\w+)-yes-(\w{12})"', shown)
    assert [(row["reason"], row["id"][:12]) for row in found["rows"]] == on_screen
    assert set(found["counts"]) >= {"likely_mislabelled", "mistake", "borderline"}
    for reason, n in found["counts"].items():
        rows = client.get(f"{API}/review", params={"reason": reason, "limit": 200}).json()["rows"]
        assert [row["reason"] for row in rows] == [reason] * n
        assert all((row["label"] == "") == (reason == "borderline") for row in rows)
    label = {"picture": found["rows"][0]["id"], "value": "yes"}
    sent = client.post(f"{API}/labels", json={"answers": [label], "in_view": True})
    assert sent.status_code == 201
    left = client.get(f"{API}/review", params={"reason": found["rows"][0]["reason"]}).json()["rows"]
    assert label["picture"] not in [row["id"] for row in left]


def test_labels_are_looked_over_by_a_job(bench: Workbench, client: TestClient) -> None:
    sent = client.post(f"{API}/review", json={})
    assert (sent.status_code, sent.json()["kind"]) == (202, "look over")
    bench.jobs.resume(sent.json()["id"])
    assert client.get(sent.headers["Location"]).json()["state"] == "done"


def test_the_command_line_has_the_same(bench: Workbench, discern: Callable[..., str]) -> None:
    lines = discern("concept", "review", NAME, "--find", "--limit", "200")
    assert all(row.id[:12] in lines for row in bench.review.queue(NAME).rows)
    mistakes = bench.review.queue(NAME, Reason.MISTAKE).rows
    mistake = next(row for row in mistakes if row.purpose == "evaluation")
    other = "no" if mistake.label == "yes" else "yes"
    discern("concept", "labels", "add", NAME, mistake.id, other, "--in-view")
    changed = json.loads(discern("concept", "review", NAME, "--reason", "changed_test_label", "--json"))
    assert [(row["id"], row["label"]) for row in changed["rows"]] == [(mistake.id, other)]
    assert mistake.id[:12] not in discern("concept", "review", NAME, "--reason", "mistake", "--limit", "200")
