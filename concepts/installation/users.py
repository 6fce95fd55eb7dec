"""Who may use the app from other computers: names, passwords and roles, from the environment or a file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from concepts.errors import SettingsError
from concepts.settings import Settings
from concepts.use_cases.roles import Role
from storage.files import write_whole

if TYPE_CHECKING:
    from storage.people import AuditLog

NAME = re.compile(r"[\w.@-][\w.@ -]{0,59}")
SHORTEST_PASSWORD = 8
ELSEWHERE = "elsewhere$"
# Deeds. The database keeps them, which backups hold, so they tell of users whose file is lost.
ADDED, LOGGED_IN, FOUND, LAST_REMOVED = "added a user", "logged in", "found users", "removed the last user"
_HASH = re.compile(r"scrypt\$[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*")
# scrypt (RFC 7914) with 16 MiB and about 30 ms a try.
COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 2**26}


def role_of(word: str) -> Role:
    """Raises `SettingsError`."""
    try:
        return Role[word.upper()]
    except KeyError:
        roles = ", ".join(role.word for role in reversed(Role))
        raise SettingsError(f"“{word}” is no role. There are: {roles}.") from None


@dataclass(frozen=True)
class User:
    """`password` is what a password is checked against: `scrypt$salt$hash`, or `plain$…` from the
    environment; `elsewhere$` is none: the person signs in through another service."""

    password: str
    role: Role


class Users:
    """`DISCERN_USERS` ("ana:password,ben=labeller:password") and `users.json` of the data folder, which holds
    salted scrypt hashes. The file is read again when it changes.

    Those of the environment without a role are owners.
    """

    def __init__(self, settings: Settings) -> None:
        self.file = settings.home / "users.json"
        given = settings.users.get_secret_value() if settings.users else ""
        users = {}
        for item in filter(None, (part.strip() for part in given.split(","))):
            who, colon, password = item.partition(":")
            name, equals, role = who.partition("=")
            if not colon or not NAME.fullmatch(name) or len(password) < SHORTEST_PASSWORD:
                raise SettingsError(
                    "DISCERN_USERS is written name:password,name=role:password, with passwords of at least "
                    f"{SHORTEST_PASSWORD} characters and no comma."
                )
            users[name] = User(f"plain${password}", role_of(role) if equals else Role.OWNER)
        self._given = users
        self._elsewhere = signing_in(settings)
        self._filed: dict[str, User] = {}
        self._stamp: tuple[int, int] | None = None

    def records(self) -> dict[str, User]:
        """By name. Raises `SettingsError` where the file is broken: then nobody gets in."""
        try:
            status = self.file.stat()
        except FileNotFoundError:
            self._filed, self._stamp = {}, None
            return self._elsewhere | self._given
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._filed, self._stamp = _load(self.file), stamp
        return self._elsewhere | self._filed | self._given

    def has_passwords(self) -> bool:
        """Whether anybody logs in with one."""
        return any(user.password != ELSEWHERE for user in self.records().values())

    def check(self, name: str, password: str) -> bool:
        """Takes as long for a name that doesn't exist."""
        user = self.records().get(name)
        if user is None or user.password == ELSEWHERE or user.password.startswith("plain$"):
            _hash(password, b"no such user....")
        return user is not None and verify(password, user.password)

    def set(self, name: str, password: str, role: Role | None = None) -> Role:
        """Adds a user to the file, or gives one a new password; without a `role` the first becomes an owner
        and others labellers, and who is there keeps theirs. Raises `SettingsError`."""
        if not NAME.fullmatch(name):
            raise SettingsError("A name has up to 60 letters, digits, spaces and the characters . @ _ -")
        if len(password) < SHORTEST_PASSWORD:
            raise SettingsError(f"A password has at least {SHORTEST_PASSWORD} characters.")
        with self._changing() as known:
            if role is None:
                usual = Role.LABELLER if known | self._given | self._elsewhere else Role.OWNER
                role = known[name].role if name in known else usual
            known[name] = User(hashed(password), role)
        return role

    def set_role(self, name: str, role: Role) -> None:
        """Raises `SettingsError` where the file has no such user."""
        with self._changing(name) as known:
            known[name] = User(known[name].password, role)

    def remove(self, name: str) -> None:
        """Raises `SettingsError` where the file has no such user."""
        with self._changing(name) as known:
            del known[name]

    @contextmanager
    def _changing(self, name: str | None = None) -> Iterator[dict[str, User]]:
        """Those of the file, kept as they are left; of two that change them at once both count. Raises
        `SettingsError` where a `name` is given and not among them."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.file.with_suffix(".lock"), mode=0o600):
            known = _load(self.file) if self.file.exists() else {}
            if name is not None and name not in known:
                raise SettingsError(f"{self.file} has no user {name}.")
            yield known
            kept = {name: {"password": user.password, "role": user.role.word} for name, user in known.items()}
            write_whole(self.file, json.dumps(kept, indent=2).encode())


def had_users(audit: AuditLog) -> bool:
    """Whether the home has had users since the command last removed all of them."""
    newest = audit.newest((ADDED, LOGGED_IN, FOUND, LAST_REMOVED))
    return newest is not None and newest.what != LAST_REMOVED


def signing_in(settings: Settings) -> dict[str, User]:
    """Who may sign in through another service, of `DISCERN_OAUTH_USERS`: the first is an owner and others are
    labellers where nothing else is said. Raises `SettingsError`."""
    users: dict[str, User] = {}
    for item in filter(None, (part.strip() for part in settings.oauth_users.split(","))):
        name, equals, role = item.partition("=")
        if not NAME.fullmatch(name):
            raise SettingsError("DISCERN_OAUTH_USERS is written name,name=role.")
        usual = Role.LABELLER if users else Role.OWNER
        users[name] = User(ELSEWHERE, role_of(role) if equals else usual)
    return users


def hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(_hash(password, salt))}"


def verify(password: str, record: str) -> bool:
    kind, _, rest = record.partition("$")
    if record == ELSEWHERE:
        return False
    if kind == "plain":
        return hmac.compare_digest(rest.encode(), password.encode())
    salt, _, expected = rest.partition("$")
    return hmac.compare_digest(base64.b64decode(expected), _hash(password, base64.b64decode(salt)))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **COST)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _load(file: Path) -> dict[str, User]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): _read(record) for name, record in kept.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError, SettingsError):
        # Strangers are told this too, so it names no folder.
        raise SettingsError(
            f"{file.name} in the data folder can't be read. Mend it, or remove it and add the users again."
        ) from None


def _read(record: Any) -> User:
    user = User(record["password"], role_of(record["role"]))
    if not _HASH.fullmatch(user.password):
        raise ValueError("no scrypt hash")
    for part in user.password.split("$")[1:]:
        base64.b64decode(part, validate=True)  # raises ValueError
    return user
