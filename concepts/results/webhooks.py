"""Webhooks as in Standard Webhooks 1.0 (https://www.standardwebhooks.com): what is sent, signed how, and when
it is tried again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from concepts.errors import NotAllowedError, SettingsError
from concepts.language.connection import CheckedTransport
from concepts.settings import Settings, is_internal, literal_address, serves_no_model
from storage.secrets import WEBHOOKS, SecretsFile
from storage.watches import Delivery

PREFIX = "whsec_"
SECRET_BYTES = 32
TIMEOUT = 10  # seconds to connect, and between two bytes
# Between one try and the next: eight in all, over a day and a bit.
DELAYS = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600))
JITTER = 0.2  # of a delay, either way, so that a receiver that comes back isn't met by all at once
GONE = 410  # the receiver wants no more
INTERNAL = "is an internal address, where webhooks may not go"
NOWHERE = "is an address where no webhook may go"
NO_RECEIVER = "The webhook's address and secret are gone. Stop watching this folder and begin again."

log = logging.getLogger(__name__)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What `webhook-signature` says: HMAC-SHA256 of `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def next_try(tries: int, at: datetime) -> datetime | None:
    """When to try again after so many tries; None: never."""
    if tries > len(DELAYS):
        return None
    return at + DELAYS[tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)


def check_address(url: str, settings: Settings) -> None:
    """Raises `SettingsError` for what is no address, and `NotAllowedError` for one that is internal as it is
    written. What a name stands for is checked when it is connected to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise SettingsError(f"“{url}” is no address of a webhook. It begins with https:// or http://.")
    if parts.username or parts.password:
        raise SettingsError("An address of a webhook has no name and password in it; messages are signed.")
    address = literal_address(host)
    if address and serves_no_model(address):
        raise NotAllowedError(f"{host} {NOWHERE}.")
    internal = is_internal(address) if address else host.rstrip(".").lower() == "localhost"
    if internal and not settings.internal_webhooks:
        raise NotAllowedError(f"{host} {INTERNAL} (DISCERN_INTERNAL_WEBHOOKS=1 lets them).")


def host_of(url: str) -> str:
    """What may be shown of an address: paths of webhooks are often secrets."""
    return urlsplit(url).netloc.rpartition("@")[2]


def post(settings: Settings, receiver: Receiver, message_id: str, at: datetime, body: bytes) -> int:
    """Sends a message once, to the very address that was checked and through no proxy; the answer's status.
    Redirects are not followed, and what the answer says is not read.

    Raises `httpx2.HTTPError`.
    """
    timestamp = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Discern",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(receiver.secret, message_id, timestamp, body),
    }
    refused = (serves_no_model, NOWHERE) if settings.internal_webhooks else (is_internal, INTERNAL)
    transport = CheckedTransport(*refused)
    client = httpx2.Client(transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False)
    with client, client.stream("POST", receiver.address, content=body, headers=headers) as answer:
        return int(answer.status_code)


@dataclass(frozen=True)
class Receiver:
    """Where messages go, and what they are signed with."""

    address: str
    secret: str


class Receivers:
    """Those of watched folders. They are kept in no database and in no backup."""

    def __init__(self, home: Path) -> None:
        self._file = SecretsFile(home)

    def keep(self, watch_id: int, receiver: Receiver) -> None:
        with self._file.changing() as kept:
            kept.setdefault(WEBHOOKS, {})[str(watch_id)] = asdict(receiver)

    def of(self, watch_id: int) -> Receiver | None:
        """None where it is gone, as after a backup was restored."""
        found = self._file.read().get(WEBHOOKS, {}).get(str(watch_id))
        return found and Receiver(**found)


@dataclass(frozen=True)
class Sent:
    delivered: int = 0
    failed: int = 0


def deliver(
    settings: Settings,
    receiver: Receiver | None,
    delivery: Delivery,
    event: dict[str, Any],
    clock: Callable[[], datetime],
) -> tuple[str, datetime | None]:
    """Tries once. Why the message was not taken, empty where it was, and when to try again; None: never."""
    if receiver is None:
        return NO_RECEIVER, None
    status = 0
    try:
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        status = post(settings, receiver, delivery.message_id, clock(), body)
        problem = f"It answered {status}."
    except httpx2.TimeoutException:
        problem = "It did not answer in time."
    except httpx2.HTTPError as error:
        problem = f"No connection: {error}." if str(error) else f"No connection ({type(error).__name__})."
        problem = problem.replace(receiver.address, host_of(receiver.address))
    except Exception as error:  # whatever a receiver makes of HTTP, the others get theirs
        log.exception("A webhook could not be sent.")
        problem = type(error).__name__
    if 200 <= status < 300:
        return "", None
    return problem, None if status == GONE else next_try(delivery.tries, clock())
