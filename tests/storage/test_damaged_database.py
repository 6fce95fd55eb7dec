"""A damaged page of SQLite, and a file that goes away in use: seen, said, and nothing written any more."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from patience import PATIENCE
from sqlalchemy import event, select
from sqlalchemy.orm import Session, SessionTransaction

from storage import database_file
from storage.concepts import ConceptStore
from storage.database import Database
from storage.database_file import note_backup
from storage.errors import DamagedDatabaseError, LostDatabaseError
from storage.files import sqlite_url
from storage.labels import Author, LabelLog, NewLabel
from storage.library import Library
from storage.salvage import save_readable
from storage.tables import LabelEventRow, PictureRow, SourceRow, now

PICTURES = 1500
IDS = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(PICTURES)]
PAGE = 4096
ON_A_LEAF = 60  # labels, at most


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose pictures have a label each, some with a comment longer than a page."""
    file = tmp_path_factory.mktemp("filled") / "discern.sqlite"
    database = Database(sqlite_url(file))
    concept = ConceptStore(database).create("Ball")
    facts = {"format": "PNG", "width": 9, "height": 9, "added": now(), "copied": False, "alike": False}
    with database.write() as session:
        session.add_all(
            PictureRow(
                id=one, bytes=100 + number, name=f"{number}.png", taken=number, near_group=one, **facts
            )
            for number, one in enumerate(IDS)
        )
        session.flush()
        session.add_all(
            SourceRow(uri=f"/pictures/{one}.png", picture_id=one, size=1, mtime_ns=1) for one in IDS
        )
    labels = [label(one, "long " * 2000 if number % 100 == 0 else "") for number, one in enumerate(IDS)]
    LabelLog(database).append(concept.id, labels)
    database.close()
    return file


def label(picture: str, comment: str = "", key: str = "") -> NewLabel:
    return NewLabel(key or f"of {picture}", picture, "yes", Author("me"), 1, comment)


@pytest.fixture
def file(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "discern.sqlite"))


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Database]]:
    databases: list[Database] = []

    def open_one(file: Path) -> Database:
        databases.append(Database(sqlite_url(file)))
        return databases[-1]

    yield open_one
    for database in databases:
        database.close()


def page_of(file: Path, name: str, kind: str) -> int:
    """One in the middle of a table or index."""
    with closing(sqlite3.connect(file)) as database:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY path"
        pages = database.execute(query, (name, kind)).fetchall()
    return int(pages[len(pages) // 2][0])


def overwrite(file: Path, page: int, content: bytes) -> None:
    with file.open("r+b") as database:
        database.seek((page - 1) * PAGE)
        database.write(content)


def answer(database: Database, picture: str = IDS[0]) -> None:
    LabelLog(database).append(1, [label(picture, key="later")])


def labels(database: Database) -> dict[str, str]:
    return {event.picture_id: event.comment for event in LabelLog(database).standing(1)}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


NOISE, ZEROS = random.Random(0).randbytes(PAGE), bytes(PAGE)
PLACES = [
    ("label_events", "leaf"),
    ("label_events", "internal"),
    ("label_events_by_picture", "leaf"),
    ("label_events_by_picture", "internal"),
    ("sqlite_autoindex_label_events_1", "leaf"),
    ("pictures", "internal"),
]


@pytest.mark.parametrize("content", [NOISE, ZEROS], ids=["noise", "zeros"])
@pytest.mark.parametrize(("name", "kind"), PLACES)
def test_a_damaged_page_is_seen_nothing_is_written_and_all_other_rows_are_saved(
    file: Path, opened: Callable[[Path], Database], name: str, kind: str, content: bytes
) -> None:
    overwrite(file, page_of(file, name, kind), content)
    damaged = file.read_bytes()
    database = opened(file)
    with pytest.raises(DamagedDatabaseError, match="nothing more is written"):
        answer(database)
    database.close()
    saved = save_readable(sqlite_url(file))
    assert saved is not None
    assert saved.kept.read_bytes() == damaged
    assert (saved.kept.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o600, 0o600)
    whole = opened(file)
    whole.check()
    lost = ON_A_LEAF if (name, kind) == ("label_events", "leaf") else 0
    assert PICTURES - lost <= len(labels(whole)) <= PICTURES
    assert (len(labels(whole)) == PICTURES) == (not lost)
    assert labels(whole)[IDS[0]] == "long " * 2000
    assert Library(whole).counts().pictures == PICTURES
    answer(whole)
    assert save_readable(sqlite_url(file)) is None


@pytest.mark.parametrize("length", [1, 16, 100, PAGE])
def test_a_damaged_beginning_costs_nothing_but_the_begin(
    file: Path, opened: Callable[[Path], Database], length: int
) -> None:
    overwrite(file, 1, NOISE[:length])
    with pytest.raises(DamagedDatabaseError):
        opened(file)
    assert save_readable(sqlite_url(file)) is not None
    assert len(labels(opened(file))) == PICTURES


def test_the_damaged_file_is_kept_also_where_files_have_no_second_names(
    file: Path, opened: Callable[[Path], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    overwrite(file, 1, NOISE[:16])
    damaged = file.read_bytes()
    saved = save_readable(sqlite_url(file))
    assert saved is not None
    assert saved.kept.read_bytes() == damaged
    assert len(labels(opened(file))) == PICTURES


def test_what_is_counted_follows_from_the_rows_that_are_left(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    overwrite(file, page_of(file, "pictures", "leaf"), NOISE)
    saved = save_readable(sqlite_url(file))
    assert saved is not None
    left = saved.rows["pictures"]
    assert PICTURES - 60 < left < PICTURES
    assert saved.broken == 2 * (PICTURES - left)  # the place and the label of each
    database = opened(file)
    counts = Library(database).counts()
    assert (counts.pictures, counts.sources) == (left, left)
    assert database.scalar(LabelEventRow.__table__.select().where(LabelEventRow.picture_id == IDS[0]))


def test_rows_that_only_the_log_has_are_saved(
    filled: Path, tmp_path: Path, opened: Callable[[Path], Database]
) -> None:
    used = Path(shutil.copy(filled, tmp_path / "used.sqlite"))
    database = opened(used)
    answer(database)
    file = Path(shutil.copy(used, tmp_path / "discern.sqlite"))
    shutil.copy(f"{used}-wal", f"{file}-wal")  # as `kill -9` leaves them
    overwrite(file, page_of(filled, "label_events", "internal"), NOISE)
    assert save_readable(sqlite_url(file)) is not None
    assert LabelLog(opened(file)).with_keys(["later"])


def test_deleted_rows_do_not_come_back_with_what_is_saved(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    database = opened(file)
    with database.write() as session:
        session.execute(LabelEventRow.__table__.delete().where(LabelEventRow.sequence > 10))
    database.close()
    overwrite(file, page_of(file, "label_events_by_picture", "leaf"), NOISE)
    assert save_readable(sqlite_url(file)) is not None
    assert len(labels(opened(file))) == 10


def test_damage_that_is_met_by_a_read_ends_all_writing(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    database = opened(file)
    overwrite(file, page_of(file, "label_events", "leaf"), NOISE)
    with pytest.raises(DamagedDatabaseError):
        labels(database)
    with pytest.raises(DamagedDatabaseError):
        answer(database)


def test_a_large_database_is_looked_through_while_others_read(
    file: Path, opened: Callable[[Path], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "AT_ONCE", 0)
    overwrite(file, page_of(file, "label_events_by_picture", "leaf"), NOISE)
    database = opened(file)
    assert database.damage is None  # no command reads all of it
    database.look_meanwhile()
    until(lambda: database.damage is not None)
    assert len(labels(database)) == PICTURES
    with pytest.raises(DamagedDatabaseError):
        answer(database)


def test_a_check_sees_where_an_index_says_something_else_than_its_table(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    """All pages are as SQLite would write them, so a look alone finds nothing."""
    begin = (page_of(file, "label_events_by_picture", "leaf") - 1) * PAGE
    content = file.read_bytes()[begin : begin + PAGE]
    at = begin + next(content.index(one.encode()) for one in IDS if one.encode() in content)
    with file.open("r+b") as database:
        database.seek(at)
        database.write(b"g")  # no digit of an id
    with pytest.raises(DamagedDatabaseError):
        opened(file).check()


def test_the_newest_backup_that_is_still_there_is_named(file: Path, tmp_path: Path) -> None:
    backup = tmp_path / "elsewhere.zip"
    backup.write_bytes(b"a backup")
    note_backup(tmp_path, backup)
    overwrite(file, 1, ZEROS)
    with pytest.raises(DamagedDatabaseError, match=r"newest backup is .*elsewhere\.zip of 20"):
        Database(sqlite_url(file))
    backup.unlink()
    with pytest.raises(DamagedDatabaseError) as told:
        Database(sqlite_url(file))
    assert "newest backup" not in str(told.value)


# A file that goes away in use


def remove(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))


def replace(file: Path) -> None:
    remove(file)
    shutil.copy(file.with_name("elsewhere"), file)


@pytest.mark.parametrize("gone", [remove, replace])
def test_a_database_that_is_removed_or_replaced_in_use_takes_nothing_and_says_so(
    file: Path, opened: Callable[[Path], Database], gone: Callable[[Path], None]
) -> None:
    database = opened(file)
    answer(database)
    gone(file)
    for attempt in (answer, labels, Database.check, lambda one: one.copy_to(file.with_name("copy"))):
        with pytest.raises(LostDatabaseError):
            attempt(database)
    file.with_name("elsewhere").rename(file)
    answer(database, IDS[1])


def test_what_is_committed_as_the_file_goes_away_is_not_acknowledged(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    database = opened(file)

    def answer_too_late() -> None:
        with database.write() as session:
            session.add(LabelEventRow(**LATE))
            remove(file)

    with pytest.raises(LostDatabaseError):
        answer_too_late()


LATE = {
    **{"key": "late", "concept_id": 1, "picture_id": IDS[0], "value": "yes", "definition_number": 1},
    **{"author": "me", "author_kind": "person"},
}


def test_a_log_that_is_removed_in_use_is_noticed_too(file: Path, opened: Callable[[Path], Database]) -> None:
    database = opened(file)
    answer(database)
    Path(f"{file}-wal").unlink()
    with pytest.raises(LostDatabaseError, match="-wal was removed"):
        answer(database, IDS[1])


def test_what_is_committed_as_the_process_ends_is_acknowledged(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    """SQLite takes the log away with the last connection."""
    database = opened(file)

    def close(session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            database.close()
            assert not Path(f"{file}-wal").exists()

    with database.write() as session:
        event.listen(session, "after_transaction_end", close)
        session.add(LabelEventRow(**LATE))
    assert opened(file).scalar(select(LabelEventRow.key).where(LabelEventRow.key == "late"))


def test_a_new_database_is_not_begun_beside_the_log_of_one_that_is_gone(
    file: Path, opened: Callable[[Path], Database]
) -> None:
    answer(opened(file))
    log = Path(f"{file}-wal")
    before = log.read_bytes()
    file.unlink()
    with pytest.raises(DamagedDatabaseError, match="gone or empty"):
        Database(sqlite_url(file))
    assert (file.exists(), log.read_bytes()) == (False, before)


def test_a_copy_may_be_made_beside_a_library(file: Path, opened: Callable[[Path], Database]) -> None:
    (file.parent / "vectors").mkdir()
    opened(file).copy_tables_to(file.with_name("some.sqlite"), [PictureRow])
    assert Library(opened(file.with_name("some.sqlite"))).picture(IDS[0])
