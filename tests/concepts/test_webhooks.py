"""Webhooks: signed as the standard says, to no internal address, tried again and at last given up."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from receiver import Receiver

from concepts.errors import NotAllowedError, SettingsError
from concepts.results import webhooks
from concepts.results.webhooks import (
    DELAYS,
    JITTER,
    NO_RECEIVER,
    Receivers,
    check_address,
    deliver,
    new_secret,
    next_try,
    post,
    signature,
)
from concepts.settings import Settings, load_settings
from storage.watches import Delivery

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def settings(internal: bool = False) -> Settings:
    return load_settings(internal_webhooks=internal)


def here(address: str, secret: str = "whsec_eA==") -> webhooks.Receiver:
    return webhooks.Receiver(address, secret)


def test_a_signature_is_that_of_the_standards_own_example() -> None:
    """From the documentation of Svix, whose scheme became Standard Webhooks."""
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_sent_carries_id_time_and_signature_and_a_redirect_is_not_followed() -> None:
    secret = new_secret()
    with Receiver([302]) as receiver:
        status = post(settings(internal=True), here(receiver.url, secret), "msg_1", NOW, b'{"a":1}')
    assert status == 302
    ((headers, body),) = receiver.messages
    assert body == b'{"a":1}'
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["content-type"] == "application/json"
    assert receiver.all_signed_with(secret)


INTERNAL = """
    127.0.0.1 2130706433 localhost:8000 10.1.2.3 192.168.0.1 100.64.0.1 [::1] [fd00::1] [::ffff:10.0.0.1]
    [::10.0.0.1] [::ffff:0:10.0.0.1] [64:ff9b:1::10.0.0.1] [fec0::1]
"""  # with several ways to write an IPv4 address: as one number, and in IPv6


CREDENTIALS = "169.254.169.254 [::169.254.169.254] [fe80::1] 100.100.100.200 168.63.129.16 0.0.0.0"


@pytest.mark.parametrize("host", INTERNAL.split())
def test_an_internal_address_is_refused_unless_the_owner_allows_it(host: str) -> None:
    with pytest.raises(NotAllowedError, match="internal address"):
        check_address(f"http://{host}/hook", settings())
    check_address(f"http://{host}/hook", settings(internal=True))


@pytest.mark.parametrize(
    ("url", "refusal", "why"),
    [
        *((f"http://{host}/latest", NotAllowedError, "") for host in CREDENTIALS.split()),  # of a cloud
        *((url, SettingsError, "no address") for url in ("ftp://a.b/", "a.b/hook", "http://", "http://[")),
        ("https://ana:secret@example.com/hook", SettingsError, "no name and password"),
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused_whatever_is_allowed(
    url: str, refusal: type[Exception], why: str
) -> None:
    with pytest.raises(refusal, match=why):
        check_address(url, settings(internal=True))


def test_a_name_that_stands_for_an_internal_address_is_refused_at_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: real("127.0.0.1", *more, **named))
    with Receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example")
        check_address(url, settings())
        with pytest.raises(httpx2.ConnectError, match="internal address"):
            post(settings(), here(url), "msg_1", NOW, b"{}")
        assert receiver.messages == []
        assert post(settings(internal=True), here(url), "msg_1", NOW, b"{}") == 204


def test_each_try_waits_longer_and_the_eighth_is_the_last() -> None:
    waits = [(found - NOW) for tries in range(1, 8) if (found := next_try(tries, NOW))]
    for wait, delay in zip(waits, DELAYS, strict=True):
        assert delay * (1 - JITTER) <= wait <= delay * (1 + JITTER)
    assert next_try(8, NOW) is None
    assert waits[0] < timedelta(seconds=10)


def test_after_a_backup_was_restored_nothing_is_sent_and_it_says_why() -> None:
    waiting = Delivery(sequence=1, watch_id=1, message_id="msg_1", tries=0)
    assert deliver(settings(), None, waiting, {}, lambda: NOW) == (NO_RECEIVER, None)


def test_secrets_are_their_owners_alone_and_no_two_are_alike(own_home: Path) -> None:
    assert new_secret() != new_secret()
    kept = Receivers(own_home)
    assert kept.of(1) is None
    receivers = [here(f"https://hooks.example/{one}") for one in "ab"]
    for number, receiver in enumerate(receivers):
        kept.keep(number, receiver)
    assert [kept.of(number) for number in (0, 1)] == receivers
    assert (own_home / "secrets.json").stat().st_mode & 0o077 == 0
