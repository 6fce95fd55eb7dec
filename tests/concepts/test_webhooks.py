"""Webhooks: signed as the standard says, to no internal address, tried again and at last given up."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from receiver import Receiver

from concepts.errors import NotAllowedError, SettingsError
from concepts.publishing import webhooks
from concepts.publishing.webhooks import (
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


def test_what_is_sent_carries_id_time_and_signature() -> None:
    secret = new_secret()
    with Receiver() as receiver:
        status = post(settings(internal=True), here(receiver.url, secret), "msg_1", NOW, b'{"a":1}')
    assert status == 204
    ((headers, body),) = receiver.messages
    assert body == b'{"a":1}'
    assert headers["webhook-id"] == "msg_1"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["content-type"] == "application/json"
    assert receiver.all_signed_with(secret)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/hook",
        "http://2130706433/hook",  # 127.0.0.1 in one number
        "http://localhost:8000/hook",
        "http://10.1.2.3/hook",
        "http://192.168.0.1/hook",
        "http://100.64.0.1/hook",
        "http://[::1]/hook",
        "http://[fd00::1]/hook",
        "http://[::ffff:10.0.0.1]/hook",
        "http://[::10.0.0.1]/hook",  # and other ways to write an IPv4 address in IPv6
        "http://[::ffff:0:10.0.0.1]/hook",
        "http://[64:ff9b:1::10.0.0.1]/hook",
        "http://[fec0::1]/hook",
    ],
)
def test_an_internal_address_is_refused_unless_the_owner_allows_it(url: str) -> None:
    with pytest.raises(NotAllowedError, match="internal address"):
        check_address(url, settings())
    check_address(url, settings(internal=True))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[::169.254.169.254]/",
        "http://[fe80::1]/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://0.0.0.0/",
    ],
)
def test_where_clouds_hand_out_credentials_nothing_is_sent_whatever_is_allowed(url: str) -> None:
    with pytest.raises(NotAllowedError):
        check_address(url, settings(internal=True))


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "example.com/hook", "http://", "http://[", "file:///etc"]
)
def test_what_is_no_address_is_refused_in_words(url: str) -> None:
    with pytest.raises(SettingsError, match="no address of a webhook"):
        check_address(url, settings())


def test_a_password_has_no_place_in_an_address() -> None:
    with pytest.raises(SettingsError, match="no name and password"):
        check_address("https://ana:secret@example.com/hook", settings())


def test_a_name_that_stands_for_an_internal_address_is_refused_at_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int | None, *more: Any, **named: Any) -> list[Any]:
        return real("127.0.0.1" if host == "hooks.example" else host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with Receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example")
        check_address(url, settings())
        with pytest.raises(httpx2.ConnectError, match="internal address"):
            post(settings(), here(url), "msg_1", NOW, b"{}")
        assert receiver.messages == []
        assert post(settings(internal=True), here(url), "msg_1", NOW, b"{}") == 204


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with Receiver([302]) as receiver:
        assert post(settings(internal=True), here(receiver.url), "msg_1", NOW, b"{}") == 302
    assert len(receiver.messages) == 1


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
    kept.keep(1, here("https://hooks.example/a"))
    kept.keep(2, here("https://hooks.example/b"))
    assert [kept.of(number) for number in (1, 2)] == [here(f"https://hooks.example/{one}") for one in "ab"]
    assert (own_home / "secrets.json").stat().st_mode & 0o077 == 0
