"""A backup holds no secret: in no file, no row, no free page and no log of its database."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rows import add_pictures, picture_ids
from sqlalchemy import delete, select, update

from storage import backup as backups
from storage.backup import backup
from storage.concepts import ConceptStore
from storage.database import Database
from storage.errors import DiskFullError, StorageError
from storage.files import sqlite_url
from storage.secrets import COLUMNS, FILES, SETTINGS, KnownSecrets
from storage.tables import AnsweredRow, Deed, Delivery, ModelCallRow, StoredJob, now
from storage.watches import Deliveries, Watch, Watched, Watches

KEY, PASSWORD, PATH, SIGNING, HASH = (
    f"{word}-of-ana-{7**9}" for word in ("key", "pw", "path", "sign", "hash")
)
MARKERS = (KEY, PASSWORD, PATH, SIGNING, HASH)
ENDPOINT = f"https://ana:with@{PASSWORD}@models.example/v1"
WEBHOOK = f"https://hooks.example/services/{PATH}?of={PATH}"
SAID = f"No answer of {ENDPOINT} with {KEY}; {WEBHOOK} signed by {SIGNING}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A secret in every file that has any."""
    home = tmp_path / "home"
    (home / "webhooks").mkdir(parents=True)
    saved = {"openai_api_key": KEY, "openai_base_url": ENDPOINT, "llm_model": "a-model"}
    saved |= {"users": f"ana:{PASSWORD}", "oauth_client_secret": SIGNING}
    saved |= {"database_url": f"postgresql://ana:{PASSWORD}@db.example/discern"}
    (home / "settings.json").write_text(json.dumps(saved))
    (home / "users.json").write_text(json.dumps({"ana": {"password": f"scrypt$s${HASH}", "role": "owner"}}))
    (home / "secret").write_text(SIGNING)
    (home / "webhooks" / "1.secret").write_text(SIGNING)
    (home / "thumbnails" / "ab").mkdir(parents=True)
    (home / "thumbnails" / "ab" / "abc.webp").write_bytes(b"webp")
    return home


@pytest.fixture(autouse=True)
def freed_bytes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with an SQLite that is built so: some builds write zeros over what is freed, and would hide it."""
    connect = sqlite3.connect

    def connected(*given: Any, **how: Any) -> sqlite3.Connection:
        connection = connect(*given, **how)
        connection.execute("PRAGMA secure_delete=OFF").close()
        return connection

    monkeypatch.setattr(sqlite3, "connect", connected)


@pytest.fixture
def filled(database: Database) -> Database:
    """A secret in every column that may hold one, and in rows that are deleted again."""
    ids = picture_ids(1)
    add_pictures(database, ids)
    concept = ConceptStore(database).create("Room")
    watches = Watches(database)
    watch = watches.add(
        Watch(
            concept_id=concept.id,
            folder="/in",
            confined=True,
            webhook=WEBHOOK,
            seed="seed",
            ask_flagged=0.1,
            ask_others=0.1,
            author="ana",
        )
    )
    said = {"version": 1, "probability": 0.9, "threshold": 0.5, "flagged": True, "fresh": True, "drawn": True}
    watches.keep(watch, [Watched(picture_id=ids[0], file="a.png", **said)])
    long = SAID * 2000  # more than a page of the database
    with database.write() as session:
        session.execute(update(Delivery).values(problem=long))
        session.add(Deed(who="ana", address="", what="changed settings", about=SAID))
        session.add(AnsweredRow(key="k", until=now(), answer={"body": SAID}))
        for error in (SAID, long):
            session.add(
                ModelCallRow(
                    purpose="p", model="m", endpoint=ENDPOINT, prompt_hash="h", latency_ms=1,
                    outcome="failed", error=error,
                )
            )  # fmt: skip
            session.add(
                StoredJob(
                    kind="k", state="failed", arguments={"to": [error]}, message=error, result={"a": error},
                    error=error, memory={error: 1}, details=error, created=now(),
                )
            )  # fmt: skip
        for number in range(50):
            session.add(StoredJob(kind="gone", state="done", arguments={"n": [number, long]}))
    with database.write() as session:
        session.execute(delete(StoredJob).where(StoredJob.kind == "gone"))
    return database


def redacted(text: str) -> str:
    """As the settings are, which know the key and the password."""
    return text.replace(KEY, "***").replace(PASSWORD, "***")


def unpacked(pieces: Iterator[bytes], folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def restored(filled: Database, home: Path, tmp_path: Path) -> Path:
    pieces = backup(filled, home, encoder=None, thumbnails=True, redact=redacted)
    return unpacked(pieces, tmp_path / "restored")


def found_in(folder: Path) -> list[tuple[str, str]]:
    """Which secret is in which file."""
    contents = {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return [(name, marker) for name in contents for marker in MARKERS if marker.encode() in contents[name]]


def values_of(database: Database, *columns: Any) -> list[str]:
    with database.read() as session:
        return [str(value) for column in columns for value in session.scalars(select(column))]


def test_no_secret_is_in_any_byte_of_it(restored: Path) -> None:
    assert found_in(restored) == []
    names = {str(file.relative_to(restored)) for file in restored.rglob("*") if file.is_file()}
    assert names == {"README.txt", "discern.sqlite", "settings.json", "thumbnails/ab/abc.webp"}
    settings = json.loads((restored / "settings.json").read_text())
    assert settings == {"openai_base_url": "https://models.example/v1", "llm_model": "a-model"}


def test_every_place_of_the_list_is_tried(filled: Database, home: Path) -> None:
    for column in COLUMNS:
        assert any(marker in value for value in values_of(filled, column) for marker in MARKERS), column
    for name in FILES:
        files = [home / name] if (home / name).is_file() else list((home / name).iterdir())
        assert any(marker in file.read_text() for file in files for marker in MARKERS), name
    assert set(json.loads((home / "settings.json").read_text())) >= set(SETTINGS)


def test_the_rest_of_what_was_said_stays(restored: Path) -> None:
    database = Database(sqlite_url(restored / "discern.sqlite"))
    (watch,) = Watches(database).of(1)
    assert (watch.webhook, watch.folder, watch.author) == ("https://hooks.example", "/in", "ana")
    assert Deliveries(database).counts(watch.id)["waiting"] == 1
    said = "No answer of https://models.example/v1 with ***; https://hooks.example signed by ***"
    assert values_of(database, Deed.about) == [said]
    assert set(values_of(database, ModelCallRow.endpoint)) == {"https://models.example/v1"}
    assert values_of(database, StoredJob.memory)[0] == str({said: 1})
    database.close()


def test_what_has_to_be_entered_again_is_said_in_it(restored: Path) -> None:
    said = (restored / "README.txt").read_text()
    assert "The endpoint's key" in said
    assert "oauth_client_secret in settings.json" in said
    assert "The endpoint's address" in said
    assert "ana (owner)" in said
    assert "/in (hooks.example)" in said


def test_what_was_never_entered_is_not_asked_for(database: Database, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    folder = unpacked(
        backup(database, tmp_path / "home", encoder=None, thumbnails=False), tmp_path / "restored"
    )
    said = (folder / "README.txt").read_text()
    assert "None were set." in said
    assert "The endpoint's" not in said


HARD = f"it's-{PASSWORD}"


def backed_up(database: Database, home: Path, address: str, said: str, folder: Path) -> Path:
    """A backup of a data folder with this address of its endpoint, and of a job that said so."""
    (home / "settings.json").write_text(json.dumps({"openai_base_url": address}))
    with database.write() as session:
        session.add(StoredJob(kind="k", state="failed", arguments={}, error=said))
        session.add(
            ModelCallRow(
                purpose="p", model="m", endpoint=address, prompt_hash="h", latency_ms=1, outcome="failed",
                error=said,
            )
        )  # fmt: skip
    return unpacked(backup(database, home, encoder=None, thumbnails=False), folder)


PLAIN = "https://models.example/v1"
WITHOUT_SECRETS = "HTTPS://[::1]:8000/v1/@model?api-version=1"


@pytest.mark.parametrize(
    ("address", "said", "kept", "error"),
    [
        *(
            (
                f"https://ana:{start}{HARD}@models.example/v1",
                f"No answer of https://ana:{start}{HARD}@models.example/v1",
                PLAIN,
                f"No answer of {PLAIN}",
            )
            for start in ("", '"', "#", "1#", "?", "/")
        ),
        (
            f"{PLAIN}?api-key={KEY}&api-version=1",
            f"{KEY} was refused",
            f"{PLAIN}?api-version=1",
            "*** was refused",
        ),
        (f"https://ana:%40%2F{PASSWORD}@models.example/v1", f"@/{PASSWORD} is wrong", PLAIN, "*** is wrong"),
        (f"{PLAIN}?api-key=%40%2F{PASSWORD}", f"@/{PASSWORD} is wrong", PLAIN, "*** is wrong"),
        (WITHOUT_SECRETS, "", WITHOUT_SECRETS, ""),
    ],
)
def test_what_is_secret_in_an_address_is_left_out_however_it_is_repeated(
    database: Database, home: Path, tmp_path: Path, address: str, said: str, kept: str, error: str
) -> None:
    folder = backed_up(database, home, address, said, tmp_path / "restored")
    assert found_in(folder) == []
    assert json.loads((folder / "settings.json").read_text()) == {"openai_base_url": kept}
    assert ("The endpoint's address" in (folder / "README.txt").read_text()) == (kept != address)
    restored = Database(sqlite_url(folder / "discern.sqlite"))
    assert values_of(restored, ModelCallRow.endpoint) == [kept]
    assert values_of(restored, StoredJob.error) == [error]
    restored.close()


def test_a_password_with_a_space_is_left_out(database: Database, home: Path, tmp_path: Path) -> None:
    address = f"https://ana:with space {PASSWORD}@models.example/v1"
    folder = backed_up(database, home, address, f"No answer of {address}", tmp_path / "restored")
    assert found_in(folder) == []


def test_a_key_in_a_former_address_of_an_endpoint_is_left_out(
    database: Database, home: Path, tmp_path: Path
) -> None:
    address = f"https://models.example/v1?api-key={KEY}"
    folder = backed_up(database, home, address, "", tmp_path / "before")
    (home / "settings.json").write_text("{}")
    folder = unpacked(backup(database, home, encoder=None, thumbnails=False), tmp_path / "restored")
    assert found_in(folder) == []


def test_a_backup_that_cannot_be_cleaned_says_so(
    filled: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise sqlite3.OperationalError("no such table")

    monkeypatch.setattr(KnownSecrets, "_rewrite_rows", fails)
    with pytest.raises(StorageError, match="could not be removed, so no backup was written"):
        b"".join(backup(filled, home, encoder=None, thumbnails=False))


def test_with_secrets_everything_is_in_it(filled: Database, home: Path, tmp_path: Path) -> None:
    pieces = backup(filled, home, encoder=None, thumbnails=False, redact=redacted, with_secrets=True)
    folder = unpacked(pieces, tmp_path / "restored")
    for name in ("settings.json", "users.json", "secret", "webhooks/1.secret"):
        assert (folder / name).read_bytes() == (home / name).read_bytes()
    restored = Database(sqlite_url(folder / "discern.sqlite"))
    assert [watch.webhook for watch in Watches(restored).of(1)] == [WEBHOOK]
    restored.close()
    assert "keys and passwords" in (folder / "README.txt").read_text()


def test_its_files_are_for_their_owner_alone(filled: Database, home: Path) -> None:
    pieces = backup(filled, home, encoder=None, thumbnails=False, with_secrets=True)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        modes = {entry.filename: entry.external_attr >> 16 & 0o077 for entry in archive.infolist()}
    assert set(modes.values()) == {0}


def test_room_for_leaving_secrets_out_is_asked_for_before_the_first_piece(
    filled: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = filled.size_bytes()
    monkeypatch.setattr(backups, "LEAVE_FREE", 0)
    monkeypatch.setattr(backups, "free_bytes", lambda folder: size + size // 2)
    with pytest.raises(DiskFullError):
        backup(filled, home, encoder=None, thumbnails=False, redact=redacted)
    assert backup(filled, home, encoder=None, thumbnails=False, with_secrets=True)
