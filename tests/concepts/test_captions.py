"""Captions and columns of files from elsewhere: kept with the picture, searched, and never overwritten."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from concepts.errors import DiscernError, NoUsableRowsError
from concepts.labelling.formats import base
from concepts.labelling.labels import give_label
from concepts.library.filters import PictureSelection
from concepts.results.label_exports import export_labels
from concepts.results.library import browse, has_safety, import_pictures, keep_captions, picture_detail
from concepts.use_cases import App
from storage.pictures.hashing import picture_id

SAID = ("caption", "url", "similarity", "pwatermark", "punsafe", "NSFW")


Captioned = tuple[App, Path, list[str]]


@pytest.fixture
def captioned(bench: App, pictures: Path, tmp_path: Path) -> Captioned:
    """Three pictures and a file as img2dataset writes it with output format `files` and LAION's columns."""
    drawn = sorted(pictures.glob("ellipse-*.png"))[1:4]
    shard = tmp_path / "shards" / "00007"
    shard.mkdir(parents=True)
    for number, picture in enumerate(drawn):
        (shard / f"00007{number:04}.jpg").write_bytes(picture.read_bytes())
    same = {"error_message": None, "width": 96, "sha256": None, "similarity": 0.31, "pwatermark": 0.2}
    table = {
        "url": [f"https://example.org/{n}.jpg" for n in range(4)],
        "caption": ["A red Ball on grass, SMALL", "Ein großer Ball, 100 % rund", "a table", "gone"],
        "key": [f"00007{n:04}" for n in range(4)],
        "status": ["success"] * 3 + ["failed_to_download"],
        "punsafe": [0.01 * n for n in range(4)],
        **{name: [value] * 4 for name, value in (same | {"NSFW": "UNLIKELY", "exif": "{}"}).items()},
    }
    file = shard.with_suffix(".parquet")
    pq.write_table(pa.table(table), file)
    import_pictures(bench, [shard.parent]).wait()
    return bench, file, [picture_id(picture.read_bytes()) for picture in drawn]


def test_captions_are_kept_once_and_found_by_every_word(captioned: Captioned, tmp_path: Path) -> None:
    bench, file, ids = captioned
    report = keep_captions(bench, file)
    assert report.format == "img2dataset"
    assert (report.pictures, report.unknown_pictures, report.bad) == (3, 1, 1)
    assert (report.columns, report.kept) == (dict.fromkeys(SAID, 3), 3 * len(SAID))
    shown = {column.name: column.value for column in picture_detail(bench, ids[1]).columns}
    assert next(iter(shown.items())) == ("caption", "Ein großer Ball, 100 % rund")
    assert (shown["punsafe"], shown["NSFW"]) == ("0.01", "UNLIKELY")
    assert "width" not in shown
    words = {"ball": [0, 1], "BALL small": [0], "GROSSER ball": [1], "100": [1], "chair": [], "%": []}
    for text, found in (words | {"_": []}).items():
        hits = browse(bench, PictureSelection(q=text, captions=True)).pictures
        assert {hit.id for hit in hits} == {ids[n] for n in found}, text
    assert keep_captions(bench, file).kept == 0
    more = tmp_path / "more.csv"
    more.write_text(f"id,caption,source\n{ids[0]},Another one,a museum\n", encoding="utf-8")
    assert keep_captions(bench, more).kept == 2
    columns = [c.value for c in picture_detail(bench, ids[0]).columns if c.name == "caption"]
    assert sorted(columns) == ["A red Ball on grass, SMALL", "Another one"]


def test_what_may_be_unsafe_can_be_hidden(captioned: Captioned, tmp_path: Path) -> None:
    bench, _, ids = captioned

    def shown() -> set[str]:
        return {one.id for one in browse(bench, PictureSelection(safe=True), 200).pictures}

    every = shown()
    assert not has_safety(bench)
    said = tmp_path / "said.csv"
    rows = [f"{ids[0]},0.51,UNLIKELY,", f"{ids[1]},9.6e-05,UNSURE,", f"{ids[2]},0.499,UNLIKELY,"]
    said.write_text("\n".join(["id,punsafe,NSFW,caption", *rows, f"{min(every - {*ids})},1.05e-07,,"]))
    keep_captions(bench, said, "csv")
    assert has_safety(bench)
    assert every - shown() == {ids[0], ids[1]}


@pytest.mark.slow
def test_captions_go_out_with_the_answers(captioned: Captioned, tmp_path: Path) -> None:
    bench, file, ids = captioned
    keep_captions(bench, file)
    give_label(bench.concept("Round thing"), ids[0], "yes", author="me", key="a key")
    export_labels(bench.concept("Round thing"), "hugging-face", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["caption"].to_pylist() == ["A red Ball on grass, SMALL"]
    again = keep_captions(bench, tmp_path / "out.parquet")
    assert (again.pictures, again.kept, again.bad) == (1, 0, 0)
    shard = file.with_suffix("")  # pictures of another kind are known, too
    for picture in shard.glob("*.jpg"):
        picture.rename(picture.with_suffix(".webp"))
    import_pictures(bench, [shard]).wait()
    report = keep_captions(bench, file)
    assert (report.pictures, report.unknown_pictures) == (3, 1)


def test_what_is_no_caption_of_a_picture_is_not_kept(
    captioned: Captioned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, many, ids = captioned
    file = tmp_path / "a.csv"
    file.write_text("path,caption\nnowhere.png,A ball\n")
    with pytest.raises(NoUsableRowsError):
        keep_captions(bench, file)
    file.write_text("name,text\na,b\n")
    with pytest.raises(DiscernError, match="needs a column"):
        keep_captions(bench, file)
    file.write_text(f"id,caption\n{ids[0]},{'a' * 10_001}\n{ids[1]},short\n")
    report = keep_captions(bench, file)
    assert (report.kept, [row["row"] for row in report.bad_rows]) == (1, [2])
    monkeypatch.setattr(base, "MOST_ROWS", 2)  # only who sends a file is held to a number of rows
    with pytest.raises(DiscernError, match="more than 2 rows"):
        keep_captions(bench, many, confined=True)
    assert keep_captions(bench, many).pictures == 3
