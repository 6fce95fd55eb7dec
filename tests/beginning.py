"""Begins concepts as an app does in which jobs run."""

from __future__ import annotations

import pytest

from concepts.jobs import JobRunner
from concepts.workbench import Workbench


def begin_with_queued_draw(bench: Workbench, name: str, description: str) -> None:
    """The draw of its test pictures waits in the queue: no background work is going on."""
    with pytest.MonkeyPatch.context() as running:
        running.setattr(JobRunner, "is_started", True)
        bench.concepts.begin(name, description)
