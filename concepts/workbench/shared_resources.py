"""What a Workbench doesn't have for itself, where a process has several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.jobs import Background, Job
from concepts.jobs.runner import Executor, Perform, Threads
from concepts.language.ledger import Ledger
from storage.blobs import Blobs
from storage.database import Database


@dataclass(frozen=True)
class SharedResources:
    """Without a word of them, all that a Workbench alone has for itself, and no limits."""

    load: Callable[..., Encoder] = load_encoder
    executor: Callable[[Perform], Executor] = Threads
    background: Background | None = None  # one of its own without a word
    thumbnails: Blobs | None = None  # where they are kept, if not in the home
    ledger: Callable[[Database], Ledger] = Ledger
    admit_job: Callable[[Job[Any]], None] = lambda job: None
    admit_file: Callable[[str, int], None] = lambda name, size: None  # its name and bytes
