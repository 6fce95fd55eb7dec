"""What is due is sent, with the same id each time, until it is taken or was tried often enough."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2

from concepts.publishing.webhooks import GONE, Secrets, body_of, next_try, post
from concepts.settings import Settings
from storage.tables import now
from storage.watches import Deliveries, Delivery, Watch, Watches

NO_SECRET = "The secret that signs messages is gone. Stop watching this folder and begin again."

log = logging.getLogger(__name__)

EventOf = Callable[[Watch, Delivery], dict[str, Any]]


@dataclass(frozen=True)
class Sent:
    delivered: int = 0
    failed: int = 0


class Sender:
    """Works through the outbox. Any number of them may, in any number of processes."""

    def __init__(
        self,
        settings: Settings,
        watches: Watches,
        deliveries: Deliveries,
        event_of: EventOf,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._settings = settings
        self._watches = watches
        self._deliveries = deliveries
        self._event_of = event_of
        self._clock = clock
        self._secrets = Secrets(settings.home)

    def send_due(self, going_on: Callable[[], bool] = lambda: True) -> Sent:
        """Sends what is due. A receiver that fails once is left alone until the next call: while it is down
        that costs one try, and not one of each message."""
        delivered, failing, failed = 0, set[int](), 0
        while going_on() and (found := self._deliveries.claim(self._clock(), failing)):
            if self._send(found):
                delivered += 1
            else:
                failed += 1
                failing.add(found.watch_id)
        return Sent(delivered, failed)

    def _send(self, delivery: Delivery) -> bool:
        watch = self._watches.get(delivery.watch_id)
        secret = self._secrets.read(watch.id)
        if secret is None:
            self._deliveries.failed(delivery.sequence, NO_SECRET, None)
            return False
        at, body = self._clock(), body_of(self._event_of(watch, delivery))
        try:
            status = post(self._settings, watch.webhook, secret, delivery.message_id, at, body)
        except httpx2.HTTPError as error:
            problem = _said(error)
        except Exception as error:  # whatever a receiver makes of HTTP, the others get theirs
            log.exception("A webhook could not be sent.")
            problem = type(error).__name__
        else:
            if 200 <= status < 300:
                self._deliveries.succeeded(delivery.sequence, self._clock())
                return True
            problem = f"It answered {status}."
            if status == GONE:
                self._deliveries.failed(delivery.sequence, problem, None)
                return False
        self._deliveries.failed(delivery.sequence, problem, next_try(delivery.tries, self._clock()))
        return False


def _said(error: httpx2.HTTPError) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "It did not answer in time."
    return f"No connection: {error}." if str(error) else f"No connection ({type(error).__name__})."
