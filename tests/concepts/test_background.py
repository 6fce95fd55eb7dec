"""Work in the background: in order, past failures, and never in the way of the end."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from patience import PATIENCE

from concepts.jobs import Background


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
    wait_for_the_threads()
    assert done == ["loaded"]


def test_what_was_worked_on_is_let_go() -> None:
    class Heavy:
        def work(self) -> None:
            pass

    background, heavy = Background(), Heavy()
    gone = weakref.ref(heavy)
    background.submit(heavy.work).result(PATIENCE)
    wait_for_the_threads()
    del heavy
    gc.collect()
    assert gone() is None


def wait_for_the_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "discern background":
            thread.join(PATIENCE)
            assert not thread.is_alive()
