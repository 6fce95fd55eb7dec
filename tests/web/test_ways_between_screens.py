"""A picture's page has an address, and every screen but Home has a way to another concept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.installation.users import Role
from concepts.learning.scale import Scale
from concepts.library.filters import PictureSelection
from concepts.settings import Settings
from concepts.workbench import Workbench
from storage.picture_filter import Order
from web.http.roles import rule_of_button, why_not
from web.render import ALLOWED
from web.screens.library_pictures import picture


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("ways")
    bench = Workbench(Settings(home=root / "home", encoder=f"local-dir:{tiny_open_clip}"))
    bench.library.add([draw_folder(root / "pictures", 3)]).wait()
    for name in ("Disc", "Square"):
        bench.concepts.begin(name, "A shape.")
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


def test_an_address_opens_a_pictures_page_over_the_library(bench: Workbench, screens: Screens) -> None:
    (picture,) = bench.library.pictures(limit=1).pictures
    shown = screens.load("library", open=picture.id)
    assert f"/media/picture/{picture.id}" in shown["library-dialog"]
    assert f'data-value="{picture.id}"' in shown["library-main"]


def test_only_who_may_remove_a_picture_finds_the_button_on_its_page(bench: Workbench) -> None:
    (newest,) = bench.library.pictures(limit=1).pictures
    offered = {}
    for role in Role:
        before = ALLOWED.set(lambda action, role=role: not why_not(rule_of_button(action), role))
        offered[role] = 'data-action="trash-picture"' in picture(bench, newest.id, "me", {})
        ALLOWED.reset(before)
    assert offered == {role: role == Role.OWNER for role in Role}


def test_of_a_picture_that_is_not_there_it_is_said(screens: Screens) -> None:
    shown = screens.load("library", open="0" * 64)
    assert "picture" in shown["library-progress"]
    assert not shown["library-dialog"]


def test_the_sidebar_chooses_a_concept_where_the_address_has_none_but_not_on_start(screens: Screens) -> None:
    rail = screens.load("library")["rail"]
    assert "Choose a concept" in rail
    assert all(f'href="/library?concept={name}"' in rail for name in ("Disc", "Square"))
    assert "Disc, switch to another concept" in screens.load("library", concept="Disc")["rail"]
    assert "Choose a concept" not in screens.load("")["rail"]


@pytest.mark.parametrize(
    "screen", ["describe", "label", "label/review", "label/borderline", "check", "results"]
)
def test_without_a_concept_every_screen_of_one_says_where_to_go(screens: Screens, screen: str) -> None:
    assert "Begin or choose a concept" in "".join(screens.load(screen).values())


def test_where_a_model_would_help_a_link_leads_to_its_settings(screens: Screens) -> None:
    for page, query, said in (
        ("describe", {"concept": "Disc"}, "Set up a model"),
        ("settings/cost", {}, "Set up a model"),
    ):
        shown = "".join(screens.load(page, **query).values())
        assert re.search(rf'<a [^>]*href="/settings"[^>]*>((?!</a>).)*{said}', shown, re.DOTALL)


def test_of_a_concept_in_the_trash_its_screens_say_where_it_is(bench: Workbench, screens: Screens) -> None:
    bench.trash.put(concept="Square", author="me")
    shown = "".join(screens.load("describe", concept="Square").values())
    assert "“Square” is in the trash. Restore it on Library, Trash." in shown
    bench.trash.restore(concept="Square", author="me")


def test_whatever_goes_into_the_trash_comes_back_by_undo_and_from_the_list(
    bench: Workbench, screens: Screens
) -> None:
    made = bench.collections.make("Few", [], author="me")
    put = (
        ("home-concepts", "concept", {"ids": "Disc"}),
        ("library-main", "collection", {"view": "collections", "ids": f"id:{made.id}"}),
        ("library-main", "picture", {"sort": "name", "ids": bench.library.pictures(limit=1).pictures[0].id}),
    )
    for area, kind, value in put:
        for way in ("undo", "list"):
            shown = screens.press(area, f"trash-{kind}", urlencode(value))
            if way == "list":
                shown = screens.load("library", view="trash", kind=kind)
            assert [item.kind for item in bench.trash.items()] == [kind]
            html = "".join(shown.values())
            back = re.findall(f'data-action="restore-{kind}" data-value="([^"]*)"', html)[-1]
            screens.press(area if way == "undo" else "library-main", f"restore-{kind}", unescape(back))
            assert bench.trash.items() == []


def test_side_by_side_shows_what_library_shows_or_the_selected_pictures_with_ones_own_labels(
    bench: Workbench, screens: Screens
) -> None:
    bench.concepts.begin("Roundness", "How round it is.", scale=Scale.graded(5))
    ids = [picture.id for picture in bench.library.pictures(PictureSelection(sort=Order.NAME)).pictures]
    bench.concept("Roundness").labels.give(ids[0], "4", author="me")
    bench.concept("Roundness").labels.give(ids[0], "2", author="ben")
    shown = screens.load("library/side-by-side", of="Roundness", sort="name")["several-main"]
    assert re.findall('data-picture="([^"]*)"', shown) == ids[:24]
    own = [json.loads(unescape(one)) for one in re.findall('data-own="([^"]*)"', shown)]
    assert [{name: label[0] for name, label in one.items()} for one in own] == [{"Roundness": "4"}, {}, {}]
    chosen = screens.load("library/side-by-side", of="Roundness", pictures=" ".join(reversed(ids[:2])))
    assert re.findall('data-picture="([^"]*)"', chosen["several-main"]) == ids[1::-1]
    assert "2 selected" in chosen["several-head"]
    bench.trash.put(concept="Roundness", author="me")


def test_work_that_ends_leaves_what_was_said_of_the_last_press_on_review(
    bench: Workbench, screens: Screens
) -> None:
    name = next(iter(bench.concepts.scales()))
    told = screens.tick("label/review", concept=name)
    assert "review-main" in told
    assert "review-said" not in told
