"""Results: new finds first, the filter bar, and what the buttons above the pictures do."""

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


def links(html: str) -> dict[str, dict[str, str]]:
    """Words of a link → the query of its address."""
    found = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {re.sub(r"<[^>]+>", "", text).strip(): query(address) for address, text in found}


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


def test_where_nothing_is_new_the_surest_are_shown(bench: Workbench, screens: Screens) -> None:
    head = bench.concept(LINE).versions.head()
    bench.concept(LINE).versions.use(1, 0.999999, author="me").wait()
    shown = screens.load("results", concept=LINE)
    assert "0 of 60 flagged · 0 new" in words(shown["results-library"])
    assert len(tiles(shown)) == results.PAGE
    assert "No more new finds" in screens.load("results", concept=LINE, order="new")["results-library"]
    bench.concept(LINE).versions.use(1, head.threshold, author="me").wait()


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


def test_whether_similar_pictures_shape_the_order_stands_beside_it(
    bench: Workbench, screens: Screens
) -> None:
    bench.concept(ROUND).scores.ranked("top")
    line = "Ordered by score and by your labels of similar pictures."
    assert line in screens.load("results", concept=ROUND, order="top")["results-library"]
    for order in ("new", "borderline"):
        assert line not in screens.load("results", concept=ROUND, order=order)["results-library"]


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


def test_the_filter_bar_adds_joins_excludes_and_removes_concepts_by_links(screens: Screens) -> None:
    bar = screens.load("results", concept=ROUND)["results-rule"]
    added = re.findall(r'href="([^"]+)">A line</a>', bar)
    assert [query(one)["rule"] for one in added] == [
        f"{ROUND} AND {LINE}",
        f"{ROUND} AND NOT {LINE}",
        f"{ROUND} OR {LINE}",
    ]
    shown = screens.load("results", concept=ROUND, rule=f"{ROUND} AND NOT {LINE}")
    assert "flagged" in words(shown["results-library"])
    found = links(shown["results-rule"])
    assert found["Include"]["rule"] == f"{ROUND} AND {LINE}"
    assert found["Join by “or”"]["rule"] == f"{ROUND} OR NOT {LINE}"
    removed = [query(one) for one in re.findall(r'href="([^"]+)">Remove</a>', shown["results-rule"])]
    assert removed == [{"concept": ROUND, "rule": f"NOT {LINE}"}, {"concept": ROUND}]


def test_a_rule_of_one_concept_is_the_concept(bench: Workbench, screens: Screens) -> None:
    shown = screens.load("results", rule=LINE)
    assert "new" in words(shown["results-library"])
    assert f"<h1>{LINE}</h1>" in shown["results-head"]
    screens.press("results-export", "score-files", "1", {"rule": LINE}, suffix="csv")
    assert bench.installation.newest_jobs(("score files",), LINE)


def test_a_rule_is_saved_opened_and_put_into_the_trash_and_back(bench: Workbench, screens: Screens) -> None:
    here = {"rule": BOTH, "sure": "70"}
    saved = screens.press("results-rule", "keep-rule", "", here, name="Either")
    assert "Saved as “Either”." in saved["results-said"]
    assert 'data-address="/results?kept=Either"' in saved["results-head"]
    assert bench.rules.one("Either").threshold == 0.7
    opened = screens.load("results", kept="Either")
    assert "/app/rule.zip?name=Either" in opened["results-download"]
    gone = screens.press("results-rule", "trash-rule", "ids=Either", {"kept": "Either"})
    assert "Either" not in gone["results-rule"]
    screens.press("results-said", "restore-rule", "ids=Either")
    assert "Either" in screens.load("results", concept=ROUND)["results-rule"]


def test_a_rule_that_cant_be_read_says_why_and_stays_to_be_mended(screens: Screens) -> None:
    shown = screens.load("results", rule=f"{ROUND} AND (")
    assert "A concept is missing at the end." in shown["results-rule"]
    assert f'value="{ROUND} AND ("' in shown["results-rule"]
    assert not shown["results-library"]
    mended = screens.load("results", rule=f"NOT ({ROUND} OR {LINE})", sure="60")
    assert "nearly flagged, just below the threshold" in words(mended["results-library"])
    assert 'value="60"' in mended["results-rule"]


def test_a_rule_is_as_protected_as_the_strictest_concept(bench: Workbench, screens: Screens) -> None:
    def parts(**asked: str) -> bool:
        page = screens.client.get("/results", params=asked, headers={"accept": "text/html"}).text
        return "blur" in page.partition("<head>")[0]

    bench.concept(LINE).protection.set("blur")
    assert [parts(concept=ROUND), parts(concept=ROUND, rule=BOTH), parts(concept=LINE)] == [False, True, True]
    bench.concept(LINE).protection.set("")


def test_without_a_concept_one_is_chosen_and_the_table_of_all_is_at_hand(screens: Screens) -> None:
    shown = screens.load("results")
    assert links(shown["results-rule"])[ROUND] == {"concept": ROUND}
    assert "2 concepts" in words(shown["results-export"])


def test_code_and_card_open_over_the_page(screens: Screens) -> None:
    here = {"concept": ROUND}
    assert "classify" in screens.press("results-download", "code", "", here)["results-dialog"]
    assert "How good it is" in screens.press("results-download", "card", "", here)["results-dialog"]


def test_a_watched_folders_form_keeps_each_field_with_its_label(bench: Workbench, screens: Screens) -> None:
    form = screens.load("results", concept=ROUND)["results-watch"]
    assert re.search(r"<label>Warn below \(% right\) <input[^>]*></label>", form)
    assert "New pictures join the library" in form


def test_it_says_how_many_of_the_new_finds_are_right_as_far_as_test_labels_tell(
    bench: Workbench, screens: Screens
) -> None:
    concept = bench.concept(ROUND)
    assert "that nobody labelled" not in screens.load("results", concept=ROUND)["results-library"]
    while found := concept.labels.next_pictures(20, purpose="evaluation"):
        for picture in found:
            value = "yes" if "ellipse" in picture.path else "no"
            concept.labels.give(picture.id, value, author="me")
    concept.versions.measure()
    finds = concept.scores.finds()
    assert finds is not None
    shown = words(screens.load("results", concept=ROUND)["results-library"])
    assert f"of {finds.count} flagged pictures that nobody labelled" in shown
