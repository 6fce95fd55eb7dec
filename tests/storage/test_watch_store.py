"""Watches in SQL: what is said is kept once with all that follows from it; a message is taken by one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from at_once import at_once
from rows import add_pictures, picture_ids

from storage.concepts import ConceptStore
from storage.database import Database
from storage.errors import UnknownError
from storage.tables import now
from storage.watches import LEASE, Deliveries, Watch, Watched, Watches


@pytest.fixture
def watches(database: Database) -> Watches:
    ConceptStore(database).create("messy room")
    add_pictures(database, picture_ids(6))
    return Watches(database)


def begin(watches: Watches, webhook: str = "https://hooks.example/") -> Watch:
    shares = {"ask_flagged": 0.1, "promised": 0.9, "promised_by": "given"}
    where = {"folder": "/inbox", "confined": False, "webhook": webhook}
    return watches.add(Watch(concept_id=1, version=None, seed="seed", author="me", **where, **shares))


def said(n: int) -> list[Watched]:
    """Every other one is flagged, every one is drawn."""
    same = {"version": 1, "probability": 0.9, "threshold": 0.5, "fresh": True, "drawn": True}
    return [
        Watched(picture_id=picture, file=f"{row}.png", flagged=row % 2 == 0, **same)
        for row, picture in enumerate(picture_ids(n))
    ]


def test_what_is_said_again_by_several_at_once_changes_nothing(watches: Watches, database: Database) -> None:
    watch = begin(watches)
    assert watches.keep(watch, said(4)) == 4
    assert sum(at_once(4, lambda _: watches.keep(watch, said(6)))) == 2
    counts = watches.counts(watch.id)
    assert (counts.seen, counts.flagged, counts.asked) == (6, 3, 6)
    assert Deliveries(database).counts(watch.id) == {"waiting": 3, "delivered": 0, "dead": 0}
    assert list(ConceptStore(database).certifying_pictures(1)) == picture_ids(6)
    assert watches.seen(watch.id, [*picture_ids(6), "0" * 64]) == set(picture_ids(6))
    without_webhook = begin(watches, webhook="")
    assert watches.seen(without_webhook.id, picture_ids(6)) == set()
    watches.keep(without_webhook, said(6))
    assert sum(Deliveries(database).counts(without_webhook.id).values()) == 0


def test_a_message_is_taken_by_one_and_again_once_its_time_is_over(
    watches: Watches, database: Database
) -> None:
    watch, outbox, at = begin(watches), Deliveries(database), now() + timedelta(seconds=1)
    watches.keep(watch, said(6))
    taken = at_once(5, lambda _: outbox.claim(at))
    assert len({one.sequence for one in taken if one}) == 3
    assert sum(one is None for one in taken) == 2
    assert outbox.claim(at) is None
    assert outbox.claim(at + LEASE).tries == 2
    assert outbox.claim(at + 3 * LEASE, without=[watch.id]) is None


def test_what_was_sent_or_given_up_is_not_due(watches: Watches, database: Database) -> None:
    watch, outbox, at = begin(watches), Deliveries(database), now() + timedelta(seconds=1)
    watches.keep(watch, said(6))
    first, second, third = filter(None, (outbox.claim(at) for _ in range(3)))
    outbox.succeeded(first.sequence, at)
    outbox.failed(second.sequence, "It answered 500.", None)
    outbox.failed(third.sequence, "It answered 500.", at + timedelta(hours=1))
    assert outbox.claim(at + LEASE) is None
    assert outbox.counts(watch.id) == {"waiting": 1, "delivered": 1, "dead": 1}
    assert outbox.claim(at + timedelta(hours=1)).sequence == third.sequence
    (dead,) = outbox.of(watch.id, "dead", 10)
    assert dead.problem == "It answered 500."


def test_a_stopped_watch_is_not_going_and_one_of_a_concept_in_the_trash_isnt_either(
    watches: Watches, database: Database
) -> None:
    first, second = begin(watches), begin(watches)
    watches.stop(first.id)
    stopped = watches.get(first.id).stopped
    watches.stop(first.id)
    assert watches.get(first.id).stopped == stopped
    assert [watch.id for watch in watches.going()] == [second.id]
    ConceptStore(database).put_away(1)
    assert watches.going() == []
    with pytest.raises(UnknownError):
        watches.get(99)
