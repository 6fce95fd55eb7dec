"""One visitor's data folder: what it may take up, what is left of its hour, what can be taken along."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from concepts.errors import QuotaError
from concepts.jobs import Job
from concepts.language.ledger import AllowedLedger, Budget
from concepts.settings import Settings
from concepts.workbench import SharedResources, Workbench
from concepts.workbench.jobs import (
    CheckLibrary,
    DrawCurve,
    DrawEvaluation,
    FindNeighbours,
    LookOver,
    TidyVectors,
)
from storage.blobs import Blobs, FolderBlobs, LayeredBlobs
from storage.uploads import ARCHIVE_SUFFIX

# What the product begins by itself, at most now and then: nobody's answer fails because of it.
UNASKED = (CheckLibrary, DrawCurve, DrawEvaluation, FindNeighbours, LookOver, TidyVectors)

MEASURE_AGAIN_AFTER = 2.0  # seconds
SPENT = "that is all that a visitor of this demo may spend. Everything built in goes on working."
ABOUT = """What you made in the demo of Discern.

Each folder is one concept:
  definition.json  what counts and what doesn't, in your words
  answers.csv      every answer, yours and the machine's, with the picture's name and its SHA-256
  *.zip            the classifier of the newest version, where one was trained: start with its README.md

A Discern of your own takes answers.csv back in.
"""


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


class Sandbox:
    """`key` is its name and the name of its folder. Removed from outside: see `Sandboxes`."""

    def __init__(
        self,
        key: str,
        settings: Settings,
        limits: Limits,
        lent: SharedResources,
        thumbnails: Blobs,
        clock: Callable[[], float],
    ) -> None:
        """`settings` with the sandbox's own home, which is there already. `thumbnails`: of the library below.
        `clock` counts seconds."""
        self.key = key
        self.limits = limits
        self.home = settings.home
        self._clock = clock
        self.ends = clock() + limits.seconds
        self._measured = -math.inf, 0
        quotas = Quotas(limits, self.used_bytes)
        allowance = Budget(settings.demo_budget, advice=SPENT)
        self.bench = Workbench(
            settings,
            replace(
                lent,
                thumbnails=LayeredBlobs(FolderBlobs(settings.home / "thumbnails"), thumbnails),
                ledger=lambda database: AllowedLedger(database, allowance),
                admit_job=quotas.admit_job,
                admit_file=quotas.admit_file,
            ),
        )
        quotas.waiting = self.bench.jobs.store.count_going
        self.bench.jobs.start()

    @property
    def seconds_left(self) -> float:
        return max(self.ends - self._clock(), 0.0)

    def used_bytes(self) -> int:
        """On disk, measured every few seconds. Files that it shares with the library have two names."""
        when, used = self._measured
        if time.monotonic() - when > MEASURE_AGAIN_AFTER:
            used = sum(
                _own_bytes(Path(folder, name)) for folder, _, files in os.walk(self.home) for name in files
            )
            self._measured = time.monotonic(), used
        return used

    @property
    def is_full(self) -> bool:
        return self.used_bytes() > self.limits.disk

    def remove(self) -> None:
        """Stops its work and takes everything away."""
        self.bench.close()
        shutil.rmtree(self.home, ignore_errors=True)


def _own_bytes(file: Path) -> int:
    try:
        status = file.stat()
    except FileNotFoundError:
        return 0
    return status.st_size if status.st_nlink == 1 else 0


def write_made(bench: Workbench, out: Path) -> None:
    """What a visitor made as one zip, a folder a concept; without any where nothing was begun."""
    taken: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as scratch:
        archive.writestr("README.txt", ABOUT)
        answers = Path(scratch) / "answers.csv"
        for one in bench.concepts.all(None):
            concept = bench.concept(one.name)
            folder, view = _free(concept.stem, taken), concept.definition.read()
            archive.writestr(f"{folder}/definition.json", view.revision.model_dump_json(indent=2))
            concept.label_files.export_file(answers)
            archive.write(answers, f"{folder}/{answers.name}")
            if view.heads:
                bundle = concept.exports.bundle()
                archive.write(bundle, f"{folder}/{bundle.name}", zipfile.ZIP_STORED)


def _free(stem: str, taken: set[str]) -> str:
    """A folder's name that no other concept has."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
