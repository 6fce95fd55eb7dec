"""Long work outside web requests: queued in SQL, run in lanes, resumed, cancelled, reported."""

from concepts.jobs.background import Background
from concepts.jobs.job import Job, Lane
from concepts.jobs.progress import Listener, Progress
from concepts.jobs.runner import JobRunner, Started

__all__ = ["Background", "Job", "JobRunner", "Lane", "Listener", "Progress", "Started"]
