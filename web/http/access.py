"""Who may come in: the login, its session, and what must be set before other computers can reach the app."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
import threading
import time
from collections import defaultdict, deque
from contextlib import suppress
from pathlib import Path

from itsdangerous import BadSignature, URLSafeTimedSerializer

from concepts.errors import SettingsError
from concepts.installation.users import Users
from concepts.settings import Settings

SESSION_SECONDS = 14 * 24 * 3600
TRIES = 10  # failed ones, by address
TRIES_OF_A_NAME = 30  # from all addresses; more, so that a stranger doesn't lock it out at once
TRIES_WITHIN = 300.0  # seconds
REMEMBERED = 256  # checked passwords, so that a program that sends one each time doesn't wait for scrypt


class TooManyTriesError(Exception):
    """`seconds` until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many tries. Wait {seconds:.0f} seconds.")
        self.seconds = seconds


class Access:
    """Decides who a request is from. Without users, and on loopback only, everyone is "me"."""

    def __init__(self, settings: Settings) -> None:
        self.users = Users(settings)
        self.hosts = {settings.host, *filter(None, (h.strip() for h in settings.allowed_hosts.split(",")))}
        self._must_log_in = settings.is_exposed and not settings.insecure
        self._home = settings.home
        self._secret = b""
        self._failures: defaultdict[str, deque[float]] = defaultdict(deque)
        self._checked: dict[bytes, str] = {}
        self._lock = threading.Lock()

    @property
    def login_required(self) -> bool:
        return self._must_log_in or bool(self.users.records())

    def session(self, name: str) -> str:
        """A signed cookie value that ends with its time, its user or its user's password."""
        return self._serializer().dumps([name, self._password_mark(name)])

    def user_of_session(self, cookie: str) -> str | None:
        try:
            name, mark = self._serializer().loads(cookie, max_age=SESSION_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return None
        known = name in self.users.records() and hmac.compare_digest(mark, self._password_mark(name))
        return str(name) if known else None

    def log_in(self, name: str, password: str, address: str) -> bool:
        """Raises `TooManyTriesError` before the password is looked at."""
        self._check_rate(
            address, name
        )  # also for what is remembered, or right guesses could be told from wrong
        mark = hmac.digest(self.secret, f"{name}\n{password}".encode(), "sha256")
        record = self.users.records().get(name)
        with self._lock:
            if record is not None and self._checked.get(mark) == record:
                return True
        if self.users.check(name, password):
            with self._lock:
                if len(self._checked) >= REMEMBERED:
                    self._checked.clear()
                self._checked[mark] = self.users.records()[name]
                self._failures.pop(f"address {address}", None)
            return True
        with self._lock:
            for key in (f"address {address}", f"name {name}"):
                self._failures[key].append(time.monotonic())
        return False

    def _check_rate(self, address: str, name: str) -> None:
        now = time.monotonic()
        with self._lock:
            for key in [k for k, times in self._failures.items() if now - times[-1] > TRIES_WITHIN]:
                del self._failures[key]
            for key, most in ((f"address {address}", TRIES), (f"name {name}", TRIES_OF_A_NAME)):
                times = self._failures.get(key, deque())
                while times and now - times[0] > TRIES_WITHIN:
                    times.popleft()
                if len(times) >= most:
                    raise TooManyTriesError(TRIES_WITHIN - (now - times[0]))

    def _password_mark(self, name: str) -> str:
        record = self.users.records().get(name, "")
        return hmac.new(self.secret, f"{name}\n{record}".encode(), hashlib.sha256).hexdigest()[:16]

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt="discern session")

    @property
    def secret(self) -> bytes:
        """Made once and kept in the data folder, so that sessions outlive a restart."""
        if not self._secret:
            self._secret = _kept_secret(self._home / "secret")
        return self._secret


def check_exposure(settings: Settings) -> None:
    """Raises `SettingsError` where other computers could reach an app that asks nobody who they are."""
    if settings.is_exposed and not settings.insecure and not Users(settings).records():
        raise SettingsError(
            f"Discern would be open to everyone who can reach {settings.host}. Add a user (discern "
            "users add NAME, or DISCERN_USERS=name:password), keep to DISCERN_HOST=127.0.0.1, "
            "or say DISCERN_INSECURE=1 where something else keeps strangers out."
        )


def _kept_secret(file: Path) -> bytes:
    """From the file, which appears whole: two processes that start at once get the same one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=file.parent, prefix=".secret-")  # created with mode 0600
    with os.fdopen(handle, "wb") as out:
        out.write(secrets.token_hex(32).encode())
    with suppress(FileExistsError):
        os.link(partial, file)
    Path(partial).unlink()
    return file.read_bytes()
