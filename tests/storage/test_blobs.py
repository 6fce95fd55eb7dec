"""Keys → bytes: every place where bytes are kept keeps the same promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from s3_service import Service

from storage.blobs import Blobs, BucketBlobs, FolderBlobs, LayeredBlobs
from storage.errors import StorageError, UnknownError
from storage.pictures.hashing import picture_id
from storage.pictures.resizing import thumbnail
from storage.pictures.thumbnails import ThumbnailStore

KEY = "ab/cd/abcd.webp"
PLACES: dict[str, Callable[[Path], Blobs]] = {
    "folder": FolderBlobs,
    "layered": lambda folder: LayeredBlobs(FolderBlobs(folder / "own"), FolderBlobs(folder / "below")),
}


@pytest.fixture(params=[*PLACES, "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "bucket":
        service: Service = request.getfixturevalue("s3")
        return BucketBlobs(f"s3://{service.new_bucket()}/a/place")
    return PLACES[request.param](tmp_path / "blobs")


def test_what_was_written_last_reads_back_until_it_is_deleted(blobs: Blobs) -> None:
    assert not blobs.exists(KEY)
    for content in (b"old, and longer", b"webp"):
        blobs.write(KEY, content)
        assert blobs.exists(KEY)
        assert blobs.read(KEY) == content
    assert not blobs.exists("ab/cd/other.webp")
    with pytest.raises(FileNotFoundError, match="other"):
        blobs.read("ab/cd/other.webp")
    assert (blobs.delete(KEY), blobs.exists(KEY), blobs.delete(KEY)) == (4, False, 0)


def test_keys_are_those_of_all_that_is_kept(blobs: Blobs) -> None:
    assert list(blobs.keys()) == []
    written = ["b/1.webp", "b/2.webp", KEY, "top"]
    for key in (*written, KEY):
        blobs.write(key, b"webp")
    assert sorted(blobs.keys()) == sorted(written)


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../up", "ab/../../up", "ab//cd", ".hidden", "ab/.hidden", "ab\n", "ab/", "a\0b"],
)
def test_what_is_no_key_is_refused_by_every_method(blobs: Blobs, key: str) -> None:
    for act in (blobs.exists, blobs.read, blobs.delete, lambda wrong: blobs.write(wrong, b"")):
        with pytest.raises(ValueError, match="is no key"):
            act(key)


def test_a_write_that_fails_keeps_the_old_bytes_and_leaves_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = FolderBlobs(tmp_path)
    blobs.write(KEY, b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="is full"):
        blobs.write(KEY, b"new")
    assert blobs.read(KEY) == b"old"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / KEY]


# Thumbnails


ID = picture_id(b"a picture")


@pytest.fixture
def store(tmp_path):
    return ThumbnailStore(FolderBlobs(tmp_path))


def test_a_thumbnail_reads_back_from_two_levels_of_folders(store, tmp_path):
    assert not store.exists(ID)
    with pytest.raises(UnknownError, match="no thumbnail"):
        store.read(ID)
    webp = thumbnail(Image.new("RGB", (9, 9)))
    store.write(ID, webp)
    assert store.exists(ID)
    assert store.read(ID) == webp
    assert list(tmp_path.rglob("*.webp")) == [tmp_path / ID[:2] / ID[2:4] / f"{ID}.webp"]


@pytest.mark.parametrize("damage", [lambda webp: webp[:-3], lambda webp: b"", lambda webp: b"webp"])
def test_half_a_thumbnail_is_none(store, damage):
    store.write(ID, damage(thumbnail(Image.new("RGB", (9, 9)))))
    with pytest.raises(UnknownError, match="damaged"):
        store.read(ID)


@pytest.mark.parametrize(
    "name", ["", "../" * 20 + "etc/passwd", ID.upper(), ID + "\n", ID[:-1], "g" * 64, f"../{ID}"]
)
def test_what_is_no_id_is_refused_by_every_method(store, tmp_path, name):
    for act in (store.exists, store.read, lambda wrong: store.write(wrong, b"")):
        with pytest.raises(UnknownError, match="not a picture's id"):
            act(name)
    assert not list(tmp_path.iterdir())
