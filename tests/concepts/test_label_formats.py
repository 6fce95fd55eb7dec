"""Answers to other tools and back: nothing lost, nothing invented, and foreign words get a meaning first."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from concepts.errors import DiscernError, UnknownError, UnknownWordsError, WrongUsageError
from concepts.labelling.formats import writable
from concepts.labelling.label_files import (
    LabelFileView,
    import_label_file,
    label_meanings,
    label_rows,
    preview_label_file,
)
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.rows import meanings_of
from concepts.learning.scale import Scale
from concepts.results.concepts import begin_concept
from concepts.results.label_exports import export_labels
from concepts.results.library import import_pictures, library_info
from concepts.use_cases import App, Concept
from storage.labels import Author

NAME = "Round thing"


def said(concept: Concept) -> set[tuple[str, str, Author]]:
    standing = concept.app.log.standing(concept.id)
    return {(event.picture_id, event.value, event.author) for event in standing}


def means(found: LabelFileView) -> dict[str, str]:
    return {word.word: word.means for word in found.words}


@pytest.fixture
def answered(concept: Concept) -> Concept:
    """Ana and a simulated person about six pictures, of which they see one differently."""
    ids = [picture.id for picture in next_pictures(concept, 6)]
    for picture, value in zip(ids, ("yes", "no", "yes", "no", "unsure", "skip"), strict=True):
        give_label(concept, picture, value, f"{value}!", author="ana")
    give_label(concept, ids[0], "yes", "yes!", author="sim", simulated=True)
    give_label(concept, ids[1], "yes", "yes!", author="ben")
    return concept


def test_a_folder_of_copies_is_known_wherever_it_lies(answered: Concept, tmp_path: Path) -> None:
    other = begin_concept(answered.app, "Round thing again", "A filled ellipse.")
    for name, copies in (("links", False), ("out", True)):
        export_labels(answered, "image-folder", tmp_path / name, copies=copies)
        assert {file.is_symlink() for file in (tmp_path / name).glob("*/*.png")} == {not copies}
    moved = shutil.move(tmp_path / "out", tmp_path / "moved")
    assert import_label_file(other, Path(moved))["imported"] == 3
    archive = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "moved"))
    assert import_label_file(other, archive)["unchanged"] == 3


def test_a_pipe_is_no_file_of_labels_and_no_link_out_of_the_library_is_opened(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    """Whoever opens it waits for ever."""
    for name in ("a.csv", "a.jsonl", "a.json", "a.parquet", "a.zip", "a"):
        os.mkfifo(tmp_path / name)
        for format in ("", "csv", "fiftyone", "sidecars"):
            with pytest.raises(DiscernError, match=r"neither a file nor|looks like none"):
                import_label_file(concept, tmp_path / name, format=format)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder" / "samples.json")
    with pytest.raises(DiscernError, match="not a regular file"):
        import_label_file(concept, tmp_path / "folder", format="fiftyone")
    for folder, target in (("yes", tmp_path / "a"), ("no", pictures / "line-0002.png")):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "a.png").symlink_to(target)
    report = import_label_file(concept, tmp_path / "in")
    assert (report["imported"], report["unknown_pictures"]) == (1, 1)


def test_foreign_words_are_asked_for_with_counts_and_nothing_is_taken(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    rooms = {"ellipse-0006.png": "messy", "ellipse-0009.png": "Messy", "line-0002.png": "clean"}
    for name, word in rooms.items():
        (tmp_path / "rooms" / word).mkdir(parents=True)
        shutil.copy(pictures / name, tmp_path / "rooms" / word)
    with pytest.raises(UnknownWordsError, match=r"“clean” \(1\)") as asked:
        import_label_file(concept, tmp_path / "rooms")
    assert sorted(asked.value.words) == [("Messy", 1), ("clean", 1), ("messy", 1)]
    assert not said(concept)
    meanings = meanings_of(["messy=yes", "clean=leave-out"])
    found = preview_label_file(concept, tmp_path / "rooms", meanings=meanings)
    assert means(found) == {"Messy": "yes", "messy": "yes", "clean": "leave out"}
    assert (found.format, found.pictures) == ("image-folder", 2)
    report = import_label_file(concept, tmp_path / "rooms", meanings=meanings)
    assert (report["imported"], report["left_out"]) == (2, 1)


def test_what_a_person_says_a_word_means_comes_first(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"path": str(pictures / "line-0002.png"), "label": 0}))
    import_label_file(concept, file, meanings=meanings_of(["0=yes"]))
    assert {value for _, value, _ in said(concept)} == {"yes"}
    kinds = {"ellipse-0006.png": ["apple"], "ellipse-0009.png": ["yes"], "line-0002.png": ["chair"]}
    file = coco(tmp_path / "kinds.json", kinds)
    found = preview_label_file(concept, file, meanings=meanings_of(["apple=yes", "*=no"]))
    assert means(found) == {"apple": "yes", "yes": "yes", "chair": "no"}


def test_a_word_can_mean_a_grade_or_a_class_and_a_meaning_that_is_none_is_refused() -> None:
    five, rooms = Scale.graded(5, names=["tidy", "a mess"]), Scale.of_classes(["bath", "a=b"])
    graded = meanings_of(["spotless=1", "awful=a mess", "?=leave-out"], five)
    assert graded == {"spotless": "1", "awful": "5", "?": "leave out"}
    assert meanings_of(["tub=Bath", "x=a=b", "rest=no"], rooms) == {"tub": "bath", "x": "a=b", "rest": "none"}
    with pytest.raises(DiscernError, match="a meaning is 1 to 5, yes, no"):
        meanings_of(["spotless=6"], five)
    for wrong in ("", "messy", "=yes", "messy=perhaps"):
        with pytest.raises(DiscernError, match="WORD=MEANING"):
            meanings_of([wrong])


def test_words_that_mean_a_grade_are_taken_as_it(bench: App, pictures: Path, tmp_path: Path) -> None:
    mess = begin_concept(bench, "Mess", "How messy.", scale=Scale.graded(5))
    file = tmp_path / "a.csv"
    rows = [("line-0002.png", "tidy"), ("ellipse-0006.png", "awful"), ("ellipse-0009.png", "so so")]
    file.write_text("path,label\n" + "".join(f"{pictures / name},{word}\n" for name, word in rows))
    with pytest.raises(UnknownWordsError) as asked:
        import_label_file(mess, file)
    assert asked.value.answers == ("1", "2", "3", "4", "5")
    meanings = label_meanings(mess, ["tidy=1", "awful=5", "*=3"])
    found = preview_label_file(mess, file, meanings=meanings)
    assert means(found) == {"tidy": "1", "awful": "5", "so so": "3"}
    import_label_file(mess, file, meanings=meanings)
    assert sorted(row["label"] for row in label_rows(mess)) == ["1", "3", "5"]


def coco(path: Path, said: dict[str, list[str]]) -> Path:
    words = sorted({word for some in said.values() for word in some})
    boxes = [
        {"image_id": 10 + n, "category_id": words.index(word), "bbox": [1, 2, 3, 4]}
        for n, some in enumerate(said.values())
        for word in some
    ]
    images = [{"id": 10 + n, "file_name": name} for n, name in enumerate(said)]
    categories = [{"id": n, "name": word} for n, word in enumerate(words)]
    path.write_text(json.dumps({"images": images, "annotations": boxes, "categories": categories}))
    return path


def test_a_coco_file_of_objects_says_of_each_picture_what_is_in_it(concept: Concept, tmp_path: Path) -> None:
    shown = {"ellipse-0006.png": ["ball", "ball", "table"], "pictures/line-0002.png": ["table"]}
    file = coco(tmp_path / "objects.json", shown | {"../line-0001.png": ["ball"], "nowhere.png": ["ball"]})
    meanings = meanings_of(["ball=yes", "table=leave-out"])
    found = preview_label_file(concept, file, meanings=meanings)
    assert {(word.word, word.rows) for word in found.words} == {("ball", 3), ("table", 2)}
    report = import_label_file(concept, file, meanings=meanings)
    assert (report["imported"], report["left_out"], report["unknown_pictures"]) == (1, 2, 2)
    reasons = [row["reason"].removeprefix("no picture of the library: ") for row in report["bad_rows"]]
    assert reasons == ["../line-0001.png", "nowhere.png"]


def test_a_path_may_lead_up_and_its_end_names_no_two_pictures(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    file = tmp_path / "more" / "labels.csv"
    up = os.path.relpath(pictures / "ellipse-0006.png", file.parent)
    assert up.startswith("..")
    file.write_text(f"path,label\n{up},yes\n{pictures}/../{pictures.name}/line-0002.png,no\n")
    assert import_label_file(concept, file)["imported"] == 2
    shutil.copy(pictures / "line-0002.png", tmp_path / "more" / "ellipse-0006.png")
    shutil.copy(pictures / "near.jpg", tmp_path / "more" / "new.jpg")
    import_pictures(concept.app, [*(tmp_path / "more").glob("*.*g")]).wait()
    other = begin_concept(concept.app, "Round thing again", "A filled ellipse.")
    file = coco(tmp_path / "c.json", {"ellipse-0006.png": ["yes"], "more/ellipse-0006.png": ["no"]})
    report = import_label_file(other, file)
    assert report["imported"] == 1
    reasons = [row["reason"] for row in report["bad_rows"]]
    assert reasons == ["fits 2 pictures of the library: ellipse-0006.png"]


def test_label_studio_exports_name_who_annotated_and_whose_is_unknown_is_kept_apart(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    def annotated(who: object, choice: str) -> dict[str, object]:
        result = {"type": "choices", "from_name": "c", "to_name": "i", "value": {"choices": [choice]}}
        return {"completed_by": who, "result": [result]}

    place = str(pictures / "ellipse-0006.png").lstrip("/").replace(" ", "%20")
    given = [annotated({"id": 3, "email": "ana@example.org"}, "yes"), annotated(5, "no")]
    task = {"id": 7, "data": {"picture": f"/data/local-files/?d={place}"}, "annotations": given}
    task["predictions"] = [annotated(1, "no")]
    other = {"data": {"picture": "/data/upload/1/x.png"}, "annotations": []}
    (tmp_path / "export.json").write_text(json.dumps([task, other]))
    report = import_label_file(concept, tmp_path / "export.json")
    assert (report["imported"], report["unanswered"]) == (2, 1)
    names = {(value, author.name) for _, value, author in said(concept)}
    assert names == {("yes", "ana@example.org"), ("no", "Label Studio 5")}


@pytest.mark.slow
def test_parquet_takes_classes_by_number_and_truths(concept: Concept, pictures: Path, tmp_path: Path) -> None:
    places = [str(pictures / f"ellipse-000{n}.png") for n in (6, 9)]
    table = pa.table({"image": [{"bytes": b"x" * 99, "path": place} for place in places], "label": [1, 0]})
    features = {"label": {"_type": "ClassLabel", "names": ["tidy", "messy"]}}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    pq.write_table(table.replace_schema_metadata(about), tmp_path / "named.parquet")
    pq.write_table(pa.table({"file_name": places, "target": [True, False]}), tmp_path / "truths.parquet")
    named = preview_label_file(concept, tmp_path / "named.parquet")
    assert {word.word for word in named.words} == {"tidy", "messy"}
    truths = preview_label_file(concept, tmp_path / "truths.parquet")
    assert {(word.word, word.means) for word in truths.words} == {("True", "yes"), ("False", "no")}


def test_scores_go_out_but_not_of_open_test_pictures(trained: App, tmp_path: Path) -> None:
    concept = trained.concept(NAME)
    standing = trained.log.standing(concept.id, ("person", "simulated"))
    waiting = trained.store.kept_apart(concept.id) - {event.picture_id for event in standing}
    assert waiting
    for format in ("label-studio", "fiftyone", "csv", "hugging-face", "coco"):
        out = tmp_path / f"{format}{writable(format).suffix}"
        written = export_labels(concept, format, out, what="both")
        assert written.left_out == {"are test pictures without a label": len(waiting)}
        assert written.pictures + len(waiting) == library_info(trained).pictures
        text = (out / "samples.json" if out.is_dir() else out).read_bytes()
        assert not any(picture_id.encode() in text for picture_id in waiting), format
        other = begin_concept(trained, f"From {format}", "A filled ellipse.")
        import_label_file(other, out)
        assert said(other) == said(concept)


def test_what_cant_be_written_is_refused_before_anything_is(concept: Concept, tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError, match="There are: csv"):
        export_labels(concept, "yolo", tmp_path / "out")
    with pytest.raises(DiscernError, match="is read and not written"):
        export_labels(concept, "img2dataset", tmp_path / "out.parquet")
    with pytest.raises(DiscernError, match=r"as a \.json file"):
        export_labels(concept, "coco", tmp_path / "out.csv")
    with pytest.raises(UnknownError, match="no trained version"):
        export_labels(concept, "coco", tmp_path / "out.json", what="scores")
    assert not list(tmp_path.glob("out*"))
    (tmp_path / "out.json").write_text("mine")
    with pytest.raises(DiscernError, match="is there already"):
        export_labels(concept, "coco", tmp_path / "out.json")
