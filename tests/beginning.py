"""Begins concepts as an app does in which jobs run."""

from __future__ import annotations

import pytest

from concepts.jobs import JobRunner
from concepts.results.concepts import begin_concept
from concepts.use_cases import App


def begin_with_queued_draw(bench: App, name: str, description: str) -> None:
    """The draw of its test pictures waits in the queue: no background work is going on."""
    with pytest.MonkeyPatch.context() as running:
        running.setattr(JobRunner, "is_started", True)
        begin_concept(bench, name, description)
