"""One visitor's data folder, and what is left of its hour."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from concepts.language.ledger import AllowedLedger, Budget
from concepts.settings import Settings
from concepts.visitors.limits import Limits, Quotas
from concepts.workbench import SharedResources, Workbench
from storage.blobs import Blobs, FolderBlobs, LayeredBlobs

MEASURE_AGAIN_AFTER = 2.0  # seconds
SPENT = "that is all that a visitor of this demo may spend. Everything built in goes on working."


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
            SharedResources(
                load=lent.load,
                executor=lent.executor,
                background=lent.background,
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
