"""A backup of either database is an SQLite file that holds every row of one moment, and no secrets."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from at_once import at_once
from rows import add_pictures, picture_ids
from sqlalchemy import select

from concepts.settings import secrets_in
from storage.backup import PIECE, backup
from storage.calls import Call, Ledger
from storage.concepts import ConceptStore
from storage.database import Database
from storage.errors import StorageError
from storage.files import sqlite_url
from storage.heads import HeadStore, StoredHead
from storage.jobs import JobStore
from storage.labels import Author, LabelLog, NewLabel
from storage.secrets import SecretsFile
from storage.tables import Base, now
from storage.watches import Watch, Watches


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
    facts, weights = {"held_out": [0.1, None]}, bytes(range(256))
    heads = HeadStore(database)
    heads.add(concept.id, StoredHead(concept.id, 0, "lda", "f", 1, 3, 0.5, facts, now(), weights, 1e-300))
    heads.add_evaluation(concept.id, 1, 3, {"curves": None})
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


# `secrets.json` is its owner's alone and in no backup, whose README says what has to be entered again


KEY, SIGNING, HASH = (f"{word}-of-ana-{7**9}" for word in ("key", "sign", "hash"))


@pytest.fixture
def used(home: Path, database: Database) -> Path:
    """A secret in each file that has any, and a folder that is watched."""
    with SecretsFile(home).changing() as kept:
        kept |= {"openai_api_key": KEY, "oauth_client_secret": KEY, "session": SIGNING}
        kept["webhooks"] = {"1": {"address": f"https://hooks.example/{KEY}", "secret": SIGNING}}
    (home / "users.json").write_text(json.dumps({"ana": {"password": f"scrypt$s${HASH}", "role": "owner"}}))
    watch = {"folder": "/in", "confined": True, "webhook": "hooks.example", "seed": "seed", "author": "ana"}
    concept = ConceptStore(database).create("Room")
    Watches(database).add(Watch(concept_id=concept.id, ask_flagged=0.1, **watch))
    return home


def in_the_backup(database: Database, home: Path) -> dict[str, bytes]:
    pieces = b"".join(backup(database, home, encoder=None, thumbnails=False))
    with zipfile.ZipFile(io.BytesIO(pieces)) as archive:
        assert {entry.external_attr >> 16 & 0o077 for entry in archive.infolist()} == {0}
        return {name: archive.read(name) for name in archive.namelist()}


def test_no_secret_is_in_any_byte_of_a_backup_which_says_what_has_to_be_entered_again(
    database: Database, used: Path
) -> None:
    found = in_the_backup(database, used)
    assert found.keys() == {"README.txt", "discern.sqlite", "settings.json"}
    assert json.loads(found["settings.json"]) == {"llm_model": "a-model"}
    for secret in (KEY, SIGNING, HASH):
        assert [name for name, content in found.items() if secret.encode() in content] == []
    said = found["README.txt"].decode()
    assert "The endpoint's key: discern settings openai_api_key KEY" in said
    assert "oauth_client_secret in secrets.json" in said
    assert "ana (owner)" in said
    assert "/in (hooks.example)" in said
    assert "session" not in said


def test_what_was_never_entered_is_not_asked_for(database: Database, home: Path) -> None:
    (home / "settings.json").unlink()
    said = in_the_backup(database, home)["README.txt"].decode()
    assert "None were set." in said
    assert "The endpoint's" not in said


def test_it_is_its_owners_alone_and_all_who_change_it_at_once_count(home: Path) -> None:
    def change(number: int) -> str:
        with SecretsFile(home).changing() as kept:
            kept[f"of {number}"] = number
        return SecretsFile(home).made_once("session", lambda: str(number))

    (session,) = set(at_once(4, change))
    assert SecretsFile(home).read() == {"session": session, **{f"of {n}": n for n in range(4)}}
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_one_that_is_damaged_is_named(home: Path, content: bytes) -> None:
    (home / "secrets.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"secrets\.json isn't a JSON object"):
        SecretsFile(home).read()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://models.example/v1?api-version=1", []),
        ("https://models.example/v1/@ana#api-key=x", []),
        ("https://models.example/v1?api-key=a%2Fb&api-version=1", ["a%2Fb", "a/b"]),
        ("https://models.example/v1?sk-1", ["sk-1", "sk-1"]),
    ],
)
def test_values_in_the_query_of_an_address_may_be_keys(address: str, found: list[str]) -> None:
    assert secrets_in(address) == found
