"""Every screen in both themes, on a phone and magnified: axe finds nothing serious, nothing scrolls sideways.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from accessible import wrong_with_looks
from answering import answer
from playwright.sync_api import Page

from concepts.collaborator.proposals import propose
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import mine
from concepts.learning import waves
from concepts.library.collections import make_collection
from concepts.results.concepts import begin_concept
from concepts.results.library import browse
from concepts.results.trained import train
from concepts.results.trash import put_into_trash

if TYPE_CHECKING:
    from conftest import Site

NAME = "Looked at by axe"
PICTURES = "[role=option] img"
SCREENS = {
    "start": ("/", "#screen-home .card img"),
    "library": ("/library", f"#library-grid {PICTURES}"),
    "map": (f"/library/map?concept={NAME}", ".picture-map[data-drawn]"),
    "describe": (f"/describe?concept={NAME}", "#screen-describe .query .strip img"),
    "label": (f"/label?concept={NAME}#single", "#labeller .stage img"),
    "grid": (f"/label?concept={NAME}#grid", f"#label-grid {PICTURES}"),
    "review": (f"/label/review?concept={NAME}", "#screen-review h1"),
    "check": (f"/check?concept={NAME}", "#check-verdict .say"),
    "results": (f"/results?concept={NAME}", f"#screen-results {PICTURES}"),
    "settings": ("/settings", "#settings-main"),
    "viewer": ("/library?open={picture}", "dialog.viewer .label-row"),
}
MORE = {  # which `make test-all` looks at
    "album": ("/library?in=1", f"#library-grid {PICTURES}"),
    "health": ("/library/health", "#screen-health h1"),
    "trash": ("/library/trash", "#screen-trash img"),
    "albums": ("/library/albums", "#screen-albums .cards img"),
    "several": (f"/library/side-by-side?of={NAME}", "#screen-several .cell"),
    "borderline": (f"/label/borderline?concept={NAME}", "#screen-borderline h1"),
    "rule": (f"/results?rule=NOT+{NAME}", f"#screen-results {PICTURES}"),
    "appearance": (f"/settings/appearance?concept={NAME}", "#concept-protection"),
    "people": ("/settings/people", "#people [data-drawn] *"),
    "activity": ("/settings/activity", "#activity [data-drawn] *"),
    "cost": ("/settings/cost", "#cost [data-drawn] *"),
    "encoder": ("/settings/encoder", "#encoder [data-drawn] *"),
    "backup": ("/settings/backup", "#backup [data-drawn] *"),
    "nowhere": ("/no-such-screen", "text=There is nothing at this address"),
}


@pytest.fixture(scope="module")
def site(own_site: Site) -> Site:
    return own_site


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    """With a version and its figures, beside another one to switch to."""
    bench = site.bench
    begin_concept(bench, "Another one", "A square.")
    begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    bench.concept(NAME).begin(propose).wait()
    bench.concept(NAME).begin(mine).wait()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.35)  # of a small library: figures need ten of each kind
        to_measure = next_pictures(bench.concept(NAME), 200, purpose="evaluation")
    answer(bench, NAME, [picture.id for picture in to_measure])
    answer(bench, NAME, [picture.id for picture in next_pictures(bench.concept(NAME), 30)])
    bench.concept(NAME).begin(train).wait()
    some = [picture.id for picture in browse(bench, limit=4).pictures]
    make_collection(bench, "Looked at", some[:3], author="me")
    put_into_trash(bench, pictures=[*some[3:]], author="me")
    return NAME


@pytest.mark.parametrize("screen", [*SCREENS, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    site: Site, page: Page, concept: str, screen: str
) -> None:
    path, ready = (SCREENS | MORE)[screen]
    page.goto(site.url + path.format(picture=browse(site.bench, limit=1).pictures[0].id))
    page.wait_for_selector(ready)
    assert wrong_with_looks(page) == []
