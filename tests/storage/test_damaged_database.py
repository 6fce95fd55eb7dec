"""A damaged page of SQLite, and a file that goes away in use: seen, said, and nothing written any more. Copy
and journal bring every label back."""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from soak_load import until
from sqlalchemy import event, select
from sqlalchemy.orm import Session, SessionTransaction

from storage import database_file, dialects
from storage.concepts import ConceptStore
from storage.copies import Copies
from storage.database import Database
from storage.errors import DamagedDatabaseError, StorageError
from storage.files import sqlite_url
from storage.labels import Author, LabelLog, NewLabel
from storage.library import Library
from storage.restoring import replay, restore
from storage.tables import LabelEventRow, PictureRow, SourceRow, now

PICTURES = 1500
Open = Callable[[Path], Database]
IDS = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(PICTURES)]
PAGE = 4096


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose pictures have a label each, some with a comment longer than a page."""
    file = tmp_path_factory.mktemp("filled") / "discern.sqlite"
    database = Database(sqlite_url(file))
    concept = ConceptStore(database).create("Ball")
    with database.write() as session:
        session.add_all(picture_row(number) for number in range(PICTURES))
        session.flush()
        session.add_all(
            SourceRow(uri=f"/pictures/{one}.png", picture_id=one, size=1, mtime_ns=1) for one in IDS
        )
    labels = [label(one, "long " * 2000 if number % 100 == 0 else "") for number, one in enumerate(IDS)]
    LabelLog(database).append(concept.id, labels)
    database.close()
    return file


def picture_row(number: int) -> PictureRow:
    facts = {"format": "PNG", "width": 9, "height": 9, "added": now(), "copied": False, "alike": False}
    one = IDS[number]
    return PictureRow(id=one, bytes=100, name=f"{number}.png", taken=number, near_group=one, **facts)


def label(picture: str, comment: str = "", key: str = "") -> NewLabel:
    return NewLabel(key or f"of {picture}", picture, "yes", Author("me"), 1, comment)


@pytest.fixture
def file(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled, tmp_path / "discern.sqlite"))


@pytest.fixture
def opened() -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda file: stack.enter_context(closing(Database(sqlite_url(file))))


@pytest.fixture
def database(file: Path, opened: Open) -> Database:
    return opened(file)


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


def answer(database: Database, picture: str = IDS[0], key: str = "later") -> None:
    LabelLog(database).append(1, [label(picture, key=key)])


def labels(database: Database) -> dict[str, str]:
    return {event.picture_id: event.comment for event in LabelLog(database).standing(1)}


NOISE, ZEROS = random.Random(0).randbytes(PAGE), bytes(PAGE)


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("label_events", "leaf", NOISE),
        ("label_events", "internal", ZEROS),
        ("label_events_by_picture", "leaf", NOISE),
        ("pictures", "internal", ZEROS),
    ],
)
def test_a_damaged_page_is_seen_nothing_is_written_and_no_label_is_lost(
    file: Path, opened: Open, database: Database, name: str, kind: str, content: bytes
) -> None:
    log = LabelLog(database)
    database.keep_daily_copy()
    answer(database)
    answer(database, IDS[1], "another")
    log.undo(1, "back", Author("me"))
    concept = ConceptStore(database).create("Begun later")
    ConceptStore(database).add_definition(concept.id, {"name": "Begun later"}, "me", "")
    log.append(concept.id, [label(IDS[2], key="of another")])
    before = [list(log.events(number)) for number in (1, concept.id)]
    database.close()
    overwrite(file, page_of(file, name, kind), content)
    damaged = file.read_bytes()

    with pytest.raises(DamagedDatabaseError, match=r"nothing more is written.*newest copy is .*0001\.sqlite"):
        answer(opened(file))
    restored = restore(sqlite_url(file))
    assert (restored.labels, restored.unreadable) == (4, 0)
    assert restored.kept.read_bytes() == damaged
    assert (restored.kept.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o600, 0o600)
    whole = opened(file)
    whole.check()
    assert [list(LabelLog(whole).events(number)) for number in (1, concept.id)] == before
    assert ConceptStore(whole).definition(concept.id) is not None
    assert len(whole.scalars(select(PictureRow.id))) == PICTURES
    answer(whole, IDS[3], "after that")
    assert restore(sqlite_url(file)) is None


@pytest.mark.parametrize("length", [1, 16, 100, PAGE])
def test_a_damaged_beginning_costs_no_label(file: Path, opened: Open, length: int) -> None:
    opened(file).keep_daily_copy()
    opened(file).close()
    overwrite(file, 1, NOISE[:length])
    with pytest.raises(DamagedDatabaseError):
        opened(file)
    assert restore(sqlite_url(file)) is not None
    assert len(labels(opened(file))) == PICTURES


def test_what_a_journal_has_comes_back_once_however_often_it_is_played_back(
    file: Path, database: Database
) -> None:
    database.keep_daily_copy()
    answer(database)
    database.close()
    for _ in range(2):
        overwrite(file, 1, ZEROS)
        restored = restore(sqlite_url(file))
        assert restored.labels == 1
    rows, _ = Copies(file).rows(None)
    assert replay(file, rows) == 0


def test_without_a_copy_all_labels_come_from_the_journal_and_wait_for_their_pictures(
    tmp_path: Path, opened: Open
) -> None:
    file = tmp_path / "new.sqlite"
    database = opened(file)
    concept = ConceptStore(database).create("Ball")
    with database.write() as session:
        session.add(picture_row(0))
    LabelLog(database).append(concept.id, [label(IDS[0])])
    database.close()
    overwrite(file, 1, ZEROS)
    restored = restore(sqlite_url(file))
    assert (restored.copied, restored.labels) == (None, 1)
    assert LabelLog(opened(file)).with_keys([f"of {IDS[0]}"])


def test_a_copy_that_is_damaged_too_is_passed_over(file: Path, opened: Open, database: Database) -> None:
    for number in range(3):
        answer(database, IDS[number], f"later {number}")
        database._dialect.keep_copy()
    database.close()
    overwrite(Copies(file).all()[-1], 1, NOISE)
    overwrite(file, 1, NOISE)
    assert restore(sqlite_url(file)) is not None
    assert len(LabelLog(opened(file)).with_keys([f"later {number}" for number in range(3)])) == 3


def test_three_copies_are_kept_and_the_journals_since_the_oldest(file: Path, database: Database) -> None:
    for number in range(5):
        answer(database, IDS[number], f"later {number}")
        database._dialect.keep_copy()
    copies = Copies(file)
    assert [copy.name for copy in copies.all()] == ["0003.sqlite", "0004.sqlite", "0005.sqlite"]
    assert sorted(path.stem for path in copies.folder.glob("*.jsonl")) == ["0003", "0004", "0005"]
    database.keep_daily_copy()  # there is one of today
    assert len(copies.all()) == 3
    database.keep_this_copy_alone()
    assert [path.name for path in sorted(copies.folder.iterdir())] == ["0006.jsonl", "0006.sqlite"]


def test_where_the_disk_is_short_a_copy_is_skipped_with_a_word(
    file: Path, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dialects, "free_bytes", lambda folder: 1000)
    database.keep_daily_copy()
    assert "daily copy of the database was skipped" in caplog.text
    assert Copies(file).all() == []
    answer(database)
    monkeypatch.undo()
    database.keep_daily_copy()
    assert len(Copies(file).all()) == 1


def test_half_a_line_of_a_killed_process_takes_no_other_along(file: Path, database: Database) -> None:
    answer(database, IDS[0], "before")
    (journal,) = Copies(file).folder.glob("*.jsonl")
    with journal.open("ab") as cut:
        cut.write(b'\n{"label_events": {"sequence": 15')
    answer(database, IDS[1], "after")
    rows, unreadable = Copies(file).rows(None)
    assert ([row["key"] for row in rows["label_events"].values()], unreadable) == (["before", "after"], 1)


def test_a_label_is_in_the_journal_before_it_is_committed(
    file: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So an acknowledged one is in both. What no commit kept gives way to what took its number."""

    def killed(session: Session) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "commit", killed)
    with pytest.raises(KeyboardInterrupt):
        answer(database, IDS[0], "never")
    monkeypatch.undo()
    answer(database, IDS[1], "kept")
    rows, _ = Copies(file).rows(None)
    assert [row["key"] for row in rows["label_events"].values()] == ["kept"]


def test_damage_that_is_met_by_a_read_ends_all_writing(file: Path, database: Database) -> None:
    overwrite(file, page_of(file, "label_events", "leaf"), NOISE)
    with pytest.raises(DamagedDatabaseError):
        labels(database)
    with pytest.raises(DamagedDatabaseError):
        answer(database)


def test_a_large_database_is_looked_through_while_others_read(
    file: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "AT_ONCE", 0)
    overwrite(file, page_of(file, "label_events_by_picture", "leaf"), NOISE)
    database = opened(file)
    assert database.damage is None  # no command reads all of it
    database.look_after()
    until(lambda: database.damage is not None)
    assert len(labels(database)) == PICTURES
    with pytest.raises(DamagedDatabaseError):
        answer(database)


def test_a_check_sees_where_an_index_says_something_else_than_its_table(file: Path, opened: Open) -> None:
    """All pages are as SQLite would write them, so a look alone finds nothing."""
    begin = (page_of(file, "label_events_by_picture", "leaf") - 1) * PAGE
    content = file.read_bytes()[begin : begin + PAGE]
    at = begin + next(content.index(one.encode()) for one in IDS if one.encode() in content)
    with file.open("r+b") as database:
        database.seek(at)
        database.write(b"g")  # no digit of an id
    with pytest.raises(DamagedDatabaseError):
        opened(file).check()


# A file that goes away in use


def remove(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))


def replace(file: Path) -> None:
    remove(file)
    shutil.copy(file.with_name("elsewhere"), file)


@pytest.mark.parametrize("gone", [remove, replace])
def test_a_database_that_is_removed_or_replaced_in_use_takes_nothing_and_says_so(
    file: Path, database: Database, gone: Callable[[Path], None]
) -> None:
    answer(database)
    gone(file)
    for attempt in (answer, labels, Database.check, lambda one: one.copy_to(file.with_name("copy"))):
        with pytest.raises(StorageError, match="removed or replaced"):
            attempt(database)
    file.with_name("elsewhere").rename(file)
    answer(database, IDS[1], "when it was back")
    Path(f"{file}-wal").unlink()
    with pytest.raises(StorageError, match="-wal was removed"):
        answer(database, IDS[2], "without its log")


def test_what_is_committed_as_the_file_goes_away_is_not_acknowledged(file: Path, opened: Open) -> None:
    def answer_too_late() -> None:
        with opened(file).write() as session:
            session.add(LabelEventRow(**LATE))
            remove(file)

    with pytest.raises(StorageError, match="removed or replaced"):
        answer_too_late()


LATE = {
    **{"key": "late", "concept_id": 1, "picture_id": IDS[0], "value": "yes", "definition_number": 1},
    **{"author": "me", "author_kind": "person"},
}


def test_what_is_committed_as_the_process_ends_is_acknowledged(
    file: Path, opened: Open, database: Database
) -> None:
    """SQLite takes the log away with the last connection."""

    def close(session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            database.close()
            assert not Path(f"{file}-wal").exists()

    with database.write() as session:
        event.listen(session, "after_transaction_end", close)
        session.add(LabelEventRow(**LATE))
    assert opened(file).scalar(select(LabelEventRow.key).where(LabelEventRow.key == "late"))


def test_a_new_database_is_not_begun_beside_the_log_of_one_that_is_gone(file: Path, opened: Open) -> None:
    answer(opened(file))
    log = Path(f"{file}-wal")
    before = log.read_bytes()
    file.unlink()
    with pytest.raises(DamagedDatabaseError, match="gone or empty"):
        Database(sqlite_url(file))
    assert (file.exists(), log.read_bytes()) == (False, before)


def test_a_copy_may_be_made_beside_a_library(file: Path, opened: Open) -> None:
    (file.parent / "vectors").mkdir()
    opened(file).copy_tables_to(file.with_name("some.sqlite"), [PictureRow])
    assert Library(opened(file.with_name("some.sqlite"))).picture(IDS[0])
