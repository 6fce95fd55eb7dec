"""Words in pictures: read once, kept with the picture, found by a search; a run goes on where it stopped."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from not_run import not_run
from PIL import Image, ImageDraw, ImageFont

from concepts.errors import PackageError
from concepts.library import reading, upkeep
from concepts.library.filters import PictureSelection
from concepts.library.reading import load_reader
from concepts.library.upkeep import words_state
from concepts.results import library
from concepts.results.library import browse, import_pictures, look_after, picture_count, picture_detail
from concepts.use_cases import App
from storage.picture_columns import WORDS
from storage.pictures.hashing import picture_id

SIGN = "EMERGENCY EXIT"


def sign(file: Path, text: str) -> str:
    """A picture of a text; returns its id."""
    picture = Image.new("RGB", (480, 240), (232, 226, 210))
    ImageDraw.Draw(picture).text((40, 90), text, font=ImageFont.load_default(36), fill=(30, 30, 60))
    picture.save(file)
    return picture_id(file.read_bytes())


class FromSize:
    """Reads how wide a picture is, and stops for good after so many."""

    name = "ruler 1"

    def __init__(self, until: int = 10_000) -> None:
        self.seen = 0
        self._until = until

    def read(self, picture: Image.Image) -> str:
        if self.seen == self._until:
            raise KeyboardInterrupt
        self.seen += 1
        return f"{picture.width} wide" if self.seen % 2 else ""


def test_a_run_that_was_stopped_reads_the_rest_and_nothing_twice(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = FromSize(until=20), FromSize()
    monkeypatch.setattr(upkeep, "is_there", lambda: True)
    monkeypatch.setattr(upkeep, "load_reader", lambda: first)
    with pytest.raises(KeyboardInterrupt):
        look_after(bench, only="words").wait()
    kept = words_state(bench).looked_at
    assert 0 < kept <= 20
    monkeypatch.setattr(upkeep, "load_reader", lambda: second)
    look_after(bench, only="words").wait()
    assert second.seen == picture_count(bench) - kept
    assert words_state(bench).left == 0


def test_words_are_with_the_picture_and_one_that_is_added_later_is_read_by_a_job_of_its_own(
    bench: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (upkeep, library):
        monkeypatch.setattr(module, "is_there", lambda: True)
    monkeypatch.setattr(upkeep, "load_reader", FromSize)
    report = look_after(bench, only="words").wait()
    everything = {one.id for one in browse(bench, limit=1000).pictures}
    assert report.pictures == len(everything) > report.words > 0
    hits = browse(bench, PictureSelection(q="WIDE", captions=True), limit=1000).pictures
    assert len(hits) == report.words
    assert {hit.column for hit in hits} == {WORDS}
    [column] = picture_detail(bench, hits[0].id).columns
    assert (column.name, column.file) == (WORDS, "ruler 1")
    without = everything - {hit.id for hit in hits}
    assert picture_detail(bench, without.pop()).columns == []
    new = sign(tmp_path / "sign.png", SIGN)
    import_pictures(bench, [tmp_path / "sign.png"]).wait()
    [waiting] = [j for j in bench.jobs.store.recent() if (j.kind, j.state) == ("read words", "queued")]
    bench.jobs.resume(waiting.id)
    assert picture_detail(bench, new).columns[0].value == "480 wide"


def test_without_the_package_it_says_which_extra_brings_it(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "find_spec", lambda name: None)
    monkeypatch.setattr(upkeep, "is_there", lambda: False)
    with pytest.raises(PackageError, match="“words”"):
        look_after(bench, only="words").wait()
    with pytest.raises(PackageError, match="is not installed"):
        look_after(bench, only="words")
    assert not words_state(bench).possible


def test_a_sign_is_read_as_it_stands(tmp_path: Path) -> None:
    if find_spec("rapidocr") is None:
        not_run("reading the words in pictures", "The extra “words” is not installed.")
    reader = load_reader()
    sign(tmp_path / "sign.png", SIGN)
    with Image.open(tmp_path / "sign.png") as picture:
        assert reader.read(picture) == SIGN
    assert reader.read(Image.new("RGB", (480, 240), (232, 226, 210))) == ""
