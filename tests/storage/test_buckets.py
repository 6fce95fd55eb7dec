"""Places in buckets: how they are written, what can't be reached, and what a service's refusal is called."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from s3_service import KEY, SECRET, Service

from storage import buckets
from storage.blobs import BucketBlobs
from storage.buckets import is_place, uri_of
from storage.errors import BadPictureError, BucketError, DiscernError
from storage.folders import above
from storage.pictures import archives
from storage.pictures.files import SkippedFile, Source, look_at
from storage.pictures.sources import read, walk

PARTS = st.lists(st.text("abcé ._-0", min_size=1).filter(lambda part: part not in (".", "..")), max_size=4)


@given(PARTS)
def test_a_place_is_the_same_however_many_slashes_a_path_leaves(parts: list[str]) -> None:
    uri = "/".join(["s3://pictures", *parts])
    assert uri_of(uri) == uri_of(Path(uri)) == uri_of(f"{uri}/") == uri
    assert is_place(uri)


@pytest.mark.parametrize("path", ["/home/ana", "pictures", "s3", "gs://pictures/a", "", "./s3:/pictures"])
def test_what_names_no_bucket_is_a_place_of_this_computer(path: str) -> None:
    assert uri_of(path) == ""


@pytest.mark.parametrize(
    "path",
    [
        *("s3://", "s3://a", "s3://Pictures/a", "s3://../a", "s3://pictures/a/../b", "s3://pictures/./a"),
        *("s3://pictures//a", "s3://pictures/a\nb", "s3://pic tures", "s3://ana:secret@pictures/a"),
    ],
)
def test_ways_around_and_names_of_no_bucket_are_refused(path: str) -> None:
    with pytest.raises(DiscernError, match="no place in a bucket"):
        uri_of(path)
    assert not is_place(path)


def test_a_refusal_says_so_without_a_key_and_what_was_kept_is_there_afterwards(s3: Service) -> None:
    bucket = s3.new_bucket()
    blobs = BucketBlobs(f"s3://{bucket}/thumbnails")
    acts: list[Callable[[], object]] = [
        lambda: blobs.exists("ab/abc.webp"),
        lambda: blobs.read("ab/abc.webp"),
        lambda: blobs.write("ab/abc.webp", b"webp"),
        lambda: blobs.delete("ab/abc.webp"),
        lambda: list(blobs.keys()),
        lambda: buckets.look(f"s3://{bucket}/pictures/a.png"),
        lambda: read(f"s3://{bucket}/pictures/a.png"),
        lambda: list(walk([Path(f"s3://{bucket}/pictures")])),
    ]
    blobs.write("ab/abc.webp", b"old")
    s3.refuse()
    for act in acts:
        with pytest.raises(BucketError, match="access is refused") as refused:
            act()
        assert f"s3://{bucket}/" in str(refused.value)
        assert not {word for word in (KEY, SECRET) if word in f"{refused.value!r} {refused.value}"}
    s3.let_in()
    assert blobs.read("ab/abc.webp") == b"old"
    blobs.delete("ab/abc.webp")
    s3.remove_bucket(bucket)
    for act in (acts[0], acts[2], acts[3], acts[5]):  # one that is gone is no empty one
        with pytest.raises(BucketError, match="doesn't exist"):
            act()


def test_a_service_that_is_not_there_is_told_as_that(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the discard port: nobody listens
    monkeypatch.setattr(buckets, "TRIES", 1)
    with pytest.raises(BucketError, match="doesn't answer"):
        buckets.look("s3://pictures/a.png")


# Pictures there are found and read where they are, and nothing outside of what was allowed


@pytest.fixture
def bucket(s3: Service) -> str:
    """`s3://…`, with two folders of pictures and what is none."""
    name = s3.new_bucket()
    for file in ("b/2.png", "b/10.JPG", "a/1.png", "a/.hidden.png", "a/notes.txt", "other/3.png"):
        s3.put(f"{name}/{file}", file.encode())
    return f"s3://{name}"


def uris(*paths: str) -> list[str]:
    return [file.uri for file in walk([Path(path) for path in paths])]


def test_a_folder_is_walked_in_order_and_every_file_that_is_found_reads_back(bucket: str) -> None:
    assert uris(f"{bucket}/a", f"{bucket}/b") == [f"{bucket}/{n}" for n in ("a/1.png", "b/10.JPG", "b/2.png")]
    found = list(walk([Path(bucket)]))
    assert len(found) == 4
    for file in found:
        assert isinstance(file, Source)
        assert read(file.uri) == file.uri.removeprefix(f"{bucket}/").encode()
        assert (file.size, file.mtime_ns > 0) == (len(read(file.uri)), True)
        assert look_at(file.uri) == file


def test_a_place_with_nothing_there_and_a_bucket_that_is_none_are_refused_at_once(
    bucket: str, s3: Service
) -> None:
    with pytest.raises(DiscernError, match="There is nothing at"):
        walk([Path(f"{bucket}/none")])
    with pytest.raises(BucketError, match="doesn't exist"):
        walk([Path(f"s3://{s3.new_name()}/a")])


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(BadPictureError) as bad:
        act()
    return bad.value.reason


def test_a_file_that_is_gone_is_missing_a_folder_no_file_and_no_way_around_leads_anywhere(
    bucket: str,
) -> None:
    assert refused(lambda: read(f"{bucket}/a/gone.png")) == "missing"
    for place, reason in (("a/gone.png", "missing"), ("a", "not-a-file")):
        looked = look_at(f"{bucket}/{place}")
        assert looked.reason == reason
    for way in ("a/../other/3.png", "a/./1.png", "a//1.png"):
        assert refused(lambda way=way: read(f"{bucket}/{way}"))
        assert isinstance(look_at(f"{bucket}/{way}"), SkippedFile)


def test_what_is_not_within_is_not_read(bucket: str) -> None:
    def within(place: str) -> bool:
        return place.startswith(f"{bucket}/a/")

    assert read(f"{bucket}/a/1.png", within)
    assert refused(lambda: read(f"{bucket}/other/3.png", within)) == "outside"


def test_an_archive_in_a_bucket_is_read_without_being_fetched_whole(bucket: str, s3: Service) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/one.png", b"one")
        archive.writestr("notes.txt", b"none")
    s3.put(f"{bucket.removeprefix('s3://')}/all.zip", packed.getvalue())
    (found,) = uris(f"{bucket}/all.zip")
    assert found == f"{bucket}/all.zip!/in/one.png"
    assert read(found) == b"one"
    with pytest.raises(BadPictureError):
        read(f"{bucket}/all.zip!/in/two.png")


def test_a_list_on_this_computer_may_name_files_in_a_bucket(bucket: str, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"path\n{bucket}/b/2.png\n{bucket}/a/gone.png\n")
    first, second = walk([listed])
    assert first.uri == f"{bucket}/b/2.png"
    assert second.reason == "missing"


def test_a_file_that_alone_is_refused_is_skipped(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(uri: str) -> None:
        raise buckets.BUCKET_REFUSED(place=uri)

    monkeypatch.setattr(buckets, "opened", refuse)
    assert refused(lambda: read(f"{bucket}/a/1.png")) == "unreadable"


def test_a_bucket_is_a_folder_beside_those_of_this_computer() -> None:
    assert list(above("s3://pictures/a/b.png")) == ["s3://pictures/a", "s3://pictures", "/"]
    assert list(above("/a/b.png")) == ["/a", "/"]


@pytest.mark.parametrize("archive", ["s3://pictures/all.zip", "s3://pictures/!/All.ZIP"])
def test_an_archive_in_a_bucket_is_known_by_its_name_however_that_is_written(archive: str) -> None:
    assert archives.split(f"{archive}!/in/one.png") == (archive, "in/one.png")
    assert archives.split(f"{archive}/one.png") is None
