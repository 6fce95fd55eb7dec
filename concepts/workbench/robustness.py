"""Use cases of how steady a version is: whether it says the same of a picture that was changed a little."""

from __future__ import annotations

from concepts.classifier.robustness import Robustness, robustness
from concepts.jobs import Listener, Progress
from concepts.workbench.context import Context
from concepts.workbench.jobs import ExamineRobustness


class Steadiness:
    """Done on demand, since it embeds pictures; what came of it is kept as the job's result."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(ExamineRobustness, self._examine)

    def examine(
        self, name: str, *, version: int | None = None, listener: Listener | None = None
    ) -> Robustness:
        """Looks at answered pictures again after small changes, and waits for it."""
        return self._context.jobs.run(self._asked(name, version), listener)

    def submit(self, name: str, version: int | None = None) -> int:
        """The same in the background; returns the job's id. Raises `UnknownVersionError` at once."""
        return self._context.jobs.submit(self._asked(name, version))

    def newest(self, name: str) -> Robustness | None:
        """What came of it last, perhaps of an older version."""
        return self._context.jobs.newest_done(ExamineRobustness, self._context.concept(name).id)

    def _asked(self, name: str, version: int | None) -> ExamineRobustness:
        concept, head = self._context.version(name, version)
        return ExamineRobustness(concept.id, head.number)

    def _examine(self, job: ExamineRobustness, progress: Progress) -> Robustness:
        concept = self._context.store.get(job.concept_id)
        dataset, head = self._context.dataset(concept), self._context.head(concept, job.version)
        return robustness(dataset, self._context.collection, head, progress.report)
