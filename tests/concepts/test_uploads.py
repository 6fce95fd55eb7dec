"""Files from a browser: names, sizes and places."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import DiscernError
from concepts.library.uploads import Uploads, safe_name, typed_paths
from storage.pictures import sources
from storage.pictures.files import Source
from storage.pictures.formats import PICTURE_SUFFIXES
from storage.uploads import uploads_at


async def _chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _save(uploads: Uploads, batch: str, name: str, content: bytes, size: int | None = None) -> str:
    announced = len(content) if size is None else size
    saving = uploads.save(batch, name, announced, _chunks(content[:3], content[3:]))
    with ThreadPoolExecutor(1) as own_thread:  # tests in a browser leave a loop running in this one
        return own_thread.submit(asyncio.run, saving).result()


@given(st.text(max_size=300), st.sampled_from(sorted(PICTURE_SUFFIXES | {".zip"})))
def test_a_safe_name_is_one_visible_file_of_that_kind_whatever_was_sent(stem: str, suffix: str) -> None:
    name = safe_name(stem + suffix)
    assert Path(name).name == name
    assert Path(name).suffix == suffix
    assert not name.startswith(".")
    assert len(name.encode()) <= 255
    assert name.isprintable()


def test_folders_in_a_name_are_dropped() -> None:
    assert safe_name("../../etc/passwd.png") == "passwd.png"
    assert safe_name("C:\\Users\\ana\\sea.JPG") == "sea.jpg"


@pytest.mark.parametrize("name", ["notes.txt", "run.sh", "png", "list.csv", ".zip/evil.svg", "a.jpg.exe"])
def test_what_is_neither_picture_nor_archive_is_refused(name: str) -> None:
    with pytest.raises(DiscernError, match="neither a picture"):
        safe_name(name)


@pytest.fixture(params=["folder", "bucket"])
def uploads(request: pytest.FixtureRequest, tmp_path: Path) -> Uploads:
    store = ""
    if request.param == "bucket":
        store = f"s3://{request.getfixturevalue('s3').new_bucket()}/discern"
    return Uploads(uploads_at(tmp_path / "home", store))


def _found(uploads: Uploads, batch: str) -> dict[str, bytes]:
    """Place → bytes of what a batch adds."""
    found = [file for file in sources.walk(uploads.paths(batch)) if isinstance(file, Source)]
    return {file.uri: sources.read(file.uri) for file in found}


def test_two_files_of_one_name_are_both_kept(uploads: Uploads) -> None:
    batch = uploads.begin()
    for name, content in (("one/a.png", b"first one"), ("two/a.png", b"second one")):
        assert _save(uploads, batch, name, content) in ("a.png", "a-2.png")
    assert sorted(_found(uploads, batch).values()) == [b"first one", b"second one"]


def test_the_second_file_of_a_name_in_a_folder_is_called_otherwise(tmp_path: Path) -> None:
    uploads = Uploads(uploads_at(tmp_path, ""))
    batch = uploads.begin()
    assert [_save(uploads, batch, "a.png", content) for content in (b"one", b"two")] == ["a.png", "a-2.png"]


def test_what_was_uploaded_is_known_as_that_and_can_be_taken_away(uploads: Uploads, tmp_path: Path) -> None:
    batch = uploads.begin()
    _save(uploads, batch, "a.png", b"bytes")
    (place,) = _found(uploads, batch)
    mine = tmp_path / "a.png"
    mine.write_bytes(b"bytes")
    for other in (str(mine), f"{place}/../../../a.png", "s3://pictures/a.png"):
        assert uploads.kept.forget(other) == 0
    assert uploads.kept.has(place)
    assert uploads.kept.forget(place) == 5
    assert mine.is_file()
    with pytest.raises(DiscernError, match="None of the files"):
        uploads.paths(batch)


@pytest.mark.parametrize("announced", [4, 400])
def test_a_file_that_is_not_as_long_as_announced_leaves_nothing_behind(
    tmp_path: Path, announced: int
) -> None:
    uploads = Uploads(uploads_at(tmp_path, ""))
    batch = uploads.begin()
    with pytest.raises(DiscernError, match="did not arrive whole"):
        _save(uploads, batch, "a.png", b"ten bytes!", announced)
    assert list((tmp_path / "uploads" / batch).iterdir()) == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    uploads = Uploads(uploads_at(tmp_path, ""))
    with pytest.raises(DiscernError, match="at most 512 MB"):
        _save(uploads, uploads.begin(), "a.png", b"x", 513 * 1024**2)


def test_archives_are_added_beside_the_folder_they_are_in(uploads: Uploads) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("inside.png", b"packed")
    batch = uploads.begin()
    _save(uploads, batch, "a.png", b"bytes")
    _save(uploads, batch, "b.zip", archive.getvalue())
    found = _found(uploads, batch)
    assert sorted(found.values()) == [b"bytes", b"packed"]
    assert any(place.endswith("/b.zip!/inside.png") for place in found)


@pytest.mark.parametrize("batch", ["", "..", "../../etc", "20260101-000000-0123456789ab/..", "a" * 28])
def test_no_other_folder_can_be_named_as_a_batch(tmp_path: Path, batch: str) -> None:
    with pytest.raises(DiscernError, match="no batch"):
        Uploads(uploads_at(tmp_path, "")).paths(batch)


def test_typed_paths_are_checked_before_anything_begins(tmp_path: Path) -> None:
    assert typed_paths(f'\n "{tmp_path}" \n\n{tmp_path}/../{tmp_path.name}\n') == [
        tmp_path,
        tmp_path / ".." / tmp_path.name,
    ]
    refused = {
        f"{tmp_path}/none": "isn't there",
        "some/where": "no full path",
        " ": "Write",
        "~nobody of that name/pictures": "nobody's folder",
        "s3://pictures/../others": "no place in a bucket",
    }
    for text, reason in refused.items():
        with pytest.raises(DiscernError, match=reason):
            typed_paths(text)
