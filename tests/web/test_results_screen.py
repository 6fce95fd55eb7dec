"""Results: new finds first, page by page, and albums."""

from __future__ import annotations

import re
from html import unescape

import pytest
from answering import answer
from web_screens import Screens

from concepts.workbench import Workbench
from web.screens import results

ROUND, LINE = "Round thing", "A line"
BOTH = f"{ROUND} OR {LINE}"
HERE = {"concept": ROUND}


@pytest.fixture(scope="module")
def bench(library: Workbench) -> Workbench:
    """Two concepts with a version each, one of which flags every picture."""
    for name in (ROUND, LINE):
        concept = library.concepts.begin(name, f"{name}, filled.")
        answer(library, name, [picture.id for picture in concept.labels.next_pictures(20)])
        concept.versions.train().wait()
    library.concept(ROUND).versions.use(1, 1e-9, author="me").wait()
    return library


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


def tiles(shown: dict[str, str]) -> list[str]:
    return re.findall(r'class="tile" data-value="(\w+)"', shown["results-library"])


def test_a_find_is_flagged_and_nobody_has_labelled_it_or_given_it_as_an_example(bench: Workbench) -> None:
    concept = bench.concept(ROUND)
    found = concept.scores.finds(limit=100)
    assert found is not None
    page = found.page
    labelled = concept.labels.decisions()
    assert found.count == len(page.pictures) == page.listed - len(labelled)
    assert not {one.id for one in page.pictures} & labelled.keys()
    sure = [one.probability for one in page.pictures]
    assert sure == sorted(sure, reverse=True)
    example = page.pictures[0].id
    concept.examples.choose(example, author="me")
    without = concept.scores.finds(limit=100)
    assert without is not None
    assert [one.id for one in without.page.pictures] == [one.id for one in page.pictures[1:]]
    assert without.count == found.count - 1
    concept.examples.remove(example, author="me")


def test_the_next_page_of_new_finds_stays_what_it_is_while_this_one_is_labelled(
    bench: Workbench, screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "PAGE", 8)
    everything = bench.concept(ROUND).scores.finds(limit=100)
    assert everything is not None
    order = [one.id for one in everything.page.pictures]
    shown = screens.load("results", **HERE)
    assert tiles(shown) == order[:8]
    (more,) = re.findall(r'data-value="([^"]*)"[^>]*>(?:(?!</button>).)*More', shown["results-library"])
    answer(bench, ROUND, tiles(shown)[:5], always="no")
    assert tiles(screens.press("results-library", "show", unescape(more), HERE)) == order[8:16]
    assert tiles(screens.load("results", **HERE)) == order[5:13]


def test_an_album_gets_all_that_counts_or_the_selection_and_undo_takes_it_back(
    bench: Workbench, screens: Screens
) -> None:
    made = screens.press("results-head", "put-chosen", "", HERE, name="All round")
    (album,) = [one for one in bench.collections.all() if one.name == "All round"]
    assert album.pictures == len(bench.concept(ROUND).keywords.counting())
    (back,) = re.findall(r'data-action="undo-change" data-value="([^"]*)"', made["results-said"])
    screens.press("results-said", "undo-change", unescape(back), HERE)
    few = " ".join(tiles(screens.load("results", **HERE))[:2])
    screens.press("results-head", "put-chosen", "", HERE, name="Two", pictures=few)
    screens.press("results-head", "put-chosen", "", {"rule": BOTH}, name="Of a rule")
    sizes = {one.name: one.pictures for one in bench.collections.all()}
    assert "All round" not in sizes
    assert sizes["Two"] == 2
    assert 2 < sizes["Of a rule"] <= bench.rules.tried(BOTH, limit=0).listed
