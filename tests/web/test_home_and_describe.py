"""Home before the first picture, and what changes on Describe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.language.prompts import editable
from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Disc"
DISC = {"concept": NAME}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("home")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 60)], encoder=f"local-dir:{tiny_open_clip}").wait()
    yield bench
    bench.close()


@pytest.fixture
def screens(bench: Workbench) -> Iterator[Screens]:
    """With one concept."""
    bench.concepts.begin(NAME, "A filled ellipse; not a rectangle.")
    yield Screens(bench)
    bench.trash.put(concept=NAME, author="me")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def primary(html: str) -> list[str]:
    """The words of the buttons and links that come next."""
    found = re.findall(r'<(button|a) [^>]*class="btn [^"]*primary[^"]*"[^>]*>(.*?)</\1>', html, re.DOTALL)
    return [words(inner) for _, inner in found]


def test_before_the_first_picture_home_leads_to_them_and_shows_an_example(own_home: Path) -> None:
    bench = Workbench(Settings(home=own_home))
    shown = Screens(bench).load("")
    assert primary("".join(shown.values())) == ["Import pictures"]
    assert re.search(r"1 Pictures .* 2 Concept .* 3 Labels .* Example result", words(shown["home-first"]))
    assert re.search(r"\d+ % are right \(\d+–\d+ %\), on 120 test pictures", words(shown["home-first"]))
    assert shown["home-concepts"] == ""
    assert "on a server or, as an option, in a browser" in words(shown["home-first"])
    assert "Folders are read where they are, uploads are copied; nothing leaves this computer." in words(
        shown["home-first"]
    )
    bench.close()


def test_a_search_shows_what_it_finds_before_it_is_saved(bench: Workbench, screens: Screens) -> None:
    screens.load("describe", **DISC)
    shown = screens.press("describe-queries", "search", "a rectangle", DISC)
    assert shown.keys() == {"describe-tried"}
    found = set(re.findall(r"/media/thumbnail/([0-9a-f]{64})", shown["describe-tried"]))
    assert len(found) == 8
    assert not found & set(bench.context.store.evaluation_pictures(bench.context.concept(NAME).id))
    assert bench.concept(NAME).definition.read().revisions == 1
    assert screens.press("describe-queries", "search", "", DISC) == {"describe-tried": ""}


def test_a_press_behind_an_own_change_of_the_sentence_holds_and_one_behind_another_change_does_not(
    bench: Workbench, screens: Screens
) -> None:
    screens.press("describe-document", "add-criterion", "1:", DISC, kind="excluding", text="a ring")
    screens.press("describe-document", "sentence", "2:", DISC, text="An ellipse")
    shown = screens.press("describe-document", "drop-criterion", "2:0", DISC)
    assert "removed “a ring”" in shown["describe-head"]
    assert bench.concept(NAME).definition.read().revision.definition.description == "An ellipse"
    stale = screens.press("describe-document", "add-criterion", "2:", DISC, kind="excluding", text="a line")
    assert "changed meanwhile" in stale["describe-head"]


def test_every_prompt_that_can_be_edited_is_there(screens: Screens) -> None:
    prompts = screens.load("describe", **DISC)["describe-prompts"]
    assert set(re.findall('aria-label="Read or change ([^"]+)"', prompts)) == set(editable())
