"""The one-file page of a version: what it says, which pictures go along, that it asks for nothing, and how
the concept came about."""

from __future__ import annotations

import base64
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree, html
from PIL import Image

from concepts.bundle.account import Account
from concepts.bundle.page import document_of
from concepts.definition.document import Criterion, Definition, Revision
from concepts.definition.revisions import definition_of, rename, revise
from concepts.errors import DiscernError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.examples import edit_definition, give_example
from concepts.labelling.labels import give_label, next_pictures
from concepts.library.collection import collection_of
from concepts.results.bundles import exported, page_document, version_card, write_bundle, write_page
from concepts.results.export import story_of
from concepts.results.heads import head_of
from concepts.results.mistakes import pictures_to_show
from concepts.results.trained import train
from concepts.results.trash import put_into_trash
from concepts.use_cases import App
from storage.choices import Deliberations

NAME = "Round thing"
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def shown_in(page: str) -> list[bytes]:
    """The pictures inside of a page."""
    return [base64.b64decode(found) for found in re.findall(r'src="data:image/webp;base64,([^"]+)"', page)]


def test_a_page_says_what_the_card_says_too_and_nothing_of_figures_that_were_never_measured(
    trained: App,
) -> None:
    concept = trained.concept(NAME)
    page, card = page_document(concept), version_card(concept)
    assert 2 <= len(shown_in(page)) <= 18
    for heading in ("What counts", "What doesn’t", "How good it is", "Where it fails"):
        assert heading in page
    for line in re.findall(r"^- (.+)$", card.split("## Limits")[1].split("##")[0], re.MULTILINE):
        assert re.sub(r"\\(.)", r"\1", line).split("'")[0][:60] in page, line
    facts = exported(concept, head_of(concept)).facts
    unmeasured = facts.model_copy(update={"metrics": (), "evaluation_labels": ()})
    page = document_of(Account(unmeasured, "1"), [])
    assert "It has not been measured" in page
    assert "none wrong" not in page


def test_a_version_from_before_a_rename_leaves_under_the_name_the_concept_has_now(
    trained: App, tmp_path: Path
) -> None:
    rename(trained.concept(NAME), "Plate", author="me")
    page = page_document(trained.concept("Plate"))
    assert "<h1>Plate</h1>" in page
    assert NAME not in page
    assert write_bundle(trained.concept("Plate"), tmp_path / "plate").concepts == {"Plate": 1}


def test_pictures_go_along_as_pixels_alone_without_their_names(trained: App, tmp_path: Path) -> None:
    concept = trained.concept(NAME)
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where it was taken
    source = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(source, "JPEG", exif=exif)
    assert b"a secret place" in source.getvalue()
    give_example(concept, source.getvalue(), author="me")
    concept.begin(train).wait()
    document = page_document(concept)
    pictures = shown_in(document)
    assert len(pictures) > 2
    for content in pictures:
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == "WEBP"
            assert max(image.size) <= 320
            assert not image.getexif()
            assert not set(image.info) & {"exif", "xmp", "comment"}
    assert "secret place" not in document
    for words in (".png", ".jpg", str(tmp_path), "ellipse-"):
        assert words not in document


def test_a_file_has_no_script_asks_for_nothing_and_escapes_what_people_wrote(
    trained: App, tmp_path: Path
) -> None:
    concept = trained.concept(NAME)
    before = definition_of(concept)
    kinds = (Criterion(kind="excluding", text=HOSTILE), Criterion(kind="necessary", text=HOSTILE))
    changed = before.definition.model_copy(update={"criteria": kinds, "description": HOSTILE})
    edit_definition(concept, lambda _: changed, author="me", after=before.number)
    concept.begin(train, target="precision=0.9").wait()
    out = write_page(concept, tmp_path / "new" / "page.html")
    page = html.document_fromstring(out.read_text(encoding="utf-8"))
    assert HOSTILE in page.text_content()
    elements = list(page.iter(etree.Element))
    assert not {element.tag for element in elements} & {"script", "link", "iframe", "form", "object"}
    for element in elements:
        assert not [name for name in element.attrib if name.startswith("on")]
        assert element.get("src", "data:").startswith("data:")
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'; img-src data:")
    assert "unsafe" not in policy
    with pytest.raises(DiscernError, match="can't be written"):
        write_page(concept, out / "below")


def test_a_picture_that_was_removed_since_is_on_no_page_any_more(trained: App) -> None:
    concept = trained.concept(NAME)
    head = head_of(concept)
    (first, _), *_ = pictures_to_show(dataset_of(concept, head.definition_number), head)
    small = collection_of(trained).thumbnail(first)
    assert small in shown_in(page_document(concept))
    put_into_trash(trained, pictures=[first], author="me")
    assert small not in shown_in(page_document(concept))


def revision(number: int, *criteria: str, name: str = NAME) -> Revision:
    excluding = tuple(Criterion(kind="excluding", text=text) for text in criteria)
    definition = Definition(name=name, description="A filled circle.", criteria=excluding)
    created = BEGAN + timedelta(days=number)
    return Revision(number=number, definition=definition, author="ana", note="of ana", created=created)


def test_card_and_page_tell_what_changed_and_who_labelled_how_many(trained: App) -> None:
    """After an edit, a round, labels of two people, and another version."""
    concept = trained.concept(NAME)
    before = definition_of(concept)
    criteria = (Criterion(kind="excluding", text="an <b>egg</b>"),)
    changed = before.definition.model_copy(update={"criteria": criteria})
    revise(concept, changed, author="ana", note="", after=before.number)
    pictures = [picture.id for picture in next_pictures(concept, 3)]
    Deliberations(trained.database).begin(concept.id, "open", pictures, 1, "ana")
    for name, ids in (("ana", pictures[:2]), ("ben", pictures)):
        for picture in ids:
            give_label(concept, picture, "yes", author=name, key=f"{name} {picture}")
    concept.begin(train).wait()
    card, page = version_card(concept), page_document(concept)
    assert "How it came about" in page
    section = card.split("## How it came about")[1].split("##")[0]
    for said in ("Begun on ", "Rounds of borderline pictures", "2 people labelled pictures: 3, 2."):
        assert said in section
        assert said in page
    assert "adds “Not: an \\<b\\>egg\\</b\\>”" in section
    assert "adds “Not: an &lt;b&gt;egg&lt;/b&gt;”" in page
    for name in ("ana", "ben"):
        assert name not in section.split()
    first = version_card(concept, 1)  # with the definition it was trained on
    assert "egg" not in first
    story = first.split("## How it came about")[1]
    assert "2 people" not in story
    assert "borderline" not in story.split("##")[0]


def test_a_new_name_is_no_change_and_former_ones_are_not_told() -> None:
    said = story_of([revision(1), revision(2, name="Ball")], 0, [], 0)
    assert said == ("Begun on 2 March 2026.",)


def test_of_many_changes_the_last_are_told_and_of_each_a_few_lines() -> None:
    revisions = [revision(n, *(f"{n} {word * 200}" for word in "abcde")) for n in range(1, 14)]
    said = story_of(revisions, 0, [1], 7)
    assert said[1] == "2 earlier changes of the definition are left out."
    assert [line.split(",")[0] for line in said[2:-2]] == [f"Definition {n}" for n in range(4, 14)]
    assert said[2].count(" and 2 more") == 2
    assert max(map(len, said)) < 900
    assert said[-2:] == ("One person labelled 1 picture.", "A simulated person labelled 7 pictures.")
