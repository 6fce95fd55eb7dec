"""Who may come in: the login, its session, and what must be set before other computers can reach the app."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
from contextlib import suppress
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer

from concepts.installation.users import FOUND, User, Users, had_users
from concepts.settings import Settings
from concepts.use_cases.roles import Role
from storage.database import Database
from storage.errors import StorageError
from storage.people import Allowances, AuditLog, EndedSessions, Limit
from storage.secrets import SESSION, SecretsFile
from web.http.sign_in import SignIn

SESSION_SECONDS = 14 * 24 * 3600
TRIES = 10  # failed ones, by address
TRIES_OF_A_NAME = 30  # from all addresses; more, so that a stranger doesn't lock it out at once
TRIES_WITHIN = 300.0  # seconds
CHECKED_AT_ONCE = 2  # passwords, of 16 MB each; far fewer than `TRIES`
USERS_MISSING = (
    "This Discern had users and now has none, so nobody is let in; everything else is kept. Put users.json "
    "back into its data folder, or add them again: discern users add NAME."
)
NO_USERS = (
    "This Discern has no users and others can reach it, so nobody is let in. Add one (discern users add "
    "NAME), or say DISCERN_INSECURE=1 where something else keeps strangers out."
)
REMEMBERED = 256  # checked passwords, so that a program that sends one each time doesn't wait for scrypt


class Access:
    """Decides who a request is from. Where there never were users, and others can't reach it, everyone is
    "me", an owner."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.users = Users(settings)
        self.hosts = {settings.host, *filter(None, (h.strip() for h in settings.allowed_hosts.split(",")))}
        self.audit = AuditLog(database)
        self._ended = EndedSessions(database, timedelta(seconds=SESSION_SECONDS))
        self.had_users: bool | None = None  # before anybody has looked
        self._home = settings.home
        self._secret = b""
        self.sign_in: SignIn | None = None
        if settings.oauth_users:
            self.sign_in = SignIn(settings, self.secret)
        self.allowances = Allowances(database, self.secret)
        self._checked: dict[bytes, User] = {}
        self._checking = threading.Semaphore(CHECKED_AT_ONCE)
        self._lock = threading.Lock()

    def see_users(self, *, there: bool) -> None:
        """Keeps that the home has users. Where there are none, reads whether it had some."""
        if not there:
            self.had_users = had_users(self.audit)
            return
        self.had_users = True
        with suppress(StorageError):  # a full disk or a damaged database keeps nobody out
            if not had_users(self.audit):
                self.audit.add("Discern", FOUND)

    def why_closed(self, *, forwarded: bool) -> str:
        """Why nobody is let in as long as there are no users; empty where everybody is. `forwarded`: a proxy
        sent the request."""
        settings = self.settings
        if self.had_users:
            return USERS_MISSING
        reached = settings.is_exposed or forwarded
        return NO_USERS if reached and not (settings.insecure or settings.demo) else ""

    def role_of(self, name: str) -> Role:
        user = self.users.records().get(name)
        return user.role if user else Role.VIEWER

    # Sessions

    def session(self, name: str) -> str:
        """A signed cookie value that ends with its time, its user, its user's password, or `end_session`."""
        return self._serializer().dumps([name, self._password_mark(name), secrets.token_hex(16)])

    def user_of_session(self, cookie: str) -> str | None:
        name, mark, session_id = self._read(cookie)
        known = name in self.users.records() and hmac.compare_digest(mark, self._password_mark(name))
        return name if known and not self._ended.has(session_id) else None

    def end_session(self, cookie: str) -> None:
        """From here on it is no session, in whatever browser a copy of it is."""
        _, _, session_id = self._read(cookie)
        if session_id:
            self._ended.end(session_id)

    def _read(self, cookie: str) -> tuple[str, str, str]:
        """Name, mark of the password and id; all empty for what isn't ours. What was signed before sessions
        had an id is ours no longer."""
        try:
            name, mark, session_id = self._serializer().loads(cookie, max_age=SESSION_SECONDS)
        except (BadSignature, ValueError, TypeError):
            return "", "", ""
        return str(name), str(mark), str(session_id)

    # Passwords

    def log_in(self, name: str, password: str, address: str) -> bool:
        """Raises `TooManyTriesError` before the password is looked at.

        A try counts when it begins, so that many at once are as many; one that was right counts no longer.
        Few are checked at a time: an office that comes in the same moment is no stranger who guesses, and
        what a process was checking when it was killed still counts.
        """
        limits = [Limit(f"tries from {_place(address)}", TRIES, TRIES_WITHIN)]
        # What strangers try elsewhere locks nobody out where they logged in before: of such a place only its
        # own tries count.
        if not self.allowances.is_noted(_welcome(name, address)):
            limits.append(Limit(f"tries of {name}", TRIES_OF_A_NAME, TRIES_WITHIN))
        self.allowances.check(limits)
        if self._is_remembered(name, password):
            return True
        with self._checking:
            if self._is_remembered(name, password):
                return True
            counted = self.allowances.take(limits)
            if not self.users.check(name, password):
                return False
            with self._lock:
                if len(self._checked) >= REMEMBERED:
                    self._checked.clear()
                self._checked[self._mark(name, password)] = self.users.records()[name]
            self.allowances.give_back(counted)
            self.allowances.note(_welcome(name, address), timedelta(seconds=SESSION_SECONDS))
            return True

    def _is_remembered(self, name: str, password: str) -> bool:
        """Whether it was right before, so that a program that sends one each time writes nothing."""
        user = self.users.records().get(name)
        with self._lock:
            return user is not None and self._checked.get(self._mark(name, password)) == user

    def _mark(self, name: str, password: str) -> bytes:
        return hmac.digest(self.secret, f"{name}\n{password}".encode(), "sha256")

    def _password_mark(self, name: str) -> str:
        user = self.users.records().get(name)
        known = f"{name}\n{user.password if user else ''}"
        return hmac.new(self.secret, known.encode(), hashlib.sha256).hexdigest()[:16]

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt="discern session")

    @property
    def secret(self) -> bytes:
        """Made once and kept in the data folder, so that sessions outlive a restart."""
        if not self._secret:
            kept = SecretsFile(self._home).made_once(SESSION, lambda: secrets.token_hex(32))
            self._secret = kept.encode()
        return self._secret


def _welcome(name: str, address: str) -> str:
    return f"{name} logged in from {_place(address)}"


def _place(address: str) -> str:
    """Return the address that passwords are counted by; of IPv6 its /64, which one person has whole."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found), 64), strict=False))
