"""`discern.Library`: its dozen calls, by a program in a process of its own."""

from __future__ import annotations

from pathlib import Path

from blackbox.job import new_home
from blackbox.pictures import draw_folder
from blackbox.running import ROOT, run

PROGRAM = """
import sys
from pathlib import Path

import discern
from discern import DiscernError, Library

work = Path(sys.argv[1])


def value(path):
    return "yes" if Path(path).name.startswith("ellipse") else "no"


def answer(concept, pictures):
    for picture in pictures:
        concept.answer(picture, value(picture.path), simulated=True)


def refusal(call, *arguments):
    try:
        call(*arguments)
    except DiscernError as error:
        return str(error)
    raise AssertionError("it was not refused")


with Library(work / "home", author="ana") as library:
    # Pictures are added, and found by words and by likeness.
    added = library.add(work / "pictures", encoder="embedded")
    assert [added.added, added.duplicates, added.unchanged, added.skipped] == [80, 0, 0, {}]
    found = library.search("a ball", n=6)
    assert [(type(one.id), type(one.path)) for one in found] == [(str, str)] * 6
    assert len({one.path for one in library.search(like=[found[0]], n=3)}) == 3
    assert found._repr_html_().count("<img") == 6

    # A concept is begun by a sentence, opened by its name and labelled by the built-in annotator.
    assert "Ball" in refusal(library.concept, "Ball")
    ball = library.concept("Ball", "A filled round shape, not one with corners.")
    assert ball.name == library.concept("ball").name == "Ball"
    assert refusal(ball.train)
    assert ball.mine(40) == 40
    labelled = ball.machine_label(10, budget=None)
    assert [labelled.annotator, labelled.labelled] == ["builtin", 10]
    assert [labelled.cost_usd, labelled.stopped] == [None, ""]

    # A version is trained for a target and measured.
    for turn in range(3):
        asked = ball.next(8)
        answer(ball, asked)
    ball.answer(asked[0].id, value(asked[0].path), comment="a remark", simulated=True)
    measuring = ball.next(60, to_measure=True)
    assert len(measuring) == 16  # a fifth of 80
    answer(ball, measuring)
    version = ball.train()
    assert [version.number, ball.train("precision=0.9").number] == [1, 2]
    assert 0 < version.threshold < 1
    assert {type(note) for note in version.notes} == {str}
    quality = ball.quality(1)
    assert [quality.version, quality.n, quality.simulated] == [1, 16, 16]
    assert quality.sentences
    assert {"average_precision", "precision", "recall", "f1"} <= set(quality.figures)
    precision = quality.figures["precision"]
    assert 0 <= precision.low <= precision.value <= precision.high <= 1
    assert [type(precision.n), precision.note] == [int, ""]

    # Scores and classified pictures are Arrow tables.
    scores = ball.scores(1)
    columns = {"id": "string", "path": "string", "probability": "double", "said": "string"}
    assert {field.name: str(field.type) for field in scores.schema} == columns
    assert scores.num_rows == 80
    assert len([said for said in scores["said"].to_pylist() if said]) == 24 + 16
    new = ball.classify(work / "new", version=1)
    assert new.schema.names == ["id", "path", "score", "decision", "error"]
    assert new.num_rows == 8
    for row in new.to_pylist():
        assert row["decision"] == value(row["path"]) == ("yes" if row["score"] >= version.threshold else "no")
    assert refusal(ball.classify)

    assert str(ball.export(work / "ball", version=1)) == str(work / "ball")

for name in (
    "Author", "Concept", "Library", "open_app", "embed_files", "encoder_of", "load_bundle", "load_encoder",
    "load_settings",
):
    assert callable(getattr(discern, name)), name
assert discern.__version__
"""


def test_a_program_goes_from_pictures_to_a_classifier_in_the_folder_that_it_names_and_in_no_other(
    encoder_cache: Path, tmp_path: Path
) -> None:
    new_home(tmp_path, encoder_cache)
    draw_folder(tmp_path / "pictures", 80, first_seed=6000)
    draw_folder(tmp_path / "new", 8, first_seed=7000)
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    ended = run(tmp_path / "program.py", tmp_path, home=tmp_path / "other", PYTHONPATH=str(ROOT))
    assert ended.code == 0, ended.err
    assert not (tmp_path / "other").exists()
    exported = {file.name for file in (tmp_path / "ball").iterdir()}
    assert {"head.json", "head.safetensors", "classify.py", "SHA256SUMS", "README.md"} <= exported
    assert (tmp_path / "ball.zip").is_file()
