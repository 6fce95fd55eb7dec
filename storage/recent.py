"""Bytes that were read last, in memory: for what lies far away and is asked for again soon."""

from __future__ import annotations

import threading
from collections import OrderedDict


class RecentBytes:
    """Bytes under keys, at most so many in all: the least recently used go first. For many threads."""

    def __init__(self, limit: int) -> None:
        """`limit`: bytes; with 0 nothing is kept."""
        self._limit = limit
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            content = self._kept.get(key)
            if content is not None:
                self._kept.move_to_end(key)
            return content

    def keep(self, key: str, content: bytes) -> None:
        with self._lock:
            self._forget(key)
            self._kept[key] = content
            self._size += len(content)
            while self._size > self._limit:
                self._forget(next(iter(self._kept)))

    def forget(self, key: str) -> None:
        with self._lock:
            self._forget(key)

    def _forget(self, key: str) -> None:
        self._size -= len(self._kept.pop(key, b""))
