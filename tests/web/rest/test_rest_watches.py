"""Watched folders by HTTP: begin, look, list, feed, stop; the secret once and the address never."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from drawing import draw_folder
from fastapi.testclient import TestClient

from concepts.workbench import Workbench

NAME = "Watched by HTTP"
WATCHES = f"concepts/{NAME}/watches"


@pytest.fixture(scope="module")
def concept(workbench: Workbench) -> None:
    workbench.definitions.create_concept(NAME, "A filled ellipse.")
    answer(workbench, NAME, [p.id for p in workbench.answers.next_pictures(NAME, 20)])
    workbench.versions.train(NAME)
    workbench.versions.set_threshold(NAME, 1, 1e-9, author="me", measure=False)  # everything is a yes
    workbench.watching.pause = lambda seconds: None


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "inbox", 4, first_seed=700)


def test_the_feed_is_a_json_feed_whose_pictures_and_pages_are_there(
    api: TestClient, concept: None, finished: Callable[[Any], dict[str, Any]], inbox: Path
) -> None:
    number = api.post(WATCHES, json={"folder": str(inbox)}).json()["watch"]["id"]
    finished(api.post(f"{WATCHES}/{number}/look"))
    answer = api.get(f"{WATCHES}/{number}/feed", params={"limit": 3})
    assert answer.headers["content-type"] == "application/feed+json"
    first = answer.json()
    assert (first["version"], len(first["items"])) == ("https://jsonfeed.org/version/1.1", 3)
    rest = api.get(first["next_url"]).json()
    assert len(rest["items"]) == 1
    assert "next_url" not in rest
    picture = api.get(first["items"][0]["image"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
