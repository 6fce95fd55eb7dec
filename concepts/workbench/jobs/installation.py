"""Long work on the installation itself."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.installation.endpoint import EndpointReport
from concepts.jobs import Job, Lane


@dataclass(frozen=True)
class ExamineEndpoint(Job[EndpointReport]):
    kind = "test endpoint"
    lane = Lane.SHORT
    address: str
