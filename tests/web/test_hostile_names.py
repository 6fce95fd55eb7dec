"""Names that look like markup, templates or scripts are shown as they are written, on every screen."""

from __future__ import annotations

from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.definition import editing
from concepts.labelling.reasons import Reason
from concepts.settings import Settings
from concepts.workbench import Workbench
from storage.calls import Call

HOSTILE = "<script>x</script><img src=x onerror=x>\"'&amp;{{7*7}}${7*7}{%x%}"
# A concept has a name without a slash, so that it can stand in an address.
NAME = f"Name {HOSTILE.replace('/', '')}"
FORBIDDEN = {"script", "iframe", "object", "style", "base"}


class Page(HTMLParser):
    """All elements with their attributes, and all text, of an area."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Workbench:
    """Whatever a person can name is named like that: pictures, concept, criteria, queries, comments."""
    root = tmp_path_factory.mktemp("hostile")
    pictures = draw_folder(root / "pictures", 40)
    for picture in sorted(pictures.iterdir())[:8]:
        picture.rename(pictures / f"{picture.stem} {HOSTILE.replace('/', '')}.png")
    (pictures / f"broken {HOSTILE.replace('/', '')}.png").write_bytes(b"no picture")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    concept = bench.concepts.begin(NAME, f"What counts: {HOSTILE}")
    edits = [
        partial(editing.add_criterion, kind="excluding", text=f"criterion {HOSTILE}"),
        partial(editing.add_query, text=f"query {HOSTILE}", counts=True),
        partial(editing.add_query, text=f"similar {HOSTILE}", counts=False),
    ]
    for after, edit in enumerate(edits, 1):
        concept.definition.edit(edit, author=HOSTILE, after=after)
    concept.definition.mine(size=30).wait()
    concept.annotations.annotate().wait()
    for picture in concept.labels.next_pictures(20, purpose="evaluation") + concept.labels.next_pictures(24):
        value = "yes" if "ellipse" in picture.path else "no"
        concept.labels.give(picture.id, value, author="me", comment=HOSTILE)
    concept.versions.train().wait()
    concept.versions.measure()
    bench.context.ledger.record(
        Call("expand", HOSTILE, "http://e", "h", 10, "failed", None, None, None, HOSTILE)
    )
    for kind in ("add pictures", "mine", "annotate", "score library", "score files"):
        job = bench.jobs.store.add(kind, {"paths": [HOSTILE], "target": "f1"}, concept.row.id)
        bench.jobs.store.claim(job)
        bench.jobs.store.finish(job, "failed", None, f"Failed on {HOSTILE}")
    bench.concepts.begin(f"Gone {NAME}", "Put away.")
    bench.trash.put(concept=f"Gone {NAME}", author="me")
    return bench


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


OF_A_CONCEPT = ("describe", "label", "label/review", "check", "results")
VIEWS = [
    *((page, {}) for page in ("", "library")),
    *(("library", query) for query in ({"view": "health"}, {"view": "trash"}, {"q": HOSTILE})),
    *((page, {"concept": name}) for page in OF_A_CONCEPT for name in (NAME, f"Unknown {HOSTILE}")),
    ("label/review", {"concept": NAME, "criterion": f"criterion {HOSTILE}", "query": HOSTILE}),
]


@pytest.mark.parametrize(("page", "query"), VIEWS)
def test_a_hostile_name_is_shown_as_it_is_written(screens: Screens, page: str, query: dict[str, str]) -> None:
    shown = screens.load(page, **query)
    inert(shown)
    text = "".join(Page(html).text for html in shown.values())
    if page != "library":
        assert HOSTILE in text or HOSTILE.replace("/", "") in text
    assert "49" not in Page(shown["rail"]).text  # 7 * 7


def test_what_a_press_shows_is_inert_too(screens: Screens, bench: Workbench) -> None:
    of_concept = {"concept": NAME}
    picture = bench.library.pictures(limit=1).pictures[0].id
    presses = [
        screens.press("library-main", "open", picture),
        screens.press("library-main", "add", "", paths=f"/no/such/{HOSTILE}"),
        screens.press("home-head", "begin", name=NAME, sentence=HOSTILE),
        screens.press("describe-history", "revision", "2", of_concept),
        screens.press("describe-examples", "pick", "", of_concept, words=HOSTILE),
        screens.press("describe-document", "edit-criterion", HOSTILE, of_concept, text=HOSTILE),
        screens.press("results-export", "score-files", "1", of_concept, folder=f"/{HOSTILE}", suffix="csv"),
        screens.press("review-main", "annotate", "", of_concept, budget=HOSTILE),
    ]
    for mistake in bench.review.queue(NAME, Reason.MISTAKE).rows[:1]:
        presses.append(screens.press("check-pictures", "open", mistake.id, of_concept))
    for shown in presses:
        assert shown
        inert(shown)


def inert(shown: dict[str, str]) -> None:
    """No element or attribute comes from a name: none that runs, loads or styles anything."""
    for area, html in shown.items():
        for tag, attributes in Page(html).elements:
            assert tag not in FORBIDDEN, area
            assert not any(name.startswith("on") for name in attributes), (area, tag, attributes)
            source = attributes.get("src", "/media/")
            assert source.startswith("/media/"), (area, source)
            assert attributes.get("href", "/").startswith(("/", "#")), (area, attributes)
            assert all(name == name.strip("\"'<{") for name in attributes), (area, attributes)
