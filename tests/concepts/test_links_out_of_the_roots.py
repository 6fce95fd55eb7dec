"""Links inside an allowed folder lead nowhere else: one way of resolving, at check and at use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.errors import NotAllowedError
from concepts.results.library import browse, folders_within, import_pictures, list_bad_files, picture_detail
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from storage.errors import BadPictureError
from storage.pictures import sources


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "root" / "own", 3, first_seed=100).parent


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "secret", 3)


@pytest.fixture
def bench(tmp_path: Path, root: Path, tiny_open_clip: Path) -> Iterator[App]:
    encoder = f"local-dir:{tiny_open_clip}"
    bench = open_app(Settings(home=tmp_path / "home", encoder=encoder, allowed_roots=str(root)))
    yield bench
    bench.close()


def test_links_inside_are_followed_and_others_skipped_and_named(bench: App, root: Path, secret: Path) -> None:
    (root / "folder").symlink_to(secret)
    (root / "own" / "file.png").symlink_to(secret / "ellipse-0000.png")
    (root / "own" / "other.png").symlink_to(root / "own" / "ellipse-0000.png")
    (root / "again").symlink_to(root / "own")
    shutil.make_archive(str(secret / "archive"), "zip", secret)
    (root / "archive.zip").symlink_to(secret / "archive.zip")
    bench.jobs.resume(import_pictures(bench, [root], confined=True).id)  # as the app adds
    added = [picture_detail(bench, picture.id) for picture in browse(bench, limit=100).pictures]
    names = {Path(place).name for picture in added for place in picture.places}
    assert names == {"ellipse-0000.png", "rectangle-0001.png", "line-0002.png", "other.png"}
    bad = [file.path for file in list_bad_files(bench)]
    assert {Path(path).name for path in bad} == {"folder", "file.png"}
    assert not any(str(secret) in path for path in bad)
    with pytest.raises(NotAllowedError):
        import_pictures(bench, [root / "archive.zip"], confined=True)


def test_folders_are_offered_from_the_roots_on_and_nowhere_else(bench: App, root: Path, secret: Path) -> None:
    (root / ".hidden").mkdir()
    (root / "Link").symlink_to(secret)
    app = bench
    assert folders_within(app) == [root]
    assert folders_within(app, str(root)) == [root / "Link", root / "own"]
    assert folders_within(app, str(root / "own")) == []
    for outside in (secret, root / "Link", root.parent, Path("/")):
        with pytest.raises(NotAllowedError):
            folders_within(app, str(outside))


def test_dots_behind_a_link_are_resolved_as_by_the_system(bench: App, root: Path, secret: Path) -> None:
    (secret / "inner").mkdir()
    (root / "link").symlink_to(secret / "inner")
    for path in (root / "link" / "..", root / "link" / ".." / "ellipse-0000.png", root / ".." / "secret"):
        with pytest.raises(NotAllowedError):
            import_pictures(bench, [path], confined=True)
    (file,) = sources.walk([root / "link" / ".." / "ellipse-0000.png"])
    assert file.uri == str(secret / "ellipse-0000.png")


def test_a_link_that_is_turned_after_the_check_is_not_followed(bench: App, root: Path, secret: Path) -> None:
    turned = root / "turned"
    turned.symlink_to(root / "own")
    job = import_pictures(bench, [turned], confined=True).id
    turned.unlink()
    turned.symlink_to(secret)
    bench.jobs.resume(job)
    assert {Path(p.path).parent for p in browse(bench, limit=100).pictures} == {root / "own"}


def test_what_is_opened_is_looked_at_once_more(root: Path, secret: Path) -> None:
    """A folder of the path may be turned while the file is being opened."""
    looks = iter([True, False])
    with pytest.raises(BadPictureError, match="out of the folders"):
        sources.read(str(root / "own" / "ellipse-0000.png"), lambda place: next(looks))
