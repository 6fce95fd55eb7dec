"""A concept's story: all that happened, in order, as a page and as a document that stands alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from concepts.definition.document import Criterion
from concepts.deliberation.story import agreement_by_definition
from concepts.deliberation.trials import Vote
from concepts.deliberation.views import WordingView
from concepts.errors import DiscernError
from concepts.export.story import over_time
from concepts.labels.consensus import Decision
from concepts.workbench import Workbench
from storage.concepts import Rating
from storage.deliberations import Deliberations
from storage.labels import Author

NAME = "Round thing"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def told(trained: Workbench) -> Workbench:
    """A version, an edit, a round with a remark, and wordings of which one was taken; much of it hostile."""
    bench = trained
    concept = bench.context.concept(NAME)
    store, me = Deliberations(bench.context.database), Author("me")
    before = bench.definitions.concept(NAME).revision.definition
    after = before.model_copy(update={"criteria": (Criterion(kind="excluding", text=HOSTILE),)})
    pictures = [picture.id for picture in bench.answers.next_pictures(NAME, 2)]
    store.begin(concept.id, f"open {HOSTILE}", pictures, 1, "me")
    bench.answers.label(NAME, pictures[0], "yes", author=me, key="in a round")
    bench.comments.keep(NAME, pictures[0], f"remark {HOSTILE}", author="me", key="remark")
    wording = WordingView(
        definition=after,
        difference=[("same", before.as_text()), ("added", HOSTILE)],
        why=f"because {HOSTILE}",
        way="critic",
        verdict="better",
        judging=20,
        before=12,
        after=17,
        fixed=6,
        broken=1,
        low=0.05,
        high=0.45,
        turned={},
        run=1,
        f1=0.6,
        votes=list[Vote](),
    )
    store.add_rewording(concept.id, 1, [wording.model_dump(mode="json")], [], 0, "a model")
    bench.deliberations.accept(NAME, 1, 0, author="me")
    return bench


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> _Tags:
    found = _Tags()
    found.feed(html)
    return found


def test_it_tells_what_happened_in_order(told: Workbench) -> None:
    story = told.story.of(NAME)
    assert [kind for kind, _ in story.events] == ["definition", "version", "round", "wordings", "definition"]
    assert [one.number for one in story.definitions] == [1, 2]
    assert ("added", HOSTILE.split()[0]) not in story.definitions[0].difference
    assert any(change == "added" and "alert" in text for change, text in story.definitions[1].difference)
    (round_,) = story.rounds
    assert ([p.answer for p in round_.pictures], round_.open) == (["yes", None], 1)
    (rewording,) = story.rewordings
    assert (rewording.deed, rewording.became) == ("accepted", 2)


def test_the_document_stands_alone_and_can_be_signed(told: Workbench, tmp_path: Path) -> None:
    out = told.story.write(NAME, tmp_path / "new" / "story.html")
    page = read(out.read_text(encoding="utf-8"))
    for tag, about in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "form")
        assert not any(name.startswith("on") for name in about)
        for address in (about.get("src"), about.get("href")):
            assert address is None or address.startswith("data:image/webp;base64,")
    assert sum(tag == "img" for tag, _ in page.tags) == 2
    words = " ".join(page.text.split())
    for said in ("Definition 1", "Definition 2", "open <script>", "because <script>", "remark <script>"):
        assert said in words
    assert "17 right instead of 12 (6 mended, 1 spoiled; +5 to +45 points)" in words
    assert words.endswith("Read and agreed NameDate NameDate")
    with pytest.raises(DiscernError):
        told.story.write(NAME, out / "in a file")


def test_machine_and_people_are_compared_by_the_words_of_each_definition() -> None:
    answers = {i: Decision(i, "yes" if i < "c" else "no", {}, False) for i in "abcd"}
    rated = [("a", 1, 5), ("b", 1, 1), ("c", 1, 3), ("a", 2, 5), ("b", 2, 1), ("b", 2, 4), ("z", 2, 5)]
    ratings = [Rating(picture, number, "fp", rating, None) for picture, number, rating in rated]
    points = agreement_by_definition(ratings, answers)
    assert [(one.definition, one.agree, one.n) for one in points] == [(1, 1, 2), (2, 2, 2)]
    assert all(one.low <= one.agree / one.n <= one.high for one in points)


def test_many_points_are_all_drawn_and_some_of_them_named() -> None:
    figure = over_time("f", "Title", "share", [(f"version {n}", 0.5, 0.4, 0.6, 50) for n in range(40)])
    assert len(figure.marks) == 80
    assert len(figure.x.ticks) == 8
    assert len(figure.rows) == 40
    assert not re.search("nan", figure.said)
