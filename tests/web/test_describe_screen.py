"""Describe: a search is shown before it is saved, and what changed meanwhile is not written over."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from web_screens import Screens

from concepts.workbench import Workbench

NAME = "Disc"
DISC = {"concept": NAME}


@pytest.fixture
def screens(library: Workbench) -> Iterator[Screens]:
    """With one concept."""
    library.concepts.begin(NAME, "A filled ellipse; not a rectangle.")
    yield Screens(library)
    library.trash.put(concept=NAME, author="me")


def test_a_search_shows_what_it_finds_before_it_is_saved(library: Workbench, screens: Screens) -> None:
    screens.load("describe", **DISC)
    shown = screens.press("describe-queries", "search", "a rectangle", DISC)
    assert shown.keys() == {"describe-tried"}
    found = set(re.findall(r"/media/thumbnail/([0-9a-f]{64})", shown["describe-tried"]))
    assert len(found) == 8
    assert not found & set(library.context.store.evaluation_pictures(library.context.concept(NAME).id))
    assert library.concept(NAME).definition.read().revisions == 1
    assert screens.press("describe-queries", "search", "", DISC) == {"describe-tried": ""}


def test_a_press_behind_an_own_change_of_the_sentence_holds_and_one_behind_another_change_does_not(
    library: Workbench, screens: Screens
) -> None:
    screens.press("describe-document", "add-criterion", "1:", DISC, kind="excluding", text="a ring")
    screens.press("describe-document", "sentence", "2:", DISC, text="An ellipse")
    shown = screens.press("describe-document", "drop-criterion", "2:0", DISC)
    assert "removed “a ring”" in shown["describe-head"]
    assert library.concept(NAME).definition.read().revision.definition.description == "An ellipse"
    stale = screens.press("describe-document", "add-criterion", "2:", DISC, kind="excluding", text="a line")
    assert "changed meanwhile" in stale["describe-head"]
