"""`discern bundle check`: whether an exported classifier is as it was written."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from bundles import write_one

from concepts.bundle.check import check_bundle
from concepts.errors import DiscernError

GOLDEN = Path(__file__).parents[2] / "blackbox" / "fixtures" / "formats"


def test_a_whole_bundle_has_no_problems_as_folder_and_as_zip(folder, facts):
    for path in (folder, folder.with_name("messy.zip")):
        found = check_bundle(path)
        assert found.problems == ()
        assert found.checksums == len(found.files) - 1
        assert found.scores_pictures
        assert [(one.name, one.version) for one in found.concepts] == [("messy room", 2)]
        assert found.fingerprint == facts.encoder.fingerprint
        assert all(file.what for file in found.files)


def test_sha256sum_reads_the_checksums(folder):
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("there is no sha256sum on this system")
    command = [tool, "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(list(folder.iterdir())) - 1


def test_what_was_changed_removed_or_added_is_named(folder):
    (folder / "scorer.py").write_text("print('something else')")
    (folder / "classify.py").unlink()
    (folder / "more.txt").write_text("more")
    assert set(check_bundle(folder).problems) == {
        "scorer.py has changed",
        "classify.py is missing",
        "more.txt has no checksum",
    }


def test_a_damaged_graph_and_one_of_another_classifier_are_named(
    folder, make_head, make_facts, tmp_path, small_graph
):
    other = make_head(range(8), threshold=0.9)
    another = write_one(tmp_path / "other", other, make_facts(other), None, small_graph)
    whole = (folder / "classifier.onnx").read_bytes()
    (folder / "classifier.onnx").write_bytes((another / "classifier.onnx").read_bytes())
    assert "classifier.onnx is of another classifier than head.json" in check_bundle(folder).problems
    (folder / "classifier.onnx").write_bytes(whole[: len(whole) // 2])
    assert any("doesn't load" in problem for problem in check_bundle(folder).problems)


def test_a_bundle_from_before_checksums_is_still_one(tmp_path):
    with zipfile.ZipFile(GOLDEN / "format-1.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "messy-room"
    for name in ("SHA256SUMS", "classifier.onnx", "ENCODER_LICENCE.txt"):
        (folder / name).unlink()
    found = check_bundle(folder)
    assert (found.checksums, found.problems, found.scores_pictures) == (None, (), False)


def test_checksums_that_are_none_are_a_problem(folder):
    (folder / "SHA256SUMS").write_bytes(b"\xff\xfe nothing")
    assert "SHA256SUMS can't be read" in check_bundle(folder).problems[0]
    (folder / "SHA256SUMS").write_text("0" * 64 + "  ../elsewhere\n")
    assert "no checksum with a file's name" in check_bundle(folder).problems[0]


def test_what_is_no_bundle_is_said(tmp_path):
    with pytest.raises(DiscernError, match="There is no bundle"):
        check_bundle(tmp_path / "nowhere")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(DiscernError, match=r"one head\.json"):
        check_bundle(tmp_path / "other.zip")
