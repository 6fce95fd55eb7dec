"""The one-file page of a version: what it says, which pictures go along, and that it asks for nothing."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from concepts.bundle.account import Account
from concepts.bundle.page import document_of
from concepts.classifier.review import pictures_to_show
from concepts.definition.document import Criterion
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.exports import exported

NAME = "Round thing"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shown_in(html: str) -> list[bytes]:
    """The pictures inside of a page."""
    return [base64.b64decode(found) for found in re.findall(r'src="data:image/webp;base64,([^"]+)"', html)]


def test_a_page_says_what_the_card_says_too(trained: Workbench) -> None:
    concept = trained.concept(NAME)
    page = concept.exports.document()
    card = concept.exports.card()
    assert 2 <= len(shown_in(page)) <= 18
    for heading in ("What counts", "What doesn’t", "How good it is", "Where it fails"):
        assert heading in page
    for line in re.findall(r"^- (.+)$", card.split("## Limits")[1].split("##")[0], re.MULTILINE):
        assert re.sub(r"\\(.)", r"\1", line).split("'")[0][:60] in page, line


def test_a_version_from_before_a_rename_leaves_under_the_name_the_concept_has_now(
    trained: Workbench, tmp_path: Path
) -> None:
    trained.concept(NAME).definition.rename("Plate", author="me")
    page = trained.concept("Plate").exports.document()
    assert "<h1>Plate</h1>" in page
    assert NAME not in page
    assert trained.concept("Plate").exports.write(tmp_path / "plate").concepts == {"Plate": 1}


def test_of_a_version_that_was_never_measured_nothing_is_said_that_sounds_like_it(trained: Workbench) -> None:
    facts = exported(
        trained.context, *(trained.context.concept(NAME), trained.concept(NAME).versions.head())
    ).facts
    unmeasured = facts.model_copy(update={"metrics": (), "evaluation_labels": ()})
    page = document_of(Account(unmeasured, "1"), [])
    assert "It has not been measured" in page
    assert "none wrong" not in page


def test_pictures_go_along_as_pixels_alone_without_their_names(trained: Workbench, tmp_path: Path) -> None:
    concept = trained.concept(NAME)
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where it was taken
    source = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(source, "JPEG", exif=exif)
    assert b"a secret place" in source.getvalue()
    concept.examples.give(source.getvalue(), author="me")
    concept.versions.train().wait()
    document = concept.exports.document()
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
    trained: Workbench, tmp_path: Path
) -> None:
    concept = trained.concept(NAME)
    before = concept.definition.read().revision
    kinds = (Criterion(kind="excluding", text=HOSTILE), Criterion(kind="necessary", text=HOSTILE))
    changed = before.definition.model_copy(update={"criteria": kinds, "description": HOSTILE})
    concept.definition.edit(lambda _: changed, author="me", after=before.number)
    concept.versions.train(target="precision=0.9").wait()
    out = concept.exports.write_page(tmp_path / "new" / "page.html")
    parsed = _Tags()
    parsed.feed(out.read_text(encoding="utf-8"))
    assert HOSTILE in parsed.text
    names = [tag for tag, _ in parsed.tags]
    assert not set(names) & {"script", "link", "iframe", "form", "object"}
    for _, attributes in parsed.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src") or "data:").startswith("data:")
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:")
    assert "unsafe" not in policy
    with pytest.raises(DiscernError, match="can't be written"):
        concept.exports.write_page(out / "below")


def test_a_picture_that_was_removed_since_is_on_no_page_any_more(trained: Workbench) -> None:
    shown = shown_in(trained.concept(NAME).exports.document())
    concept, head = (trained.context.concept(NAME), trained.concept(NAME).versions.head())
    dataset = trained.context.dataset(concept, head.definition_number)
    (first, _), *_ = pictures_to_show(dataset, head)
    small = trained.context.collection.thumbnail(first)
    assert small in shown
    trained.trash.put(pictures=[first], author="me")
    assert small not in shown_in(trained.concept(NAME).exports.document())
