"""`discern.Library`: its dozen calls, by a program in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackbox.in_python import NAMES, InPython, in_python
from blackbox.pictures import truth


@pytest.fixture(scope="module")
def program(encoder_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> InPython:
    return in_python(tmp_path_factory.mktemp("in-python"), encoder_cache)


def test_pictures_are_added_and_found_by_words_and_by_likeness(program: InPython) -> None:
    said = program.said
    assert said["added"] == [80, 0, 0, {}]
    assert said["found"] == [["str", "str"]] * 6
    assert len(set(said["like"])) == 3
    assert said["shown"] == 6


def test_the_folder_that_is_named_is_used_and_no_other(program: InPython) -> None:
    assert program.said["added"]
    assert (program.folder / "home").is_dir()
    assert not (program.folder / "other").exists()


def test_a_concept_is_begun_by_a_sentence_and_opened_by_its_name(program: InPython) -> None:
    said = program.said
    assert "Ball" in said["no concept"]
    assert said["name"] == ["Ball", "Ball"]
    assert said["too early"]


def test_candidates_are_found_and_labelled_by_the_built_in_annotator(program: InPython) -> None:
    said = program.said
    assert said["candidates"] == 40
    assert said["labelled"] == ["builtin", 10, None, ""]


def test_a_version_is_trained_for_a_target_and_measured(program: InPython) -> None:
    said = program.said
    number, threshold, notes = said["version"]
    assert (number, said["aimed"]) == (1, 2)
    assert 0 < threshold < 1
    assert set(notes) == {"str"}
    assert len(said["to measure"]) == 16  # a fifth of 80
    version, n, simulated, sentences = said["quality"]
    assert (version, n, simulated) == (1, 16, 16)
    assert sentences > 0
    assert {"average_precision", "precision", "recall", "f1"} <= set(said["figures"])
    value, low, high, counted, note = said["precision"]
    assert 0 <= low <= value <= high <= 1
    assert (type(counted), note) == (int, "")


def test_scores_and_classified_pictures_are_arrow_tables(program: InPython) -> None:
    said = program.said
    rows, schema = said["scores"]
    assert rows == 80
    assert schema == {"id": "string", "path": "string", "probability": "double", "said": "string"}
    assert len(said["answered"]) == 24 + 16
    classified, columns = said["new"]
    assert columns == ["id", "path", "score", "decision", "error"]
    assert {Path(row["path"]).name: row["decision"] for row in classified} == {
        file.name: truth(file.name) for file in (program.folder / "new").iterdir()
    }
    assert all((row["score"] >= said["version"][1]) == (row["decision"] == "yes") for row in classified)
    assert said["nothing to classify"]


def test_the_export_is_the_folder_with_a_zip_beside_it(program: InPython) -> None:
    folder = program.folder / "ball"
    assert program.said["bundle"] == str(folder)
    assert {"head.json", "head.safetensors", "classify.py", "SHA256SUMS", "README.md"} <= {
        file.name for file in folder.iterdir()
    }
    assert folder.with_suffix(".zip").is_file()


def test_the_promised_names_are_there(program: InPython) -> None:
    assert program.said["names"] == dict.fromkeys(NAMES, True)
    assert program.said["version of discern"]
