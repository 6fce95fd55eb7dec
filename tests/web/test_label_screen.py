"""Label opens on what fits the labels so far, and shows no button to whoever may not press it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from fastapi.testclient import TestClient
from web_screens import Screens

from concepts.installation.users import Role, Users
from concepts.learning.scale import Scale
from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app

NAME = "Disc"
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("label")
    bench = Workbench(Settings(home=root / "home", encoder=f"local-dir:{tiny_open_clip}"))
    bench.library.add([draw_folder(root / "pictures", 40)]).wait()
    bench.concepts.begin(NAME, "A filled ellipse.")
    yield bench
    bench.close()


def opened(screens: Screens, concept: str = NAME) -> tuple[Any, str]:
    """What the page says of how to go on, and its HTML."""
    html = screens.load("label", concept=concept)["label-area"]
    state = re.search(r'data-state="([^"]*)"', html)
    return json.loads(unescape(state[1]))["advice"] if state else None, html


def test_it_opens_on_a_sheet_then_on_more_like_it_then_on_single_pictures(bench: Workbench) -> None:
    screens, labels = Screens(bench), bench.concept(NAME).labels
    state, html = opened(screens)
    assert state["mode"] == "sheet"
    assert state["progress"] == "0 of about 100 labels · 8 test labels to the next figures"
    assert re.search('data-part="one" hidden', html)  # before any script
    pictures = [picture.id for picture in labels.next_pictures(10)]
    labels.give(pictures[0], "yes", author="me")
    assert opened(screens)[0]["mode"] == "grid"
    for picture in pictures[1:]:
        labels.give(picture, "yes", author="me")
    state, html = opened(screens)
    assert state["mode"] == "single"
    assert not re.search('data-part="one" hidden', html)


def test_grades_are_given_one_by_one(bench: Workbench) -> None:
    bench.concepts.begin("Roundness", "How round it is.", scale=Scale.graded(5))
    state, html = opened(Screens(bench), "Roundness")
    assert state["mode"] == "single"
    assert 'data-do="sheet"' not in html


def test_who_may_not_label_finds_no_buttons_for_it_and_reads_why(bench: Workbench) -> None:
    bench.concept(NAME).annotations.annotate().wait()
    for role in Role:
        Users(bench.context.settings).set(role.name, PASSWORD, role)
    app, shown = create_app(bench), {}
    for role in Role:
        client = TestClient(app, base_url="http://127.0.0.1:7860")
        client.post("/login", data={"name": role.name, "password": PASSWORD})
        screens = Screens.of(client)
        label = opened(screens)[1]
        review = screens.load("label/review", concept=NAME)["review-main"]
        assert f'href="/library?concept={NAME.replace(" ", "+")}&amp;answered=any"' in review
        shown[role] = (
            'data-do="yes"' in label,
            "You can look, but not label" in label,
            'data-say="yes"' in review,
            'data-action="compare-annotators"' in review or 'data-action="look-over"' in review,
        )
    assert shown == {
        Role.VIEWER: (False, True, False, False),
        Role.LABELLER: (True, False, True, False),
        Role.OWNER: (True, False, True, True),
    }
