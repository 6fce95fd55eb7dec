"""A version for strangers: what a link leads to and when it ends, which pictures go along, and one file."""

from __future__ import annotations

import base64
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from test_story import HOSTILE, _Tags

from concepts.definition.document import Criterion
from concepts.errors import DiscernError, NoVersionError, ShareGoneError, UnknownShareError
from concepts.export.account import account_of
from concepts.export.shared import linked_page
from concepts.workbench import Workbench
from concepts.workbench.exported import exported
from storage import shares
from storage.labels import Author
from storage.tables import now

NAME = "Round thing"


def token_of(path: str) -> str:
    assert path.startswith("/shared/")
    return path.removeprefix("/shared/")


def shown_in(html: str) -> list[bytes]:
    """The pictures inside of a page."""
    return [base64.b64decode(found) for found in re.findall(r'src="data:image/webp;base64,([^"]+)"', html)]


def test_a_link_leads_to_what_the_card_says_too_until_it_is_ended(trained: Workbench) -> None:
    made = trained.sharing.share(NAME, author="me")
    assert made.share.works
    assert timedelta(days=6.9) < made.share.expires - now() < timedelta(days=7)
    page = trained.sharing.page(token_of(made.path))
    card = trained.exports.model_card(NAME)
    for heading in ("What counts", "What doesn’t", "How good it is", "Where it fails"):
        assert heading in page
    for line in re.findall(r"^- (.+)$", card.split("## Limits")[1].split("##")[0], re.MULTILINE):
        assert re.sub(r"\\(.)", r"\1", line).split("'")[0][:60] in page, line
    assert trained.sharing.classify(token_of(made.path), shown_in(page)[0]).said[0].version == 1
    assert trained.sharing.revoke(NAME, made.share.id, author="me").works is False
    for open_it in (trained.sharing.page, lambda token: trained.sharing.classify(token, b"")):
        with pytest.raises(ShareGoneError):
            open_it(token_of(made.path))
    assert trained.sharing.revoke(NAME, made.share.id, author="you").revoked is not None
    assert [(one.id, one.works) for one in trained.sharing.links(NAME)] == [(made.share.id, False)]


def test_a_version_from_before_a_rename_leaves_under_the_name_the_concept_has_now(
    trained: Workbench, tmp_path: Path
) -> None:
    link = trained.sharing.share(NAME, author="me")
    trained.catalogue.rename(NAME, "Plate", author="me")
    page = trained.sharing.page(token_of(link.path))
    assert "<h1>Plate</h1>" in page
    assert NAME not in page
    assert trained.exports.export("Plate", tmp_path / "plate").concepts == {"Plate": 1}


def test_of_a_version_that_was_never_measured_nothing_is_said_that_sounds_like_it(trained: Workbench) -> None:
    facts = exported(trained.context, *trained.context.version(NAME, None)).facts
    unmeasured = facts.model_copy(update={"metrics": (), "evaluation_labels": ()})
    page = linked_page(account_of(unmeasured, "1"), [], now(), "")
    assert "It has not been measured" in page
    assert "none wrong" not in page


def test_of_a_token_the_hash_alone_is_kept_and_no_two_are_alike(trained: Workbench, own_home: Path) -> None:
    tokens = {token_of(trained.sharing.share(NAME, author="me").path) for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(base64.urlsafe_b64decode(token)) * 8 >= 128 for token in tokens)
    trained.context.database.close()
    for file in own_home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [token for token in tokens if token.encode() in content], file


def test_whatever_leads_nowhere_is_answered_alike(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, expired, lost = (trained.sharing.share(NAME, author="me") for _ in range(3))
    trained.sharing.revoke(NAME, ended.share.id, author="me")
    said = set()
    for token in ("", "x", "A" * 32, "\ud800", token_of(ended.path), f"{token_of(lost.path)}x"):
        with pytest.raises(ShareGoneError) as gone:
            trained.sharing.page(token)
        said.add(str(gone.value))
    trained.trash.put("concept", NAME, author="me")
    with pytest.raises(ShareGoneError) as gone:
        trained.sharing.page(token_of(lost.path))
    monkeypatch.setattr(shares, "now", lambda: expired.share.expires)
    with pytest.raises(ShareGoneError) as late:
        trained.sharing.page(token_of(expired.path))
    assert said | {str(gone.value), str(late.value)} == {str(ShareGoneError())}


def test_no_later_answer_and_no_other_version_puts_a_picture_on_it(trained: Workbench) -> None:
    made = trained.sharing.share(NAME, author="me")
    before = shown_in(trained.sharing.page(token_of(made.path)))
    assert 2 <= len(before) == made.share.pictures <= 18
    for picture in trained.answers.next_pictures(NAME, 8):
        value = "yes" if "ellipse" in picture.path else "no"
        trained.answers.label(NAME, picture.id, value, author=Author("me"), key=f"later {picture.id}")
    trained.versions.train(NAME)
    other = trained.sharing.share(NAME, author="me")
    assert other.share.version == 2
    assert shown_in(trained.sharing.page(token_of(made.path))) == before
    assert "Version 1," in trained.sharing.page(token_of(made.path))


def test_pictures_go_along_as_pixels_alone_without_their_names(trained: Workbench, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # where it was taken
    source = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(source, "JPEG", exif=exif)
    assert b"a secret place" in source.getvalue()
    trained.examples.give(NAME, source.getvalue(), author="me")
    trained.versions.train(NAME)
    document = trained.sharing.document(NAME)
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
    before = trained.definitions.concept(NAME).revision
    kinds = (Criterion(kind="excluding", text=HOSTILE), Criterion(kind="necessary", text=HOSTILE))
    changed = before.definition.model_copy(update={"criteria": kinds, "description": HOSTILE})
    trained.definitions.edit(NAME, lambda _: changed, author="me", after=before.number)
    trained.versions.train(NAME, target="precision=0.9")
    out = trained.sharing.write(NAME, tmp_path / "new" / "page.html")
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
        trained.sharing.write(NAME, out / "below")


def test_nothing_is_shared_that_can_not_be(trained: Workbench) -> None:
    for days in (0, -1, 366, float("nan"), float("inf")):
        with pytest.raises(DiscernError, match="days"):
            trained.sharing.share(NAME, days=days, author="me")
    trained.definitions.create_concept("Other", "Another.")
    with pytest.raises(NoVersionError):
        trained.sharing.share("Other", author="me")
    mine = trained.sharing.share(NAME, author="me")
    with pytest.raises(UnknownShareError):  # of another concept
        trained.sharing.revoke("Other", mine.share.id, author="me")
    assert trained.sharing.links(NAME)[0].works


def test_every_link_can_be_ended_at_once(trained: Workbench) -> None:
    made = [trained.sharing.share(NAME, author="me") for _ in range(2)]
    assert {one.id for one in trained.sharing.revoke_all(NAME, author="me")} == {m.share.id for m in made}
    assert trained.sharing.revoke_all(NAME, author="me") == []


def test_two_who_end_the_same_link_end_it_once(trained: Workbench) -> None:
    made = trained.sharing.share(NAME, author="me")
    first = trained.sharing.revoke(NAME, made.share.id, author="me").revoked
    assert trained.sharing.revoke(NAME, made.share.id, author="you").revoked == first


def test_a_picture_that_was_removed_since_is_on_no_page_any_more(trained: Workbench) -> None:
    made = trained.sharing.share(NAME, author="me")
    shown = len(shown_in(trained.sharing.page(token_of(made.path))))
    concept = trained.context.concept(NAME)
    first, _ = trained.sharing._pictures(concept, trained.context.head(concept, 1))[0]
    trained.trash.put("picture", first, author="me")
    assert len(shown_in(trained.sharing.page(token_of(made.path)))) == shown - 1
