"""A bundle that isn't as it was written is refused before anything of it is used; a pinned one cannot be
another."""

from __future__ import annotations

import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundles import sums_again
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


def flipped(file: Path) -> None:
    """The same file with one bit changed."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def other_weights(folder: Path) -> None:
    tensors = load_file(folder / "head.safetensors")
    save_file({name: -tensor for name, tensor in tensors.items()}, folder / "head.safetensors")


def of_format_1(tmp_path: Path) -> Path:
    with zipfile.ZipFile(GOLDEN / "format-1.zip") as archive:
        archive.extractall(tmp_path / "old")
    return tmp_path / "old" / "messy-room"


@pytest.mark.parametrize("name", ["head.json", "head.safetensors", "classifier.onnx", "scores.svg"])
def test_a_changed_file_is_named_and_nothing_is_loaded(folder, name):
    flipped(folder / name)
    for path in both(folder):
        with pytest.raises(ChangedBundleError, match=f"{path.name} has changed since .*: {name} has"):
            load_bundle(path)


def test_weights_that_would_load_are_refused_where_the_list_has_others(folder):
    other_weights(folder)
    with pytest.raises(ChangedBundleError, match=r"head\.safetensors has changed"):
        load_bundle(folder)


def test_missing_files_are_named_with_what_changed(folder):
    (folder / "README.md").unlink()
    flipped(folder / "scorer.py")
    for path in both(folder):
        with pytest.raises(ChangedBundleError) as caught:
            load_bundle(path)
        assert caught.value.differences == ["README.md is missing", "scorer.py has changed"]


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


def test_a_file_that_is_read_has_to_be_in_the_list(folder):
    lines = (folder / CHECKSUMS_FILE).read_text().splitlines(keepends=True)
    (folder / CHECKSUMS_FILE).write_text("".join(one for one in lines if "head.json" not in one))
    with pytest.raises(ChangedBundleError, match=r"head\.json has no checksum"):
        load_bundle(folder)


def test_a_list_that_cannot_be_read_is_a_change(folder):
    (folder / CHECKSUMS_FILE).write_bytes(b"\xff\xfe nothing")
    with pytest.raises(ChangedBundleError, match="SHA256SUMS can't be read"):
        load_bundle(folder)


def test_whoever_accepts_the_change_loads_it(folder, head):
    other_weights(folder)
    (folder / "README.md").unlink()
    for path in both(folder):
        assert np.array_equal(load_bundle(path, accept_changed=True).head.weights, -head.weights)


def test_a_change_that_is_accepted_is_still_no_bundle_where_it_is_none(folder):
    (folder / "head.json").write_text("{")
    with pytest.raises(DiscernError, match=r"head\.json is not JSON"):
        load_bundle(folder, accept_changed=True)


@pytest.mark.parametrize("name", ["format-1.zip", "format-2.zip"])
def test_bundles_of_every_format_are_compared_with_their_checksums(tmp_path, name):
    shutil.copy(GOLDEN / name, tmp_path)
    with zipfile.ZipFile(tmp_path / name) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "messy-room"
    assert load_bundle(folder).columns == load_bundle(tmp_path / name).columns == ("messy room",)
    flipped(folder / "scores.png")
    with pytest.raises(ChangedBundleError, match=r"scores\.png has changed"):
        load_bundle(folder)


def test_a_bundle_from_before_there_were_checksums_loads(tmp_path):
    folder = of_format_1(tmp_path)
    (folder / CHECKSUMS_FILE).unlink()
    for path in both(folder):
        assert load_bundle(path).columns == ("messy room",)
        assert check_bundle(path).problems == ()


def test_a_bundle_that_has_lost_its_checksums_is_refused(folder):
    (folder / CHECKSUMS_FILE).unlink()
    for path in both(folder):
        with pytest.raises(ChangedBundleError, match="SHA256SUMS is missing"):
            load_bundle(path)
        assert load_bundle(path, accept_changed=True).columns == ("messy room",)
        assert check_bundle(path).problems == ("SHA256SUMS is missing",)


def test_what_would_unpack_to_far_more_than_a_bundle_is_refused_before(folder, monkeypatch):
    from concepts.bundle import load

    monkeypatch.setattr(load, "MOST_UNPACKED", 10_000)
    for path in both(folder):
        with pytest.raises(DiscernError, match="unpacks to more than"):
            load_bundle(path)


def test_the_digest_is_what_sha256sum_says_of_the_list(folder):
    for path in both(folder):
        assert bundle_digest(path) == bundle_digest(folder)
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("there is no sha256sum on this system")
    said = subprocess.run([tool, CHECKSUMS_FILE], cwd=folder, capture_output=True, text=True, check=True)
    assert said.stdout.split()[0] == bundle_digest(folder)


def test_what_was_changed_has_no_digest(folder):
    flipped(folder / "classifier.onnx")
    with pytest.raises(ChangedBundleError, match=r"classifier\.onnx has changed"):
        bundle_digest(folder)


def test_what_never_had_checksums_has_no_digest(tmp_path):
    folder = of_format_1(tmp_path)
    (folder / CHECKSUMS_FILE).unlink()
    with pytest.raises(DiscernError, match="no checksums"):
        bundle_digest(folder)
    with pytest.raises(DiscernError, match="no checksums"):
        load_bundle(folder, digest="0" * 64)


def test_a_pinned_bundle_is_loaded_only_as_it_was(folder):
    digest = bundle_digest(folder)
    for path in both(folder):
        assert load_bundle(path, digest=digest).columns == ("messy room",)
        assert load_bundle(path, digest=digest.upper()).columns == ("messy room",)
    other_weights(folder)
    sums_again(folder)  # as who tampers with it would
    for path in both(folder):
        load_bundle(path)
        with pytest.raises(DiscernError, match="is not the bundle with the digest"):
            load_bundle(path, digest=digest)


def test_a_pinned_bundle_has_to_fit_its_list_too(folder):
    digest = bundle_digest(folder)
    other_weights(folder)
    with pytest.raises(ChangedBundleError, match=r"head\.safetensors has changed"):
        load_bundle(folder, digest=digest)


def test_a_change_cannot_be_accepted_and_ruled_out(folder):
    with pytest.raises(DiscernError, match="not both"):
        load_bundle(folder, digest=bundle_digest(folder), accept_changed=True)


def one_more(folder: Path, name: str) -> None:
    """A file in the folder or below it."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("print('something else')")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my notes.txt", "my notes.txt"),
        ("numpy.py", "numpy.py"),
        ("more.safetensors", "more.safetensors"),
        ("PIL/__init__.py", "PIL/"),
        ("__pycache__/a.pyc", "__pycache__/"),
    ],
)
def test_whatever_else_is_there_is_named_and_takes_its_digest_from_a_bundle(folder, name, said):
    digest = bundle_digest(folder)
    one_more(folder, name)
    for path in both(folder):
        with pytest.raises(ChangedBundleError) as caught:
            bundle_digest(path)
        assert caught.value.differences == [f"{said} has no checksum"]
        with pytest.raises(ChangedBundleError, match=f"{said} has no checksum"):
            load_bundle(path, digest=digest)
        assert check_bundle(path).problems == (f"{said} has no checksum",)
        if said == "__pycache__/":
            continue  # nothing that Discern runs
        with pytest.raises(ChangedBundleError, match=f"{said} has no checksum"):
            load_bundle(path)
        assert load_bundle(path, accept_changed=True).columns == ("messy room",)


def test_a_pinned_bundle_stays_whole_when_its_classify_runs(folder):
    command = [sys.executable, "classify.py", "--help"]
    writes = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(command, cwd=folder, env=writes, capture_output=True, check=True)
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


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64])
def test_what_is_no_digest_is_said(folder, digest):
    with pytest.raises(DiscernError, match="64"):
        load_bundle(folder, digest=digest)


# As it is run: Python puts the folder of a script, or with -m this folder, before all others.
BY_PYTHON = {
    "from afar": ["messy/classify.py"],
    "from within": ["classify.py"],
    "-m": ["-m", "classify"],
}


def by_python(how: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *BY_PYTHON[how], *arguments]
    cwd = folder.parent if how == "from afar" else folder
    return subprocess.run(command, cwd=cwd, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)


@pytest.mark.parametrize("how", BY_PYTHON)
@pytest.mark.parametrize(
    "name",
    ["numpy.py", "json.py", "__future__.py", "PIL/__init__.py", "reading/__init__.py", "more.safetensors"],
)
def test_what_somebody_put_into_the_folder_is_refused_and_never_run(
    folder: Path, tmp_path: Path, name: str, how: str
) -> None:
    picture, mark = tmp_path / "one.png", tmp_path / "it-ran"
    draw("ellipse", 1).save(picture)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(f"open({str(mark)!r}, 'w')")
    done = by_python(how, folder, str(picture))
    said = f"{name.split('/')[0]}{'/' if '/' in name else ''} has no checksum. Take away what isn’t its own"
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    assert said in done.stderr
    assert by_python(how, folder, str(picture), "--accept-changed").returncode == 0
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
    assert by_python("from afar", folder, str(picture)).returncode == 0
    assert not mark.exists()


def test_the_scorer_of_embeddings_runs_nothing_that_lies_beside_it(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "embeddings.npy", np.eye(3, 8))
    for name in ("numpy.py", "json.py", "__future__.py"):
        (folder / name).write_text("raise SystemExit('it ran')")
    command = [sys.executable, "scorer.py", str(tmp_path / "embeddings.npy")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 4), done.stderr


def test_code_that_imports_it_finds_what_it_found_before(folder: Path, tmp_path: Path) -> None:
    (folder / "numpy.py").write_text("raise SystemExit('it ran')")
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import classify; print(sys.path[0])\n"
    command = [sys.executable, "-c", f"{code}classify.Classifier()"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"{folder}\n"
    assert "ChangedError: this folder is not as it was written: numpy.py has no checksum" in done.stderr
