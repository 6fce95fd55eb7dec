"""Names that look like markup, templates or scripts are values that a screen gets, and no part of the page.

That a browser runs none of them is in tests/browser.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.collaborator.annotations import annotate
from concepts.definition import editing
from concepts.labelling.examples import edit_definition
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.mining import mine
from concepts.language.ledger import ledger_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.trained import measure_again, train
from concepts.results.trash import put_into_trash
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from storage.calls import Call
from web.tabs import TABS, Tab

HOSTILE = "<script>x</script><img src=x onerror=x>\"'&amp;{{7*7}}${7*7}{%x%}"
# A concept has a name without a slash, so that it can stand in an address.
NAME = f"Name {HOSTILE.replace('/', '')}"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> App:
    """Whatever a person can name is named like that: pictures, concept, criteria, queries, comments."""
    root = tmp_path_factory.mktemp("hostile")
    pictures = draw_folder(root / "pictures", 40)
    for picture in sorted(pictures.iterdir())[:8]:
        picture.rename(pictures / f"{picture.stem} {HOSTILE.replace('/', '')}.png")
    (pictures / f"broken {HOSTILE.replace('/', '')}.png").write_bytes(b"no picture")
    bench = open_app(Settings(home=root / "home"))
    import_pictures(bench, [pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    concept = begin_concept(bench, NAME, f"What counts: {HOSTILE}")
    edits = [
        partial(editing.add_criterion, kind="excluding", text=f"criterion {HOSTILE}"),
        partial(editing.add_query, text=f"query {HOSTILE}", counts=True),
        partial(editing.add_query, text=f"similar {HOSTILE}", counts=False),
    ]
    for after, edit in enumerate(edits, 1):
        edit_definition(concept, edit, author=HOSTILE, after=after)
    concept.begin(mine, size=30).wait()
    concept.begin(annotate).wait()
    for picture in next_pictures(concept, 20, purpose="evaluation") + next_pictures(concept, 24):
        value = "yes" if "ellipse" in picture.path else "no"
        give_label(concept, picture.id, value, author="me", comment=HOSTILE)
    concept.begin(train).wait()
    measure_again(concept)
    ledger_of(bench).record(Call("expand", HOSTILE, "http://e", "h", 10, "failed", None, None, None, HOSTILE))
    for kind in ("add pictures", "mine", "annotate", "score library", "score files"):
        job = bench.jobs.store.add(kind, {"paths": [HOSTILE], "target": "f1"}, concept.row.id)
        bench.jobs.store.claim(job)
        bench.jobs.store.finish(job, "failed", None, f"Failed on {HOSTILE}")
    begin_concept(bench, f"Gone {NAME}", "Put away.")
    put_into_trash(bench, concept=f"Gone {NAME}", author="me")
    return bench


@pytest.fixture(scope="module")
def screens(bench: App) -> Screens:
    return Screens(bench)


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"concept": NAME},
        {"concept": f"Unknown {HOSTILE}"},
        {"concept": NAME, "q": HOSTILE, "rule": HOSTILE},
    ],
    ids=["without", "concept", "unknown", "searched"],
)
def test_a_screen_gets_hostile_names_as_values(screens: Screens, tab: Tab, query: dict[str, str]) -> None:
    screens.load(tab.path.strip("/"), **query)


def test_a_name_arrives_as_it_is_written(screens: Screens) -> None:
    for page in ("", "describe", "library/trash"):
        shown = json.loads(screens.load(page, concept=NAME))
        assert any(NAME in text for text in texts(shown)), page


def texts(value: Any) -> Iterator[str]:
    """Every string in JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


@pytest.mark.parametrize("address", ["/", "/config"])
def test_the_page_itself_has_none_of_the_names(screens: Screens, address: str) -> None:
    answer = screens.client.get(address, params={"concept": NAME, "q": HOSTILE})
    assert answer.status_code == 200
    for piece in ("<script>x", "onerror=x", "{{7*7}}", "${7*7}", "{%x%}", "u003cscript>x"):
        assert piece not in answer.text, piece
