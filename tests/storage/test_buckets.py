"""Places in buckets: how they are written, what can't be reached, and what a service's refusal is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from s3_service import KEY, SECRET, Service

from storage import buckets
from storage.blobs import BucketBlobs
from storage.buckets import is_place, uri_of
from storage.errors import BucketError, DiscernError

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


def test_files_and_folders_are_told_apart(s3: Service) -> None:
    bucket = s3.new_bucket()
    s3.put(f"{bucket}/a/b/one.png", b"1234")
    s3.put(f"{bucket}/a/two.png", b"12")
    assert buckets.look(f"s3://{bucket}/a/none") is None
    assert buckets.look(f"s3://{bucket}/a/b") == buckets.Entry(f"s3://{bucket}/a/b", is_folder=True)
    assert [(e.uri, e.size) for e in buckets.entries(f"s3://{bucket}/a") if not e.is_folder] == [
        (f"s3://{bucket}/a/two.png", 2)
    ]
    below = buckets.entries(f"s3://{bucket}", below=True)
    assert [entry.uri.rpartition("/")[2] for entry in below] == ["one.png", "two.png"]


def acts(bucket: str) -> dict[str, Callable[[], object]]:
    blobs = BucketBlobs(f"s3://{bucket}/thumbnails")
    return {
        "exists": lambda: blobs.exists("ab/abc.webp"),
        "write": lambda: blobs.write("ab/abc.webp", b"webp"),
        "delete": lambda: blobs.delete("ab/abc.webp"),
        "look": lambda: buckets.look(f"s3://{bucket}/pictures/a.png"),
    }


def test_a_refusal_says_so_and_what_was_kept_is_there_afterwards(s3: Service) -> None:
    bucket = s3.new_bucket()
    blobs = BucketBlobs(f"s3://{bucket}/thumbnails")
    blobs.write("ab/abc.webp", b"old")
    s3.refuse()
    acted = acts(bucket) | {"read": lambda: blobs.read("ab/abc.webp"), "keys": lambda: list(blobs.keys())}
    for name, act in acted.items():
        with pytest.raises(BucketError, match="access is refused") as refused:
            act()
        assert f"s3://{bucket}/" in str(refused.value), name
    s3.let_in()
    assert blobs.read("ab/abc.webp") == b"old"


def test_a_bucket_that_is_gone_is_no_empty_one(s3: Service) -> None:
    bucket = s3.new_bucket()
    s3.remove_bucket(bucket)
    for act in acts(bucket).values():
        with pytest.raises(BucketError, match="doesn't exist"):
            act()


def test_a_service_that_is_not_there_is_told_as_that(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the discard port: nobody listens
    monkeypatch.setattr(buckets, "TRIES", 1)
    with pytest.raises(BucketError, match="doesn't answer"):
        buckets.look("s3://pictures/a.png")


def test_no_key_is_in_what_is_said(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.refuse()
    with pytest.raises(BucketError) as refused:
        BucketBlobs(f"s3://{s3.new_name()}/a").read("b")
    assert not {word for word in (KEY, SECRET) if word in f"{refused.value!r} {refused.value}"}
