"""A backup of either database is an SQLite file that holds every row of one moment, and no secrets."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from rows import add_pictures, picture_ids
from sqlalchemy import select

from storage.backup import PIECE, backup
from storage.calls import Call, Ledger
from storage.concepts import ConceptStore
from storage.database import Database
from storage.files import sqlite_url
from storage.heads import HeadStore, StoredHead
from storage.jobs import JobStore
from storage.labels import Author, LabelLog, NewLabel
from storage.tables import Base, now


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "thumbnails" / "ab").mkdir(parents=True)
    (home / "settings.json").write_text(json.dumps({"llm_model": "a-model"}))
    (home / "thumbnails" / "ab" / "abc.webp").write_bytes(b"webp")
    return home


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def fill(database: Database) -> None:
    """Something of every kind that is hard to copy: bytes, JSON, times, rows that refer to rows."""
    ids = picture_ids(3)
    add_pictures(database, ids)
    concepts, log, me = ConceptStore(database), LabelLog(database), Author("ana")
    concept = concepts.create("Spielplätze ☂")
    log.append(concept.id, [NewLabel(i, i, "yes", me, 1, "naïve") for i in ids])
    log.undo(concept.id, "u", me)
    weights = bytes(range(256))
    head = StoredHead(concept.id, 0, "lda", "f", 1, 3, 0.5, {"held_out": [0.1, None]}, now(), weights, 1e-300)
    heads = HeadStore(database)
    heads.add_evaluation(concept.id, heads.add(concept.id, head).number, 3, {"curves": None})
    job = JobStore(database).add("train", {"concept": "é"}, concept.id)
    Ledger(database).record(
        Call("p", "m", "e", "h", 1, "answered", job_id=job, concept_id=concept.id), {"a": [1, "\u0001"]}
    )


def test_the_copy_holds_every_row_as_it_is(database: Database, home: Path, tmp_path: Path) -> None:
    fill(database)
    data = b"".join(backup(database, home, encoder=None, thumbnails=False))
    restored = Database(sqlite_url(unpacked(data, tmp_path / "restored") / "discern.sqlite"))
    assert contents(restored) == contents(database)
    assert LabelLog(restored).last_sequence(1) == 4
    restored.close()


def test_the_copy_is_of_the_moment_it_was_begun(database: Database, home: Path, tmp_path: Path) -> None:
    jobs = JobStore(database)
    for index in range(50):
        jobs.add("kind", {"index": index})
    pieces = backup(database, home, encoder="embedded", thumbnails=False)
    first = next(pieces)
    jobs.add("kind", {"index": "later"})
    restored = unpacked(first + b"".join(pieces), tmp_path / "restored")
    with closing(Database(sqlite_url(restored / "discern.sqlite"))) as copied:
        copied.check()
        assert len(JobStore(copied).recent(100)) == 50
    assert "reembed embedded" in (restored / "README.txt").read_text()


def test_it_comes_in_pieces_and_leaves_nothing_behind_when_it_is_broken_off(
    database: Database, home: Path
) -> None:
    for index in range(4):
        (home / "thumbnails" / "ab" / f"{index}.webp").write_bytes(bytes(PIECE))
    pieces = backup(database, home, encoder=None, thumbnails=True)
    assert len(next(pieces)) < 3 * PIECE
    assert list(home.glob("backup-*"))
    pieces.close()
    assert not list(home.glob("backup-*"))
