"""Work in the background: in order, past failures, and never in the way of the end."""

from __future__ import annotations

import threading

import pytest

from concepts.jobs import Background

PATIENCE = 20  # seconds until a test gives up


def test_it_is_done_in_order_and_goes_on_after_a_failure() -> None:
    background = Background()
    done: list[int] = []
    broken = background.submit(lambda: 1 / 0)
    futures = [background.submit(done.append, number) for number in range(5)]
    futures[-1].result(PATIENCE)
    assert done == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        broken.result(PATIENCE)
    background.shutdown()


def test_the_end_waits_for_nothing_and_begins_nothing() -> None:
    background = Background()
    begun, gate = threading.Event(), threading.Event()
    done: list[str] = []

    def load() -> None:
        begun.set()
        gate.wait(PATIENCE)
        done.append("loaded")

    running = background.submit(load)
    background.submit(done.append, "waiting")
    assert begun.wait(PATIENCE)
    background.shutdown()
    assert done == []
    gate.set()
    running.result(PATIENCE)
    background.submit(done.append, "after the end")
    background._thread.join(PATIENCE)
    assert not background._thread.is_alive()
    assert done == ["loaded"]
