"""A backup holds what can't be made again, is consistent while others write, and holds no secrets."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path

from storage.backup import PIECE, backup
from storage.database import Database
from storage.jobs import JobStore


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def home_with(tmp_path: Path, jobs: int = 1) -> Path:
    home = tmp_path / "home"
    store = JobStore(Database(home / "discern.sqlite"))
    for index in range(jobs):
        store.add("kind", {"index": index})
    (home / "settings.json").write_text(json.dumps({"openai_api_key": "sk-secret", "llm_model": "a-model"}))
    (home / "users.json").write_text("{}")
    (home / "secret").write_text("s")
    (home / "thumbnails" / "ab").mkdir(parents=True)
    (home / "thumbnails" / "ab" / "abc.webp").write_bytes(b"webp")
    return home


def test_the_copy_has_every_row_of_the_moment_it_was_begun(tmp_path: Path) -> None:
    home = home_with(tmp_path, jobs=50)
    database = Database(home / "discern.sqlite")
    pieces = backup(database, home, encoder="embedded", thumbnails=False)
    first = next(pieces)
    JobStore(database).add("kind", {"index": "later"})
    restored = unpacked(first + b"".join(pieces), tmp_path / "restored")
    with sqlite3.connect(restored / "discern.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM jobs").fetchone()[0] in (50, 51)
    assert len(JobStore(Database(restored / "discern.sqlite")).recent(100)) >= 50
    assert "reembed embedded" in (restored / "README.txt").read_text()


def test_keys_passwords_and_sessions_are_not_in_it(tmp_path: Path) -> None:
    home = home_with(tmp_path)
    data = b"".join(backup(Database(home / "discern.sqlite"), home, encoder=None, thumbnails=True))
    restored = unpacked(data, tmp_path / "restored")
    names = {str(p.relative_to(restored)) for p in restored.rglob("*") if p.is_file()}
    assert names == {"README.txt", "discern.sqlite", "settings.json", "thumbnails/ab/abc.webp"}
    assert json.loads((restored / "settings.json").read_text()) == {"llm_model": "a-model"}
    assert b"sk-secret" not in data


def test_it_comes_in_pieces_and_leaves_nothing_behind_when_it_is_broken_off(tmp_path: Path) -> None:
    home = home_with(tmp_path)
    for index in range(4):
        (home / "thumbnails" / "ab" / f"{index}.webp").write_bytes(bytes(range(256)) * (PIECE // 256))
    pieces = backup(Database(home / "discern.sqlite"), home, encoder=None, thumbnails=True)
    assert len(next(pieces)) < 3 * PIECE
    assert list(home.glob("backup-*"))
    pieces.close()
    assert not list(home.glob("backup-*"))
