"""Vectors, small pictures and uploads in a bucket (DISCERN_STORE), and pictures that are read from one."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answering import answer_next
from drawing import draw_folder
from s3_service import SECRET, Service

from concepts.errors import BucketError, DiscernError, NotAllowedError, SettingsError, UnknownError
from concepts.installation.jobs import backup_of
from concepts.labelling.mining import mine
from concepts.library.collection import collection_of
from concepts.library.renditions import renditions_of
from concepts.library.roots import check_roots, within_roots
from concepts.results.concepts import begin_concept
from concepts.results.heads import head_of, scores_of
from concepts.results.library import (
    browse,
    import_pictures,
    library_info,
    look_after,
    picture_detail,
    search_library,
    thumbnail_of,
)
from concepts.results.trained import train
from concepts.results.trash import empty_trash, put_into_trash
from concepts.results.watching import begin_watching
from concepts.rooms import open_app
from concepts.settings import Settings, load_settings
from concepts.use_cases import App, Concept
from storage import buckets

NAME = "Round thing"


@pytest.fixture
def bucket(s3: Service, tmp_path: Path) -> str:
    """Its name; with 30 pictures under `pictures/`."""
    name = s3.new_bucket()
    for file in sorted(draw_folder(tmp_path / "drawn", 30).iterdir()):
        s3.put(f"{name}/pictures/{file.name}", file.read_bytes())
    return name


Opened = Callable[[str], App]


@pytest.fixture
def opened(
    bucket: str, tmp_path: Path, tiny_open_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opened]:
    """The same installation as a computer of this name has it: over one database and one bucket."""
    benches: list[App] = []
    monkeypatch.setenv("DISCERN_STORE", f"s3://{bucket}/kept")
    monkeypatch.setenv("DISCERN_DATABASE_URL", f"sqlite:///{tmp_path}/database/discern.sqlite")

    def open_it(computer: str) -> App:
        bench = open_app(load_settings(home=tmp_path / computer, encoder=f"local-dir:{tiny_open_clip}"))
        benches.append(bench)
        return bench

    yield open_it
    for bench in benches:
        bench.close()


def add(bench: App, bucket: str) -> int:
    return import_pictures(bench, [Path(f"s3://{bucket}/pictures")]).wait().added


def test_another_computer_with_nothing_of_its_own_goes_on_where_the_first_stopped(
    opened: Opened, bucket: str, tmp_path: Path
) -> None:
    first = opened("first")
    assert add(first, bucket) == 30
    assert add(first, bucket) == 0  # unchanged by size and time
    concept = begin_concept(first, NAME, "A filled ellipse, not a rectangle.")
    concept.begin(mine).wait()
    asked = answer_next(concept, 12)
    assert all(picture_detail(first, one).places[0].startswith(f"s3://{bucket}/pictures/") for one in asked)
    assert concept.begin(train).wait().number == 1
    scores = scores_of(first.concept_of(concept.id), head_of(concept))
    newest = [picture.id for picture in browse(first, limit=100).pictures]
    small = {i: thumbnail_of(first, i) for i in newest}
    found = search_library(first, None, like=newest[:1])
    first.close()
    on_disk = {path.name for path in (tmp_path / "first").iterdir()}
    assert not on_disk & {"thumbnails", "uploads", "discern.sqlite"}
    assert not list((tmp_path / "first").rglob("*.lance"))
    shutil.rmtree(tmp_path / "first")

    second = opened("second")
    collection_of(second).look()
    assert not collection_of(second).damage
    assert [picture.id for picture in browse(second, limit=100).pictures] == newest
    assert {i: thumbnail_of(second, i) for i in newest} == small
    assert search_library(second, None, like=newest[:1]) == found
    again = scores_of(second.concept_of(concept.id), head_of(second.concept(NAME)))
    assert again.probability.top(30) == scores.probability.top(30)
    assert renditions_of(second).read(newest[0]).whole
    assert look_after(second).wait().is_whole


def test_a_bucket_that_refuses_stops_adding_is_told_at_a_start_and_loses_nothing(
    opened: Opened, bucket: str, s3: Service
) -> None:
    bench = opened("first")
    s3.refuse()
    with pytest.raises(BucketError, match="access is refused") as refused:
        add(bench, bucket)
    assert "AWS_ACCESS_KEY_ID" in refused.value.advice("in_terminal")
    s3.let_in()
    assert add(bench, bucket) == 30
    bench = opened("second")  # nothing of the bucket is in its memory
    s3.refuse()
    collection_of(bench).look()  # and has nothing mended
    assert "access is refused" in library_info(bench).damage
    s3.let_in()
    assert look_after(bench).wait().is_whole
    assert library_info(bench).bad_files == 0


def test_what_was_in_a_bucket_that_vanished_is_made_again(
    opened: Opened, bucket: str, s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = opened("first")
    import_pictures(bench, [tmp_path / "drawn"]).wait()
    newest = browse(bench, limit=30).pictures
    s3.remove_bucket(bucket)
    with pytest.raises(BucketError, match="doesn't exist") as gone:
        thumbnail_of(bench, newest[0].id)
    assert "DISCERN_STORE" in gone.value.advice("in_terminal")
    monkeypatch.setenv("DISCERN_STORE", f"s3://{s3.new_bucket()}/kept")
    again = opened("first")
    assert look_after(again, repair=True).wait().is_whole
    assert all(thumbnail_of(again, picture.id) for picture in newest)


def test_a_small_picture_is_asked_for_once_until_anybody_takes_it_away_for_good(
    opened: Opened, bucket: str, s3: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = opened("first"), opened("second")
    add(here, bucket)
    newest = [picture.id for picture in browse(here, limit=30).pictures]
    asked: list[str] = []
    read = buckets.read
    monkeypatch.setattr(buckets, "read", lambda uri: asked.append(uri) or read(uri))
    first = [thumbnail_of(there, picture) for picture in newest]
    assert [thumbnail_of(there, picture) for picture in newest] == first
    assert len(asked) == 30
    put_into_trash(here, pictures=[*newest[:1]], author="ana")
    assert thumbnail_of(there, newest[0]) == first[0]  # as it lies in the bin
    here.begin(empty_trash, author="ana").wait()
    with pytest.raises(UnknownError):
        thumbnail_of(there, newest[0])
    kept = s3.kept(f"{bucket}/kept")
    assert not [p for p, content in kept.items() if newest[0] in p or newest[0].encode() in content]
    assert sum("/thumbnails/" in place for place in kept) == 29
    assert len(s3.kept(f"{bucket}/pictures")) == 30  # a person's own files are theirs


def test_a_backup_says_what_is_in_the_bucket_and_brings_the_small_pictures(
    opened: Opened, bucket: str, s3: Service
) -> None:
    bench = opened("first")
    add(bench, bucket)
    content = b"".join(backup_of(bench, thumbnails=True))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        read_me = archive.read("README.txt").decode()
    assert f"DISCERN_STORE=s3://{bucket}/kept" in read_me
    assert sum(name.startswith("thumbnails/") for name in names) == 30
    assert SECRET not in read_me


@pytest.mark.parametrize("store", ["gs://a/b", "/srv/kept", "s3://bucket", "s3://bucket/../other", "s3://"])
def test_a_store_that_is_no_folder_of_a_bucket_is_refused_and_a_demo_has_none(store: str) -> None:
    with pytest.raises(SettingsError, match="store"):
        load_settings(store=store)
    with pytest.raises(SettingsError, match="DISCERN_STORE"):
        load_settings(store="s3://bucket/kept", demo=True)


def test_no_key_of_the_bucket_is_shown_or_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    settings = load_settings(home=tmp_path, store="s3://bucket/kept")
    assert SECRET in settings.secrets  # which are taken out of logs and of what jobs say
    assert SECRET not in f"{settings!r} {json.dumps(settings.model_dump(mode='json'))}"


def test_buckets_are_allowed_as_folders_are(tmp_path: Path) -> None:
    def rooted(roots: str) -> Settings:
        return Settings(home=tmp_path, host="0.0.0.0", allowed_roots=roots, store="s3://kept/here")

    settings = rooted(f"s3://open/a:{tmp_path}/mine:s3://other")
    within = within_roots(settings)
    for place in ("s3://open/a/b.png", "s3://other/c.png", f"{tmp_path}/mine/d.png"):
        assert within(place)
    assert within("s3://kept/here/uploads/20260101/e.png")
    for place in ("s3://open/ab/b.png", "s3://open/b.png", "s3://kept/here/vectors/x", "/open/a/b.png"):
        assert not within(place)
    assert check_roots([Path("s3://open/a")], settings)
    with pytest.raises(NotAllowedError, match=r"s3://open/b is outside .*s3://open/a, "):
        check_roots([Path("s3://open/b")], settings)
    with pytest.raises(NotAllowedError):
        check_roots([Path("s3://open/a")], rooted(""))


def test_a_folder_of_a_bucket_is_not_watched(concept: Concept) -> None:
    with pytest.raises(DiscernError, match="only folders of this computer can be watched"):
        begin_watching(concept, Path("s3://open/pictures"), author="ana")
