"""Ways on where there is no concept, and back out of the trash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.installation.users import Role
from concepts.settings import Settings
from concepts.workbench import Workbench
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


def test_only_who_may_remove_a_picture_finds_the_button_on_its_page(bench: Workbench) -> None:
    (newest,) = bench.library.pictures(limit=1).pictures
    offered = {}
    for role in Role:
        before = ALLOWED.set(lambda action, role=role: not why_not(rule_of_button(action), role))
        offered[role] = 'data-action="trash-picture"' in picture(bench, newest.id, "me", {})
        ALLOWED.reset(before)
    assert offered == {role: role == Role.OWNER for role in Role}


@pytest.mark.parametrize(
    "screen", ["describe", "label", "label/review", "label/borderline", "check", "results"]
)
def test_without_a_concept_every_screen_of_one_says_where_to_go(screens: Screens, screen: str) -> None:
    assert "Begin or choose a concept" in "".join(screens.load(screen).values())


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
