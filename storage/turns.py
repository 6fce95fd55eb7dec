"""Who wants what another is getting already waits: threads of this process, and of others over one
database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LOOK_EVERY = 0.25  # seconds between two looks whether another process is done


class Names(Protocol):
    """Names that one process has at a time. All are let go when it ends, however that is."""

    def take(self, name: str) -> bool:
        """Whether this process has it now. Only asked for names that it does not have."""

    def give(self, name: str) -> None: ...


class Turns:
    """Thread-safe. Any number of names may be taken at a time, for minutes."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._here: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Held by one thread of one process at a time; not to be begun again inside."""
        with self._changed:
            self._changed.wait_for(lambda: name not in self._here)
            self._here.add(name)
        try:
            while not self._names.take(name):
                time.sleep(LOOK_EVERY)
            try:
                yield
            finally:
                self._names.give(name)
        finally:
            with self._changed:
                self._here.discard(name)
                self._changed.notify_all()
