"""Vectors in a bucket: several computers write, copies are read, what is deleted is in no file, and a refusal
of the bucket is no damage."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest
from postgres import Server
from s3_service import Service
from synthetic import DIMENSION, contents, in_memory, picture_ids, unit_vectors

from storage.database import Database
from storage.errors import BucketError, DamagedIndexError
from storage.vectors import stored
from storage.vectors.stored import StoredIndex, tables_in
from storage.vectors.table import LanceIndex
from storage.vectors.tables import BucketTables, WritersTurn

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bucket(s3: Service) -> BucketTables:
    return BucketTables(f"s3://{s3.new_bucket()}/kept/vectors", lambda name: nullcontext())


Opened = Callable[[str], StoredIndex]


@pytest.fixture
def opened(bucket: BucketTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """The index as a computer of this name has it, which asks the bucket at every read."""
    monkeypatch.setattr(stored, "ASK_AFTER", 0.0)
    return lambda computer: StoredIndex(tmp_path / computer, "enc-1", DIMENSION, bucket)


def test_another_computer_reads_what_one_has_written_and_the_table_is_on_none(
    opened: Opened, tmp_path: Path
) -> None:
    one, other = opened("one"), opened("other")
    ids, vectors = picture_ids(30), unit_vectors(30)
    one.write(ids[:20], vectors[:20])
    assert contents(other) == contents(in_memory(ids[:20], vectors[:20]))
    other.write(ids[20:], vectors[20:])
    other.delete(ids[:5])
    assert contents(one) == contents(other) == contents(in_memory(ids[5:], vectors[5:]))
    assert contents(opened("a third")) == contents(one)
    assert not list(tmp_path.rglob("*.lance"))


def test_a_bucket_is_not_asked_at_every_read_and_what_is_written_here_is_seen_at_once(
    opened: Opened, bucket: BucketTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, other = opened("one"), opened("other")
    monkeypatch.setattr(stored, "ASK_AFTER", 3600.0)
    index.write(picture_ids(3), unit_vectors(3))
    assert (index.count(), other.count()) == (3, 3)
    asked = other.snapshot()
    index.write(picture_ids(2, start=3), unit_vectors(2))
    assert index.count() == len(index.ids) == 5
    assert other.snapshot() is asked
    monkeypatch.setattr(stored, "ASK_AFTER", 0.0)
    assert other.version == index.version != asked.version


def test_encoders_of_a_bucket_are_known_by_their_tables_whose_size_is_counted(
    bucket: BucketTables, tmp_path: Path
) -> None:
    assert tables_in(tmp_path, bucket) == []
    for name, size in (("enc-2", 5), ("enc-1", 3)):
        index = StoredIndex(tmp_path, name, size, bucket)
        index.write(picture_ids(100), unit_vectors(100, dimension=size))
        assert index.disk(100).table >= 100 * size * 2
    assert tables_in(tmp_path, bucket) == [("enc-1", 3), ("enc-2", 5)]


def test_no_object_holds_a_vector_that_was_purged_and_no_computer_reads_it(
    opened: Opened, bucket: BucketTables, s3: Service, tmp_path: Path
) -> None:
    one, other = opened("one"), opened("other")
    ids, vectors = picture_ids(8), unit_vectors(8)
    one.write(ids, vectors)
    other.snapshot()
    gone = vectors[3].astype(np.float16).tobytes()
    place = bucket.uri.removeprefix("s3://")
    assert any(gone in content for content in s3.kept(place).values())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one.purge([ids[3]])
    kept = s3.kept(place)
    assert not [name for name, content in kept.items() if gone in content or ids[3].encode() in content]
    assert other.missing(ids) == [ids[3]]
    assert len(other.ids) == 7
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if gone in path.read_bytes()]


def test_a_refusal_is_no_damage_and_the_next_read_after_it_finds_everything(
    opened: Opened, s3: Service
) -> None:
    index, later = opened("one"), opened("later")
    ids, vectors = picture_ids(5), unit_vectors(5)
    index.write(ids, vectors)
    s3.refuse()
    for act in (
        lambda: index.version,
        lambda: index.write(picture_ids(1, start=9), unit_vectors(1)),
        lambda: index.delete(ids),
        later.snapshot,
    ):
        with pytest.raises(BucketError, match=r"/kept/vectors.* can't be used with"):
            act()
    s3.let_in()
    for found in (index, later):
        assert contents(found) == contents(in_memory(ids, vectors))


def test_a_table_that_is_gone_is_made_again_from_the_newest_copy_but_not_without_its_bucket(
    opened: Opened, bucket: BucketTables, s3: Service, tmp_path: Path
) -> None:
    ids, vectors = picture_ids(5), unit_vectors(5)
    opened("one").write(ids, vectors)
    bucket.remove("enc-1")
    again = opened("one")
    with pytest.raises(DamagedIndexError, match=r"s3://.*its table is gone"):
        again.snapshot()
    again.remake()
    assert contents(opened("other")) == contents(in_memory(ids, vectors))
    gone = BucketTables(f"s3://{s3.new_name()}/kept/vectors", lambda name: nullcontext())
    with pytest.raises(BucketError, match="doesn't exist"):
        StoredIndex(tmp_path, "enc-1", DIMENSION, gone).snapshot()


# Whose turn it is


def test_everybody_is_held_off_once_however_often_the_turn_is_begun_inside(tmp_path: Path) -> None:
    seen: list[str] = []

    @contextmanager
    def alone(name: str) -> Iterator[None]:
        seen.append(f"begun {name}")
        yield
        seen.append("ended")

    turn = WritersTurn(tmp_path, "enc-1", BucketTables("s3://pictures/kept", alone))
    with turn, turn:
        seen.append("inside")
    with pytest.raises(ZeroDivisionError), turn:
        raise ZeroDivisionError
    begun = "begun vectors-enc-1"
    assert seen == [begun, "inside", "ended", begun, "ended"]


WRITE = """
import sys
sys.path[:0] = ["tests/storage", "tests", "."]
from pathlib import Path
from synthetic import DIMENSION, picture_ids, unit_vectors
from storage.database import Database
from storage.vectors.stored import StoredIndex
from storage.vectors.tables import BucketTables
folder, database, place = sys.argv[1:]
index = StoredIndex(Path(folder), "enc-1", DIMENSION, BucketTables(place, Database(database).alone))
print("ready", flush=True)
sys.stdin.read()
for begin in range(0, 80, 20):
    index.write(picture_ids(20, start=begin), unit_vectors(80)[begin : begin + 20])
"""


def test_two_computers_that_write_the_same_pictures_at_once_leave_none_twice(
    postgres: Server, bucket: BucketTables, tmp_path: Path
) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    url, start = postgres.new_database(), [sys.executable, "-c", WRITE]
    writers = [
        subprocess.Popen([*start, str(tmp_path / computer), url, bucket.uri], **pipes, text=True, cwd=ROOT)
        for computer in ("one", "other")
    ]
    assert [writer.stdout.readline().strip() for writer in writers] == ["ready"] * 2
    for writer in writers:
        writer.stdin.close()
    assert [writer.wait(120) for writer in writers] == [0, 0]
    with closing(Database(url)) as database:
        index = LanceIndex(tmp_path / "third", "enc-1", DIMENSION, BucketTables(bucket.uri, database.alone))
        assert index._table.count_rows() == 80  # rows of the table itself
        assert contents(index) == contents(in_memory(picture_ids(80), unit_vectors(80)))
