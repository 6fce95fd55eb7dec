"""Any part of the library in any order: what was answered, what a version says, when it was taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from concepts.errors import DiscernError
from concepts.labelling.labels import give_label
from concepts.library.collection import collection_of
from concepts.library.filters import PictureSelection
from concepts.results.heads import head_of, scores_of
from concepts.results.library import (
    browse,
    exact_duplicates,
    import_pictures,
    library_folders,
    picture_count,
    picture_detail,
    search_library,
)
from concepts.results.rules import flagged_by_rule, pictures_by_rule
from concepts.use_cases import App, Concept
from storage.picture_filter import Order

NAME = "Round thing"


def ids(bench: App, chosen: PictureSelection, author: str | None = None) -> list[str]:
    """All that is chosen, page by page."""
    found, place = [], ""
    while True:
        page = browse(bench, chosen, 37, place, author=author)
        found += [picture.id for picture in page.pictures]
        if not page.older:
            return found
        place = page.older


def test_what_somebody_answered_is_found_by_themselves_alone(bench: App) -> None:
    yes, no, ana = (picture.id for picture in browse(bench, limit=3).pictures)
    for picture, value, who in ((yes, "yes", "me"), (no, "no", "me"), (ana, "yes", "ana")):
        give_label(bench.concept(NAME), picture, value, author=who)
    with pytest.raises(DiscernError, match="which concept"):
        browse(bench, PictureSelection(answered="yes"), 10)
    assert ids(bench, PictureSelection(concept=NAME, answered="yes"), "me") == [yes]
    assert ids(bench, PictureSelection(concept=NAME, answered="any"), "me") == [yes, no]
    everything = [picture.id for picture in browse(bench, limit=200).pictures]
    assert ids(bench, PictureSelection(concept=NAME, answered="none"), "me") == everything[2:]
    assert ids(bench, PictureSelection(concept=NAME, answered="yes")) == [yes, ana]


def test_what_a_version_says_or_a_rule_flags_is_found_but_no_test_picture(trained: App) -> None:
    concept, everything = trained.concept(NAME), set(collection_of(trained).library.all_ids())
    head, unseen = head_of(concept), trained.store.kept_apart(concept.id)
    scores = scores_of(trained.concept_of(concept.id), head)
    flagged = {i for i, p in scores.probability.of(list(everything)) if p >= head.threshold}
    assert unseen
    assert set(ids(trained, PictureSelection(concept=NAME, says="yes"))) == flagged - unseen
    assert set(ids(trained, PictureSelection(concept=NAME, says="no"))) == everything - flagged - unseen
    rule = f'NOT "{NAME}"'
    tried = pictures_by_rule(trained, rule, limit=500)
    flagged = [picture.id for picture in tried.pictures if picture.flagged]
    assert 0 < len(flagged) < tried.total
    assert flagged_by_rule(trained, rule) == flagged
    assert set(ids(trained, PictureSelection(rule=rule))) == set(flagged)
    assert ids(trained, PictureSelection(rule=rule, sort=Order.RANDOM)) == sorted(flagged)
    with pytest.raises(DiscernError, match="There is no concept"):
        ids(trained, PictureSelection(rule="Nothing"))


def test_words_the_encoder_hardly_knows_are_said(bench: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert collection_of(bench).hardly_knows(["graffiti"]) == [False]  # of this encoder nobody can say
    knows = {"a pineapple": False, "graffiti": True}
    monkeypatch.setattr(collection_of(bench), "hardly_knows", lambda texts: [knows[t] for t in texts])
    known, unknown = (browse(bench, PictureSelection(q=q)) for q in ("a pineapple", "graffiti"))
    assert known.hint == ""
    assert "hardly knows these words" in unknown.hint
    assert "Contact sheets" in unknown.hint
    assert unknown.pictures


def test_a_search_is_paged_through_among_what_was_chosen(bench: App) -> None:
    png = PictureSelection(q="a circle", format="PNG")
    found = ids(bench, png)
    assert len(found) == len(set(found)) == len(ids(bench, PictureSelection(format="PNG")))
    assert found[:20] == [h.id for h in search_library(bench, "a circle", n=21) if h.id in set(found)][:20]
    second = browse(bench, png, 10, browse(bench, png, 10).older)
    assert [picture.id for picture in second.pictures] == found[10:20]
    assert browse(bench, png, 10, second.newer) == browse(bench, png, 10)


def test_a_picture_tells_when_and_where_it_was_taken(bench: App, tmp_path: Path, pictures: Path) -> None:
    exif = Image.Exif()
    exif[271], exif[272] = "NIKON", "D40"
    inner = {36867: "2021:07:14 23:30:00", 33434: IFDRational(1, 250), 33437: IFDRational(28, 10)}
    exif.get_ifd(0x8769).update(inner)
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 30.0, 0.0), 3: "W", 4: (70.0, 30.0, 36.0)})
    image = Image.effect_noise((400, 300), 90).convert("RGB")
    image.save(tmp_path / "photo.jpg", exif=exif)
    import_pictures(bench, [tmp_path / "photo.jpg"]).wait()
    photo = collection_of(bench).library.resolve(str(tmp_path / "photo.jpg"))

    day = PictureSelection(taken_from=date(2021, 7, 14), taken_to=date(2021, 7, 14))
    assert ids(bench, day) == [photo]
    assert ids(bench, PictureSelection(taken_from=date(2021, 7, 15))) == []
    assert ids(bench, PictureSelection.of({"sort": "taken"}))[0] == photo
    assert ids(bench, PictureSelection.of({"sort": "taken-oldest"})) == [photo]
    assert photo not in ids(bench, PictureSelection(undated=True))
    assert len(ids(bench, PictureSelection(folder=str(pictures)))) == picture_count(bench) - 1
    (opened,) = library_folders(bench)  # one in the other
    while str(pictures) != opened.path:
        assert str(pictures).startswith(opened.path)
        opened = next(f for f in library_folders(bench, opened.path) if str(pictures).startswith(f.path))

    camera = picture_detail(bench, photo).camera
    assert camera.facts == {"Camera": "NIKON D40", "Exposure": "1/250 s", "Aperture": "f/2.8"}
    assert (camera.has_position, camera.position) == (True, None)
    assert picture_detail(bench, photo, position=True).camera.position == (-33.5, -70.51)
    Path(picture_detail(bench, photo).places[0]).unlink()
    assert picture_detail(bench, photo).camera.missing


def test_an_address_says_what_was_chosen_and_is_read_again(bench: App) -> None:
    chosen = PictureSelection(
        q="a", folder="/p", undated=True, added_to=date(2026, 1, 2), concept="c", answered="none"
    )
    assert PictureSelection.of(chosen.said() | {"at": "after x", "view": ""}) == chosen
    assert PictureSelection().said() == {}
    for wrong in ({"sort": "shape"}, {"taken_from": "yesterday"}, {"answered": "perhaps"}):
        with pytest.raises(DiscernError, match="is no"):
            PictureSelection.of(wrong)
    for place in ("nonsense", "after yesterday x", "after 2026-01-01T00:00:00 x"):
        with pytest.raises(DiscernError, match="can't be found"):
            browse(bench, limit=20, cursor=place)


def test_one_picture_says_where_it_is_and_who_labelled_it(concept: Concept) -> None:
    [copied] = exact_duplicates(concept.app, 10)
    assert [Path(place).name for place in copied.places] == ["ellipse-0000.png", "twice.png"]

    give_label(concept, copied.key, "no", author="ana", key="1")
    detail = picture_detail(concept.app, copied.key)
    assert (detail.format, detail.width, detail.height) == ("PNG", 96, 96)
    assert [(label.concept, label.value, label.author) for label in detail.labels] == [(NAME, "no", "ana")]
