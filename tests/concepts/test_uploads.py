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
    with pytest.raises(DiscernError, match="isn’t a picture"):
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


def test_two_files_of_one_name_are_both_kept_and_archives_beside_them(uploads: Uploads) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("inside.png", b"packed")
    batch = uploads.begin()
    contents = {"one/a.png": b"first one", "two/a.png": b"second one", "b.zip": archive.getvalue()}
    names = [_save(uploads, batch, name, content) for name, content in contents.items()]
    assert names[0] == "a.png"
    assert names[1] in ("a.png", "a-2.png")
    found = _found(uploads, batch)
    assert sorted(found.values()) == [b"first one", b"packed", b"second one"]
    assert any(place.endswith("/b.zip!/inside.png") for place in found)


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


@pytest.mark.parametrize(
    ("announced", "why"),
    [(4, "did not arrive whole"), (400, "did not arrive whole"), (513 * 1024**2, "at most 512 MB")],
)
def test_a_file_that_is_too_large_or_not_as_long_as_announced_leaves_nothing_behind(
    tmp_path: Path, announced: int, why: str
) -> None:
    uploads = Uploads(uploads_at(tmp_path, ""))
    batch = uploads.begin()
    with pytest.raises(DiscernError, match=why):
        _save(uploads, batch, "a.png", b"ten bytes!", announced)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("batch", ["", "..", "../../etc", "20260101-000000-0123456789ab/..", "a" * 28])
def test_no_other_folder_can_be_named_as_a_batch(tmp_path: Path, batch: str) -> None:
    with pytest.raises(DiscernError, match="no batch"):
        Uploads(uploads_at(tmp_path, "")).paths(batch)


def test_typed_paths_are_checked_before_anything_begins(tmp_path: Path) -> None:
    written = f'\n "{tmp_path}" \n\n{tmp_path}/../{tmp_path.name}\n'
    assert typed_paths(written) == [tmp_path, tmp_path / ".." / tmp_path.name]
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
