from __future__ import annotations

import pytest
from PIL import Image

from storage.blobs import FolderBlobs
from storage.errors import UnknownError
from storage.pictures.hashing import picture_id
from storage.pictures.resizing import thumbnail
from storage.pictures.thumbnails import ThumbnailStore

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
