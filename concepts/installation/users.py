"""Who may use the app from other computers: names and passwords, from the environment or a file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from pathlib import Path

from concepts.errors import SettingsError
from concepts.settings import Settings

NAME = re.compile(r"[\w.@-][\w.@ -]{0,59}")
SHORTEST_PASSWORD = 8
# scrypt (RFC 7914) with 16 MiB and about 30 ms a try.
COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 2**26}


class Users:
    """`DISCERN_USERS` ("ana:password,ben:password") and `users.json` of the data folder, which holds
    salted scrypt hashes. The file is read again when it changes."""

    def __init__(self, settings: Settings) -> None:
        self.file = settings.home / "users.json"
        given = settings.users.get_secret_value() if settings.users else ""
        self._given = _parse(given)
        self._filed: dict[str, str] = {}
        self._stamp: tuple[int, int] | None = None

    def records(self) -> dict[str, str]:
        """Name → what its password is checked against. Changes with the password."""
        try:
            status = self.file.stat()
        except FileNotFoundError:
            self._filed, self._stamp = {}, None
            return dict(self._given)
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._filed, self._stamp = _load(self.file), stamp
        return self._filed | self._given

    def check(self, name: str, password: str) -> bool:
        """Takes as long for a name that doesn't exist."""
        record = self.records().get(name)
        if record is None:
            _hash(password, b"no such user....")
            return False
        return verify(password, record)

    def set(self, name: str, password: str) -> None:
        """Adds a user to the file, or gives one a new password. Raises `SettingsError`."""
        if not NAME.fullmatch(name):
            raise SettingsError("A name has up to 60 letters, digits, spaces and the characters . @ _ -")
        if len(password) < SHORTEST_PASSWORD:
            raise SettingsError(f"A password has at least {SHORTEST_PASSWORD} characters.")
        known = _load(self.file) if self.file.exists() else {}
        _save(self.file, known | {name: hashed(password)})

    def remove(self, name: str) -> None:
        """Raises `SettingsError` where the file has no such user."""
        known = _load(self.file) if self.file.exists() else {}
        if name not in known:
            raise SettingsError(f"{self.file} has no user {name}.")
        del known[name]
        _save(self.file, known)


def hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(_hash(password, salt))}"


def verify(password: str, record: str) -> bool:
    kind, _, rest = record.partition("$")
    if kind == "plain":
        return hmac.compare_digest(rest.encode(), password.encode())
    salt, _, expected = rest.partition("$")
    return hmac.compare_digest(base64.b64decode(expected), _hash(password, base64.b64decode(salt)))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **COST)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _parse(text: str) -> dict[str, str]:
    users = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, colon, password = item.partition(":")
        if not colon or not NAME.fullmatch(name) or len(password) < SHORTEST_PASSWORD:
            raise SettingsError(
                "DISCERN_USERS is written name:password,name:password, with passwords of at least "
                f"{SHORTEST_PASSWORD} characters and no comma."
            )
        users[name] = f"plain${password}"
    return users


def _load(file: Path) -> dict[str, str]:
    try:
        users = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(users, dict) and all(str(record).startswith("scrypt$") for record in users.values()):
            return users
    except json.JSONDecodeError:
        pass
    raise SettingsError(f"{file} can't be read. Mend it, or remove it and add the users again.")


def _save(file: Path, users: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=file.parent, prefix=".users-")  # created with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(users, out, indent=2)
    Path(partial).replace(file)
