"""A bundle that isn't as it was written is refused before anything of it is used; a pinned one cannot be
another."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from bare_python import python
from bundles import make_facts, make_head, sums_again, write_one
from drawing import draw
from safetensors.numpy import load_file, save_file

from concepts.bundle.check import bundle_digest, check_bundle
from concepts.bundle.checksums import CHECKSUMS_FILE
from concepts.bundle.load import load_bundle
from concepts.errors import ChangedBundleError, DiscernError

GOLDEN = Path(__file__).parents[2] / "blackbox" / "fixtures" / "formats"


def zipped(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


def both(folder: Path) -> tuple[Path, Path]:
    """The folder as it is now, and a zip of it."""
    return folder, zipped(folder)


def other_weights(folder: Path) -> None:
    tensors = load_file(folder / "head.safetensors")
    save_file({name: -tensor for name, tensor in tensors.items()}, folder / "head.safetensors")


def test_what_has_changed_or_is_missing_is_named_and_nothing_is_loaded(folder):
    names = ["classifier.onnx", "head.json", "head.safetensors", "scorer.py", "scores.svg"]
    for name in names:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
    (folder / "README.md").unlink()
    for path in both(folder):
        with pytest.raises(ChangedBundleError, match=f"{path.name} has changed since") as caught:
            load_bundle(path)
        assert caught.value.differences == [
            "README.md is missing",
            *(f"{name} has changed" for name in names),
        ]


def test_a_member_of_a_zip_that_cannot_be_unpacked_is_named(folder):
    archive = folder.with_name("messy.zip")
    with zipfile.ZipFile(archive) as whole:
        member = whole.getinfo("messy/classifier.onnx")  # kept as it is, not compressed
    content = bytearray(archive.read_bytes())
    content[member.header_offset + member.file_size // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(ChangedBundleError, match=r"classifier\.onnx can't be read"):
        load_bundle(archive)


def test_what_python_systems_and_hubs_leave_there_is_no_change(folder, head):
    for name in (".gitattributes", ".DS_Store", "Thumbs.db", "__pycache__/a.pyc", ".venv/pyvenv.cfg"):
        one_more(folder, name)
    for path in both(folder):
        assert np.array_equal(load_bundle(path).head.weights, head.weights)


def test_a_file_that_is_read_has_to_be_in_the_list_and_the_list_readable_and_there(folder):
    lines = (folder / CHECKSUMS_FILE).read_text().splitlines(keepends=True)
    (folder / CHECKSUMS_FILE).write_text("".join(one for one in lines if "head.json" not in one))
    with pytest.raises(ChangedBundleError, match=r"head\.json has no checksum"):
        load_bundle(folder)
    for nothing, said in (
        (b"\xff\xfe", "can't be read"),
        (b"0" * 64 + b"  ../elsewhere\n", "with a file's name"),
    ):
        (folder / CHECKSUMS_FILE).write_bytes(nothing)
        with pytest.raises(ChangedBundleError, match=said):
            load_bundle(folder)
        assert said in check_bundle(folder).problems[0]
    (folder / CHECKSUMS_FILE).unlink()
    for path in both(folder):
        with pytest.raises(ChangedBundleError, match="SHA256SUMS is missing"):
            load_bundle(path)
        assert load_bundle(path, accept_changed=True).columns == ("messy room",)
        assert check_bundle(path).problems == ("SHA256SUMS is missing",)


def test_whoever_accepts_the_change_loads_it(folder, head):
    other_weights(folder)
    (folder / "README.md").unlink()
    for path in both(folder):
        assert np.array_equal(load_bundle(path, accept_changed=True).head.weights, -head.weights)
    with pytest.raises(DiscernError, match="not both"):
        load_bundle(folder, digest="0" * 64, accept_changed=True)
    (folder / "head.json").write_text("{")
    with pytest.raises(DiscernError, match=r"head\.json is not JSON"):
        load_bundle(folder, accept_changed=True)


def test_a_bundle_from_before_there_were_checksums_loads_and_has_no_digest(tmp_path):
    with zipfile.ZipFile(GOLDEN / "format-1.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "messy-room"
    for name in (CHECKSUMS_FILE, "classifier.onnx", "ENCODER_LICENCE.txt"):
        (folder / name).unlink()
    for path in both(folder):
        assert load_bundle(path).columns == ("messy room",)
        found = check_bundle(path)
        assert (found.checksums, found.problems, found.scores_pictures) == (None, (), False)
        for refused in (
            lambda path=path: bundle_digest(path),
            lambda path=path: load_bundle(path, digest="0" * 64),
        ):
            with pytest.raises(DiscernError, match="no checksums"):
                refused()


def test_what_would_unpack_to_far_more_than_a_bundle_is_refused_before(folder, monkeypatch):
    from concepts.bundle import load

    monkeypatch.setattr(load, "MOST_UNPACKED", 10_000)
    for path in both(folder):
        with pytest.raises(DiscernError, match="unpacks to more than"):
            load_bundle(path)


def test_sha256sum_reads_the_checksums_and_says_the_digest_of_the_list(folder):
    for path in both(folder):
        assert bundle_digest(path) == bundle_digest(folder)
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("there is no sha256sum on this system")
    whole, digest = (
        subprocess.run([tool, *which], cwd=folder, capture_output=True, text=True, check=True).stdout
        for which in (("--check", "--strict", CHECKSUMS_FILE), (CHECKSUMS_FILE,))
    )
    assert whole.count(": OK") == len(list(folder.iterdir())) - 1
    assert digest.split()[0] == bundle_digest(folder)


def test_a_pinned_bundle_is_loaded_only_as_it_was(folder):
    digest = bundle_digest(folder)
    for path in both(folder):
        assert load_bundle(path, digest=digest).columns == ("messy room",)
        assert load_bundle(path, digest=digest.upper()).columns == ("messy room",)
    for none in ("", "abc", "g" * 64):
        with pytest.raises(DiscernError, match="64"):
            load_bundle(folder, digest=none)
    other_weights(folder)
    for refused in (load_bundle, partial(load_bundle, digest=digest), bundle_digest):
        with pytest.raises(ChangedBundleError, match=r"head\.safetensors has changed"):
            refused(folder)
    sums_again(folder)  # as who tampers with it would
    for path in both(folder):
        load_bundle(path)
        with pytest.raises(DiscernError, match="is not the bundle with the digest"):
            load_bundle(path, digest=digest)


def one_more(folder: Path, name: str, content: str = "print('something else')") -> None:
    """A file in the folder or below it."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content)


def test_whatever_else_is_there_is_named_and_takes_its_digest_from_a_bundle(folder):
    digest = bundle_digest(folder)
    for name in ("PIL/__init__.py", "__pycache__/a.pyc", "more.safetensors", "my notes.txt", "numpy.py"):
        one_more(folder, name)
    all_of_it = ["PIL/", "more.safetensors", "my notes.txt", "numpy.py", "__pycache__/"]
    runs = [f"{name} has no checksum" for name in all_of_it[:-1]]  # the last is nothing that Discern runs
    said = [f"{name} has no checksum" for name in all_of_it]
    for path in both(folder):
        for refused, why in (
            (bundle_digest, said),
            (partial(load_bundle, digest=digest), said),
            (load_bundle, runs),
        ):
            with pytest.raises(ChangedBundleError) as caught:
                refused(path)
            assert caught.value.differences == why
        assert check_bundle(path).problems == tuple(said)
        assert load_bundle(path, accept_changed=True).columns == ("messy room",)


def test_a_pinned_bundle_stays_whole_when_its_classify_runs(folder):
    assert python("classify.py", "--help", cwd=folder).returncode == 0
    assert bundle_digest(folder) == bundle_digest(folder.with_name("messy.zip"))


def test_an_empty_folder_and_a_dead_link_are_no_part_of_a_pinned_bundle(folder):
    digest = bundle_digest(folder)
    (folder / "numpy").mkdir()
    (folder / "reader.py").symlink_to(folder / "nowhere")
    with pytest.raises(ChangedBundleError) as caught:
        load_bundle(folder, digest=digest)
    assert caught.value.differences == ["numpy/ has no checksum", "reader.py/ has no checksum"]


@pytest.mark.parametrize("name", ["classify.py", "other/numpy.py", "other/"])
def test_what_a_zip_holds_outside_of_its_bundle_is_no_part_of_it(folder, name):
    digest = bundle_digest(folder)
    path = zipped(folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "" if name.endswith("/") else "print('something else')")
    for refused in (lambda: bundle_digest(path), lambda: load_bundle(path, digest=digest)):
        with pytest.raises(ChangedBundleError) as caught:
            refused()
        assert caught.value.differences == [f"../{name.removesuffix('/')} has no checksum"]


def test_a_zip_with_one_file_under_two_spellings_is_refused(folder):
    path = zipped(folder)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("messy/./classify.py", "print('something else')")
    with pytest.raises(DiscernError, match="two files of one name"):
        load_bundle(path)


# Python puts the folder of a script, or with -m the one it is run in, before all others.
@pytest.mark.parametrize(
    ("within", "run"), [(False, ["messy/classify.py"]), (True, ["classify.py"]), (True, ["-m", "classify"])]
)
def test_what_somebody_put_into_the_folder_is_refused_and_never_run(
    folder: Path, tmp_path: Path, within: bool, run: list[str]
) -> None:
    picture, mark = tmp_path / "one.png", tmp_path / "it-ran"
    draw("ellipse", 1).save(picture)
    put = ["PIL/", "__future__.py", "json.py", "more.safetensors", "numpy.py", "reading/"]
    for name in put:
        one_more(folder, f"{name}__init__.py" if name.endswith("/") else name, f"open({str(mark)!r}, 'w')")
    place = folder if within else folder.parent
    done = python(*run, str(picture), cwd=place)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    assert [name for name in put if f"{name} has no checksum" not in done.stderr] == []
    assert "Take away what isn’t its own" in done.stderr
    assert python(*run, str(picture), "--accept-changed", cwd=place).returncode == 0
    assert not mark.exists()


def test_what_was_compiled_before_is_never_run(folder: Path, tmp_path: Path) -> None:
    """Python would take it for the file itself, by its time and size."""
    picture, mark, source = tmp_path / "one.png", tmp_path / "it-ran", folder / "reading.py"
    draw("ellipse", 1).save(picture)
    whole, times = source.read_bytes(), (source.stat().st_atime_ns, source.stat().st_mtime_ns)
    source.write_text(f"open({str(mark)!r}, 'w')".ljust(len(whole)))
    os.utime(source, ns=times)
    py_compile.compile(str(source), doraise=True)
    source.write_bytes(whole)
    os.utime(source, ns=times)
    assert python("classify.py", str(picture), cwd=folder).returncode == 0
    assert not mark.exists()


def test_its_scorer_and_code_that_imports_it_run_nothing_that_lies_beside(
    folder: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "embeddings.npy", np.eye(3, 8))
    for name in ("numpy.py", "json.py", "__future__.py"):
        (folder / name).write_text("raise SystemExit('it ran')")
    done = python("scorer.py", str(tmp_path / "embeddings.npy"), cwd=folder)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 4), done.stderr
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import classify; print(sys.path[0])\n"
    done = python("-c", f"{code}classify.Classifier()", cwd=tmp_path)  # finds what it found before
    assert done.stdout == f"{folder}\n"
    assert "ChangedError: this folder is not as it was written: __future__.py has no checksum" in done.stderr


def test_a_whole_bundle_has_no_problems_as_folder_and_as_zip(folder, facts):
    for path in (folder, folder.with_name("messy.zip")):
        found = check_bundle(path)
        assert found.problems == ()
        assert found.checksums == len(found.files) - 1
        assert found.scores_pictures
        assert [(one.name, one.version) for one in found.concepts] == [("messy room", 2)]
        assert found.fingerprint == facts.encoder.fingerprint
        assert all(file.what for file in found.files)


def test_a_damaged_graph_and_one_of_another_classifier_are_named(folder, tmp_path, small_graph):
    other = make_head(range(8), threshold=0.9)
    another = write_one(tmp_path / "other", other, make_facts(other), None, small_graph)
    whole = (folder / "classifier.onnx").read_bytes()
    (folder / "classifier.onnx").write_bytes((another / "classifier.onnx").read_bytes())
    assert "classifier.onnx is of another classifier than head.json" in check_bundle(folder).problems
    (folder / "classifier.onnx").write_bytes(whole[: len(whole) // 2])
    assert any("doesn't load" in problem for problem in check_bundle(folder).problems)
