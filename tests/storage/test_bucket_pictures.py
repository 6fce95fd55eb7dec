"""Pictures in buckets are found and read where they are, and nothing outside of what was allowed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from s3_service import Service

from storage import buckets
from storage.errors import BadPictureError, BucketError, DiscernError
from storage.folders import above
from storage.pictures import archives
from storage.pictures.files import SkippedFile, Source, look_at
from storage.pictures.sources import read, walk


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
        assert isinstance(looked, SkippedFile)
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
    assert isinstance(second, SkippedFile)
    assert second.reason == "missing"


def test_a_bucket_that_stops_answering_spoils_no_picture(bucket: str, s3: Service) -> None:
    s3.refuse()
    for act in (lambda: read(f"{bucket}/a/1.png"), lambda: list(walk([Path(bucket)]))):
        with pytest.raises(BucketError):
            act()


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
