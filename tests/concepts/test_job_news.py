"""Who looks again and again at work hears at once when something has changed, and never misses it."""

from __future__ import annotations

import threading
import time

from concepts.jobs import progress
from concepts.jobs.progress import News

LONG = 60.0


def waited(told: News, who: str, seconds: float) -> float:
    begun = time.monotonic()
    told.wait(who, seconds)
    return time.monotonic() - begun


def test_whoever_asks_first_waits_for_nothing() -> None:
    assert waited(News(), "one", LONG) < LONG


def test_what_came_since_one_asked_last_is_heard_at_once_by_each() -> None:
    told = News()
    for who in ("one", "two"):
        told.wait(who, LONG)
    told.told()
    assert all(waited(told, who, LONG) < LONG for who in ("one", "two"))


def test_without_news_one_waits_as_long_as_said_and_no_longer() -> None:
    told = News()
    told.wait("one", LONG)
    assert waited(told, "one", 0.01) >= 0.01


def test_what_comes_while_one_waits_ends_the_wait() -> None:
    told = News()
    told.wait("one", LONG)
    waiting = threading.Thread(target=told.wait, args=("one", LONG))
    waiting.start()
    told.told()
    waiting.join(LONG / 2)
    assert not waiting.is_alive()


def test_whoever_has_not_asked_for_long_is_forgotten_and_hears_at_once() -> None:
    told = News()
    for number in range(progress.MOST_LISTENERS + 1):
        told.wait(str(number), LONG)
    assert waited(told, "0", LONG) < LONG
