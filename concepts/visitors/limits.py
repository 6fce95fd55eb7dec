"""What each visitor of a demo gets, and how it is kept to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concepts.errors import QuotaError
from concepts.jobs import Job
from concepts.workbench.jobs import (
    CheckLibrary,
    DrawCurve,
    DrawEvaluation,
    FindNeighbours,
    LookOver,
    TidyVectors,
)
from storage.uploads import ARCHIVE_SUFFIX

# What the product begins by itself, at most now and then: nobody's answer fails because of it.
UNASKED = (CheckLibrary, DrawCurve, DrawEvaluation, FindNeighbours, LookOver, TidyVectors)


@dataclass(frozen=True)
class Limits:
    seconds: float = 3600.0  # from the first visit, however busy the visitor is
    pictures: int = 100  # of their own, uploaded
    jobs: int = 200  # in all
    waiting_jobs: int = 5  # at once, those that run included
    disk: int = 300_000_000  # bytes, what is shared with others not counted
    sandboxes: int = 40  # at once


LIMITS = Limits()


class Quotas:
    """One visitor's use of files and jobs. What was admitted counts, also where it came to nothing."""

    def __init__(self, limits: Limits, used_bytes: Callable[[], int]) -> None:
        self._limits = limits
        self._used_bytes = used_bytes
        self._pictures = 0
        self._sent = 0  # bytes, which may still be arriving
        self._jobs = 0
        self._lock = threading.Lock()
        self.waiting: Callable[[], int] = lambda: 0  # how many jobs wait or run

    def admit_file(self, name: str, size: int) -> None:
        """Raises `QuotaError`."""
        if name.lower().endswith(ARCHIVE_SUFFIX):
            raise QuotaError("archives", 0)
        with self._lock:
            if self._pictures >= self._limits.pictures:
                raise QuotaError("pictures", self._limits.pictures)
            if max(self._sent, self._used_bytes()) + size > self._limits.disk:
                raise QuotaError("disk", self._limits.disk)
            self._pictures += 1
            self._sent += size

    def admit_job(self, job: Job[Any]) -> None:
        """Raises `QuotaError`."""
        if isinstance(job, UNASKED):
            return
        with self._lock:
            if self._jobs >= self._limits.jobs:
                raise QuotaError("jobs", self._limits.jobs)
            if self.waiting() >= self._limits.waiting_jobs:
                raise QuotaError("waiting jobs", self._limits.waiting_jobs)
            if self._used_bytes() > self._limits.disk:
                raise QuotaError("disk", self._limits.disk)
            self._jobs += 1
