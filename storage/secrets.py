"""All that is secret in a data folder and its database: one list of where it is, and how a copy is without.

Secret is what lets somebody log in or act elsewhere. What is kept as a hash that nobody can turn back into
that is none: links to versions (`shares`), sessions that ended, and who was counted (`taken`).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from sqlalchemy import JSON, select

from storage.addresses import parts_of
from storage.database import Database
from storage.disk import obstacle
from storage.errors import StorageError
from storage.files import make_private
from storage.tables import AnsweredRow, Deed, Delivery, ModelCallRow, StoredJob, Watch

USERINFO = re.compile(r"(?<=://)[^/\s]*@")  # a name and password in an address
HARMLESS = "api-version"  # in the query of an address of Azure's kind, whose other values may be keys
LONG_ENOUGH = 12  # characters of a path by which a webhook can be told from other words
HIDDEN = "***"

# What sessions are signed with, hashes of passwords, what messages of webhooks are signed with.
FILES = ("secret", "users.json", "webhooks")
# In settings.json. Of addresses there name, password and query are left out.
SETTINGS = ("openai_api_key", "users", "database_url", "oauth_client_secret")
# Addresses whose path is a secret.
WEBHOOKS = (Watch.webhook,)
# Addresses of endpoints, which may be former ones.
ADDRESSES = (ModelCallRow.endpoint,)
# Words of others, which may repeat a secret.
WORDS = (
    ModelCallRow.error,
    StoredJob.arguments,
    StoredJob.message,
    StoredJob.result,
    StoredJob.error,
    StoredJob.memory,
    StoredJob.details,
    Delivery.problem,
    Deed.about,
    AnsweredRow.answer,
)
COLUMNS = (*WEBHOOKS, *ADDRESSES, *WORDS)


class KnownSecrets:
    """What is secret in one data folder and its database, as they are now."""

    def __init__(self, database: Database, home: Path, redact: Callable[[str], str]) -> None:
        """`redact` takes the keys and passwords that the settings know out of a text."""
        self._database, self._home, self._redact = database, home, redact
        self._settings: dict[str, Any] = _json_of(home / "settings.json")
        with database.read() as session:
            self._watched = list(session.scalars(select(Watch).where(Watch.webhook != "")))
        self._known = self._known_now()

    def _known_now(self) -> dict[str, str]:
        """Secret → what stands there instead; the longest first, as one may be a part of another."""
        webhooks = [watch.webhook for watch in self._watched]
        known = {webhook: _place(webhook) for webhook in webhooks}
        tails = (webhook.removeprefix(_place(webhook)) for webhook in webhooks)
        known |= {tail: HIDDEN for tail in tails if len(tail) >= LONG_ENOUGH}
        known |= {str(value): HIDDEN for name, value in self._settings.items() if _is_secret(name)}
        for value in self._settings.values():
            known |= _secrets_of(value) if isinstance(value, str) else {}
        signing = (self._home / "webhooks").glob("*.secret")
        known |= {file.read_text(encoding="utf-8"): HIDDEN for file in signing}
        return {one: known[one] for one in sorted(filter(None, known), key=len, reverse=True)}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The files that hold nothing else, with their names in the data folder."""
        for name in FILES:
            place = self._home / name
            for file in sorted(place.iterdir()) if place.is_dir() else [place]:
                if file.is_file():
                    yield file.relative_to(self._home).as_posix(), file.read_bytes()

    def settings(self) -> dict[str, Any]:
        """Those of settings.json without them."""
        kept = {name: value for name, value in self._settings.items() if not _is_secret(name)}
        return {name: each_text(value, _without_secrets) for name, value in kept.items()}

    def are_in_rows(self) -> bool:
        with self._database.read() as session:
            if self._watched:
                return True
            for column in (*ADDRESSES, *WORDS):
                query = select(column).where(column.is_not(None)).execution_options(yield_per=1000)
                if not isinstance(column.property.columns[0].type, JSON):  # which PostgreSQL can't compare
                    query = query.distinct()
                clean = self._address_without if column in ADDRESSES else self.without
                if any(clean(value) != value for value in session.scalars(query)):
                    return True
        return False

    def without(self, value: Any) -> Any:
        """A text, or what JSON knows, without them."""
        return each_text(value, self._text_without)

    def _address_without(self, text: str) -> str:
        return self._text_without(_without_secrets(text))

    def _text_without(self, text: str) -> str:
        for secret, instead in self._known.items():
            if len(secret) >= LONG_ENOUGH or instead != HIDDEN:
                text = text.replace(secret, instead)
        return self._redact(USERINFO.sub("", text))

    def leave_out(self, copy: Path) -> None:
        """Takes them out of an SQLite file. Deleted and overwritten bytes may still say them, in places that
        no pragma reaches once a page was split, so that the file is then written anew."""
        try:
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode=DELETE")
                if not self._rewrite_rows(connection):
                    return
                anew = copy.with_name(f"{copy.name}.anew")
                make_private(anew)
                connection.execute("VACUUM INTO ?", (str(anew),))
            anew.replace(copy)
        except sqlite3.Error as error:
            if (problem := obstacle(copy.parent)) is not None:
                raise problem from error
            raise StorageError(
                f"Keys and passwords could not be removed, so no backup was written: {error}."
            ) from error

    def _rewrite_rows(self, connection: sqlite3.Connection) -> bool:
        """Whether there were any."""
        changed = False
        connection.execute("BEGIN")
        for attribute in COLUMNS:
            column = attribute.property.columns[0]
            clean: Callable[[str], str] = self.without
            if attribute in WEBHOOKS:
                clean = _place
            elif attribute in ADDRESSES:
                clean = self._address_without
            elif isinstance(column.type, JSON):
                clean = _of_json(self.without)
            name, table = column.name, column.table.name
            values = connection.execute(f'SELECT DISTINCT "{name}" FROM "{table}" WHERE "{name}" IS NOT NULL')
            new = [(clean(value), value) for (value,) in values if value and clean(value) != value]
            connection.executemany(f'UPDATE "{table}" SET "{name}" = ? WHERE "{name}" = ?', new)
            changed = changed or bool(new)
        connection.execute("COMMIT")
        return changed

    @property
    def settings_left_out(self) -> list[str]:
        """Their names."""
        return [name for name in self._settings if _is_secret(name)]

    @property
    def has_address(self) -> bool:
        """Whether an address in the settings has a name, a password or a key."""
        return any(self._settings[name] != value for name, value in self.settings().items())

    @property
    def users(self) -> list[tuple[str, str]]:
        """Who may log in by a file of hashes, with their roles; those of before there were any are owners."""
        found = sorted(_json_of(self._home / "users.json").items())
        return [
            (name, str(user.get("role", "owner")) if isinstance(user, dict) else "owner")
            for name, user in found
        ]

    @property
    def webhooks(self) -> list[tuple[str, str]]:
        """Folders that are watched and have one, with its host."""
        going = [watch for watch in self._watched if watch.stopped is None]
        return [(watch.folder, urlsplit(watch.webhook).netloc.rpartition("@")[2]) for watch in going]


def _is_secret(setting: str) -> bool:
    return setting.lower() in SETTINGS


def _parts(address: str) -> tuple[str, str, str] | None:
    """As `parts_of`; all before an @ of the query may be a password, too: better too much is hidden."""
    found = parts_of(address)
    if found is None or found[1] or "@" not in "".join(_query(found[2])):
        return found
    userinfo, _, rest = found[2].rpartition("@")
    return found[0], userinfo, rest


def _query(rest: str) -> tuple[str, str]:
    """The query and the fragment."""
    before, _, fragment = rest.partition("#")
    return before.partition("?")[2], fragment


def _without_secrets(address: str) -> str:
    """An address without name, password, fragment and query, but for `HARMLESS`; other texts as they are."""
    if (found := _parts(address)) is None:
        return address
    scheme, _, rest = found
    kept = [pair for pair in _query(rest)[0].split("&") if pair.partition("=")[0] == HARMLESS]
    return scheme + re.split(r"[?#]", rest, maxsplit=1)[0] + ("?" + "&".join(kept) if kept else "")


def _secrets_of(address: str) -> dict[str, str]:
    """What is secret in an address, in every way an error may repeat it → what stands there instead."""
    if (found := _parts(address)) is None:
        return {}
    _, userinfo, rest = found
    name, _, password = userinfo.partition(":")
    pairs = (pair.partition("=") for pair in _query(rest)[0].split("&"))
    values = [value for key, _, value in pairs if key != HARMLESS]
    written = [password or name, *values]  # a key may stand where the name does
    plain = [unquote(password or name), *map(unquote_plus, values)]
    known = {text: HIDDEN for one in plain for text in (one, quote(one), quote(one, safe=""))}
    known |= dict.fromkeys(written, HIDDEN)
    return known | ({f"{userinfo}@": ""} if userinfo else {})


def _place(address: str) -> str:
    """What may be known of an address: how and where, not which path."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """What JSON knows, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [each_text(one, change) for one in value]
    if isinstance(value, dict):
        return {change(name): each_text(one, change) for name, one in value.items()}
    return value


def _of_json(clean: Callable[[Any], Any]) -> Callable[[str], str]:
    def cleaned(text: str) -> str:
        value = json.loads(text)
        found = clean(value)
        return text if found == value else json.dumps(found)

    return cleaned


def _json_of(file: Path) -> dict[str, Any]:
    """An object in a file; empty where there is none, also where the file is damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
