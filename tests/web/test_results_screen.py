"""Results: new finds first, albums, and protection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.screens import results

ROUND, LINE = "Round thing", "A line"
BOTH = f"{ROUND} OR {LINE}"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    """Two concepts with a version each, one of which flags every picture."""
    root = tmp_path_factory.mktemp("results")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 60)], encoder=f"local-dir:{tiny_open_clip}").wait()
    for name, what in ((ROUND, "ellipse"), (LINE, "line")):
        bench.concepts.begin(name, f"A filled {what}.")
        for picture in bench.concept(name).labels.next_pictures(20):
            label(bench, picture.id, "yes" if what in picture.path else "no", name)
        bench.concept(name).versions.train().wait()
    bench.concept(ROUND).versions.use(1, 1e-9, author="me").wait()
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "PAGE", 8)


def label(bench: Workbench, picture: str, value: str, name: str = ROUND) -> None:
    bench.concept(name).labels.give(picture, value, author="me", in_view=True)


def tiles(shown: dict[str, str]) -> list[str]:
    return re.findall(r'class="tile" data-value="(\w+)"', shown["results-library"])


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(unescape(address)).query))


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def test_it_opens_on_what_is_flagged_and_nobody_has_labelled_surest_first(
    bench: Workbench, screens: Screens
) -> None:
    found = bench.concept(ROUND).scores.finds(limit=100)
    assert found is not None
    page = found.page
    labelled = bench.concept(ROUND).labels.decisions()
    assert found.count == len(page.pictures) == page.listed - len(labelled)
    assert not {one.id for one in page.pictures} & labelled.keys()
    sure = [one.probability for one in page.pictures]
    assert sure == sorted(sure, reverse=True)
    shown = screens.load("results", concept=ROUND)
    assert tiles(shown) == [one.id for one in page.pictures][: results.PAGE]
    assert f"60 of 60 flagged · {found.count} new" in words(shown["results-library"])
    assert shown["results-library"].count("data-flagged") == len(tiles(shown))


@pytest.mark.usefixtures("short_pages")
def test_the_next_page_of_new_finds_stays_what_it_is_while_this_one_is_labelled(
    bench: Workbench, screens: Screens
) -> None:
    everything = bench.concept(ROUND).scores.finds(limit=100)
    assert everything is not None
    order = [one.id for one in everything.page.pictures]
    shown = screens.load("results", concept=ROUND)
    (more,) = re.findall(r'data-value="([^"]*)"[^>]*>(?:(?!</button>).)*More', shown["results-library"])
    for picture in tiles(shown)[:5]:
        label(bench, picture, "no")
    turned = screens.press("results-library", "show", unescape(more), {"concept": ROUND})
    assert tiles(turned) == order[8:16]
    address = re.findall(r'data-address="([^"]*)"', turned["results-head"])[0]
    assert tiles(screens.load("results", **query(address))) == order[8:16]
    assert tiles(screens.load("results", concept=ROUND)) == order[5:13]


def test_an_example_that_was_given_is_no_find(bench: Workbench, screens: Screens) -> None:
    own = bench.concept(ROUND).scores.finds()
    assert own is not None
    picture = own.page.pictures[0].id
    bench.concept(ROUND).examples.choose(picture, author="me")
    found = bench.concept(ROUND).scores.finds()
    assert found is not None
    assert found.count == own.count - 1
    assert picture not in tiles(screens.load("results", concept=ROUND))
    bench.concept(ROUND).examples.remove(picture, author="me")


def test_an_album_gets_all_that_counts_or_the_selection_and_undo_takes_it_back(
    bench: Workbench, screens: Screens
) -> None:
    here = {"concept": ROUND}
    made = screens.press("results-head", "put-chosen", "", here, name="All round")
    (album,) = [one for one in bench.collections.all() if one.name == "All round"]
    assert album.pictures == len(bench.concept(ROUND).keywords.counting())
    (back,) = re.findall(r'data-action="undo-change" data-value="([^"]*)"', made["results-said"])
    screens.press("results-said", "undo-change", unescape(back), here)
    assert "All round" not in [one.name for one in bench.collections.all()]
    few = " ".join(tiles(screens.load("results", **here))[:2])
    screens.press("results-head", "put-chosen", "", here, name="Two", pictures=few)
    screens.press("results-head", "put-chosen", "", {"rule": BOTH}, name="Of a rule")
    sizes = {one.name: one.pictures for one in bench.collections.all()}
    hidden = bench.rules.tried(BOTH, limit=0)
    assert sizes["Two"] == 2
    assert 2 < sizes["Of a rule"] <= hidden.listed


def test_a_rule_is_as_protected_as_the_strictest_concept(bench: Workbench, screens: Screens) -> None:
    def parts(**asked: str) -> bool:
        page = screens.client.get("/results", params=asked, headers={"accept": "text/html"}).text
        return "blur" in page.partition("<head>")[0]

    bench.concept(LINE).protection.set("blur")
    assert [parts(concept=ROUND), parts(concept=ROUND, rule=BOTH), parts(concept=LINE)] == [False, True, True]
    bench.concept(LINE).protection.set("")
