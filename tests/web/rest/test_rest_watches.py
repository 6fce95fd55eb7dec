"""Watched folders by HTTP: begin, look, list, feed, stop; the secret once and the address never."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from drawing import draw_folder
from fastapi.testclient import TestClient
from sqlalchemy import select

from concepts.labelling.labels import next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.trained import train, use_version
from concepts.results.watcher import watcher_of
from concepts.use_cases import App
from storage.tables import AnsweredRow

NAME = "Watched by HTTP"
WATCHES = f"concepts/{NAME}/watches"


@pytest.fixture(scope="module")
def concept(workbench: App) -> None:
    begin_concept(workbench, NAME, "A filled ellipse.")
    answer(workbench, NAME, [p.id for p in next_pictures(workbench.concept(NAME), 20)])
    workbench.concept(NAME).begin(train).wait()
    use_version(workbench.concept(NAME), 1, 1e-9, author="me").wait()  # everything is a yes
    watcher_of(workbench).pause = lambda seconds: None


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "inbox", 4, first_seed=700)


def test_a_folder_is_watched_from_the_first_request_to_the_feed(
    api: TestClient, concept: None, finished: Callable[[Any], dict[str, Any]], inbox: Path
) -> None:
    body = {"folder": str(inbox), "webhook": "https://hooks.example/path?key=hidden"}
    begun = api.post(WATCHES, json=body)
    assert begun.status_code == 201, begun.text
    assert begun.json()["secret"].startswith("whsec_")
    number = begun.json()["watch"]["id"]
    looked = finished(api.post(f"{WATCHES}/{number}/look"))
    assert (looked["state"], looked["result"]["flagged"]) == ("done", 4), looked
    view = api.get(f"{WATCHES}/{number}").json()
    assert (view["seen"], view["flagged"], view["webhook"]) == (4, 4, "hooks.example")
    assert [one["id"] for one in api.get(WATCHES).json()] == [number]
    assert len(api.get(f"{WATCHES}/{number}/messages").json()) == 4
    page = api.get(f"{WATCHES}/{number}/flagged", params={"limit": 3}).json()
    assert len(page["flagged"]) + page["held"] == 3
    told = "".join(api.get(WATCHES + path).text for path in ("", f"/{number}", f"/{number}/messages"))
    assert not [secret for secret in ("hidden", "whsec_") if secret in told]
    feed = api.get(f"{WATCHES}/{number}/feed", params={"limit": 3})
    assert feed.headers["content-type"] == "application/feed+json"
    first = feed.json()
    assert (first["version"], len(first["items"])) == ("https://jsonfeed.org/version/1.1", 3)
    rest = api.get(first["next_url"]).json()
    assert (len(rest["items"]), "next_url" in rest) == (1, False)
    picture = api.get(first["items"][0]["image"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert api.post(f"{WATCHES}/{number}/stop").json()["stopped"] is not None
    assert api.post(f"{WATCHES}/{number}/look").status_code == 409


def test_the_signing_secret_of_a_request_that_may_be_sent_again_is_shown_once_and_not_kept(
    api: TestClient, concept: None, inbox: Path, workbench: App
) -> None:
    body = {"folder": str(inbox), "webhook": "https://hooks.example/path"}
    begun, again = (api.post(WATCHES, json=body, headers={"Idempotency-Key": "watch"}) for _ in range(2))
    assert begun.json()["secret"].startswith("whsec_")
    assert again.json() == begun.json() | {"secret": ""}
    with workbench.database.read() as session:
        kept = str(list(session.scalars(select(AnsweredRow.answer))))
    assert "hooks.example" in kept
    assert "whsec_" not in kept
