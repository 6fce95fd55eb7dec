from __future__ import annotations

from pathlib import Path

import pytest

from storage.errors import StorageError, UnknownPictureError
from storage.pictures.hashing import picture_id
from storage.pictures.thumbnails import ThumbnailStore

ID = picture_id(b"a picture")


def test_a_thumbnail_reads_back(tmp_path):
    store = ThumbnailStore(tmp_path / "thumbnails")
    assert not store.exists(ID)
    store.write(ID, b"webp")
    assert store.exists(ID)
    assert store.read(ID) == b"webp"


def test_thumbnails_are_spread_over_two_levels_of_folders(tmp_path):
    assert ThumbnailStore(tmp_path).path(ID) == tmp_path / ID[:2] / ID[2:4] / f"{ID}.webp"


def test_writing_again_replaces_and_leaves_no_other_file(tmp_path):
    store = ThumbnailStore(tmp_path)
    store.write(ID, b"old")
    store.write(ID, b"new")
    assert store.read(ID) == b"new"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(ID)]


def test_a_write_that_fails_keeps_the_old_thumbnail_and_leaves_no_other_file(tmp_path, monkeypatch):
    store = ThumbnailStore(tmp_path)
    store.write(ID, b"old")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match="No space left"):
        store.write(ID, b"new")
    assert store.read(ID) == b"old"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(ID)]


def test_an_unknown_picture_is_an_error(tmp_path):
    with pytest.raises(UnknownPictureError, match="no thumbnail"):
        ThumbnailStore(tmp_path).read(ID)


@pytest.mark.parametrize(
    "name", ["", "../" * 20 + "etc/passwd", ID.upper(), ID + "\n", ID[:-1], "g" * 64, f"../{ID}"]
)
def test_what_is_no_id_is_refused_by_every_method(tmp_path, name):
    store = ThumbnailStore(tmp_path)
    for act in (store.path, store.exists, store.read, lambda wrong: store.write(wrong, b"")):
        with pytest.raises(UnknownPictureError, match="not a picture's id"):
            act(name)
    assert not list(tmp_path.iterdir())
