"""Use cases of the installation: jobs, model calls, settings, backup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from concepts.installation import activity
from concepts.installation.activity import About, DeedView, JobView, ModelCosts, SettingsView
from concepts.installation.endpoint import EndpointReport, examine
from concepts.installation.log import read_log, start_log
from concepts.jobs import Progress, Started
from concepts.language.connection import without_credentials
from concepts.language.ledger import Price
from concepts.settings import save_settings
from concepts.use_cases.parameters import Limit, Offset
from concepts.use_cases.roles import Role
from concepts.workbench.context import Context
from concepts.workbench.jobs import ExamineEndpoint
from concepts.workbench.operation import operation
from storage.backup import backup
from storage.calls import Spent
from storage.jobs import StoredJob

JobId = Annotated[int, Field(ge=1, le=2**31 - 1, description="The job's number.")]


class Installation:
    """Jobs, model calls, settings and the data folder."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(ExamineEndpoint, self._examine_endpoint)

    def latest_job(self, kinds: Sequence[str]) -> StoredJob | None:
        """The newest job of these kinds, one that is still going first."""
        return self._context.jobs.store.latest(kinds)

    def newest_jobs(self, kinds: Sequence[str], concept: str | None = None) -> list[JobView]:
        """The newest job of each of these kinds (for this concept, or for none), those still going first. One
        query, so that a screen can ask every second."""
        return [self._view(job, concept) for job in self._context.jobs.store.newest(kinds, concept)]

    @operation("GET /jobs")
    def recent_jobs(self, limit: Limit = 50, offset: Offset = 0) -> list[JobView]:
        """Long work: those jobs still going, then the others, newest first."""
        return self._views(self._context.jobs.store.recent(limit, offset))

    @operation("GET /jobs/{job_id}")
    def job(self, job_id: JobId) -> JobView:
        """How far a job is, and what came of it.

        Raises `UnknownError`.
        """
        return self._views([self._context.jobs.store.get(job_id)])[0]

    def _asks_to_cancel(self, job_id: int) -> str:
        found = self.job(job_id)
        about = f" for “{found.concept}”" if found.concept else ""
        return f"Cancel job {job_id} ({found.kind}{about})? What is done stays."

    @operation("POST /jobs/{job_id}/cancel", tool="cancel_job", question=_asks_to_cancel)
    def cancel_job(self, job_id: JobId) -> JobView:
        """Cancel a job: a waiting one at once, a running one at its next step. What is done stays.

        Raises `UnknownError`.
        """
        self._context.jobs.store.cancel(job_id)
        return self.job(job_id)

    @operation("POST /jobs/{job_id}/retry")
    def retry_job(self, job_id: JobId) -> Started[Any]:
        """Begin a failed or cancelled job again. It continues where it stopped.

        Raises `UnknownError`, `ConflictError`.
        """
        return self._context.jobs.retry(job_id)

    def note_begun(self, job_id: int, author: str) -> None:
        """Remembers, for every process, who is to be told of a job's end."""
        self._context.jobs.store.once(job_id, f"begun by {author}", True)

    def note_told(self, job_id: int, author: str) -> None:
        """From here on its end is no news for them."""
        self._context.jobs.store.once(job_id, f"told {author}", True)

    def is_news(self, job_id: int, author: str) -> bool:
        """Whether they began the job and have not turned to something else since."""
        memory = self._context.jobs.store.memory(job_id)
        return f"begun by {author}" in memory and f"told {author}" not in memory

    @operation("GET /model-costs", role=Role.OWNER, host=True)
    def model_costs(self, limit: Limit = 50, offset: Offset = 0) -> ModelCosts:
        """The totals spent by concept, purpose and model, and a page of the calls, the newest first."""
        totals = self._context.ledger.totals_by_concept()
        return ModelCosts(
            totals=activity.call_totals(totals, self._names(total.concept_id for total in totals)),
            calls=activity.recent_calls(self._context.ledger, limit, offset),
        )

    @operation("GET /audit", role=Role.OWNER, host=True)
    def deeds(self, limit: Limit = 50, offset: Offset = 0) -> list[DeedView]:
        """Who logged in, changed settings, imported, deleted or exported what; newest first."""
        deeds = self._context.audit.recent(limit, offset)
        return [DeedView.model_validate(deed, from_attributes=True) for deed in deeds]

    @operation("GET /settings", role=Role.OWNER, host=True)
    def endpoint_settings(self) -> SettingsView:
        """The model endpoint as it is set. The key itself is never told."""
        return activity.settings_view(self._context.settings)

    def save_settings(self, changes: Mapping[str, Any]) -> SettingsView:
        """Keeps the endpoint's settings; they count from the next call on. Raises `SettingsError`."""
        for name, value in changes.items():
            if name.endswith("_price") and value:
                Price.parse(value, name)
        if changes.get("prices"):
            Price.table(changes["prices"])
        self._context.settings = save_settings(self._context.settings, changes)
        return self.endpoint_settings()

    @operation("POST /settings/test", host=True)
    def test_endpoint(self) -> Started[EndpointReport]:
        """Ask the model endpoint what it can do: a few small questions to each model that is set."""
        address = without_credentials(self._context.settings.openai_base_url or "")
        return self._context.jobs.begin(ExamineEndpoint(address))

    def latest_endpoint_test(self) -> JobView | None:
        job = self._context.jobs.store.latest([ExamineEndpoint.kind])
        return self._views([job])[0] if job else None

    def backup(self, *, thumbnails: bool = False) -> Iterator[bytes]:
        """A zip of everything that can't be made again, in pieces; see `storage/backup.py`."""
        recorded = self._context.collection.library.encoder()
        encoder = recorded.name if recorded else None
        return backup(
            self._context.database,
            self._context.settings.home,
            encoder=encoder,
            thumbnails=thumbnails,
            store=self._context.settings.store,
        )

    def start_log(self) -> None:
        """From here on this process writes to the log of the data folder."""
        settings = self._context.settings
        start_log(settings.home, self._context.redact, debug=settings.debug)

    def log(self) -> bytes:
        """The log, to be attached to a bug report: JSON lines, without keys and passwords."""
        return read_log(self._context.settings.home)

    @operation("GET /about", host=True)
    def about(self) -> About:
        """Versions and the data folder."""
        return activity.about(self._context.settings, self._context.database)

    def _examine_endpoint(self, job: ExamineEndpoint, progress: Progress) -> EndpointReport:
        ledger = self._context.ledger.charged_to(progress.job_id, None)
        return examine(self._context.settings, ledger, progress.report)

    def _views(self, jobs: Sequence[StoredJob]) -> list[JobView]:
        names = self._names(job.concept_id for job in jobs)
        spent = self._context.ledger.spent_by_job([job.id for job in jobs])
        return [self._view(job, names.get(job.concept_id or 0), spent.get(job.id)) for job in jobs]

    def _view(self, job: StoredJob, concept: str | None, spent: Spent | None = None) -> JobView:
        """A visitor of a demo mends nothing, and is told nothing of where the code and the files are."""
        view = activity.job_view(job, concept, spent)
        if not self._context.settings.demo:
            return view
        told = {name: _each_text(getattr(view, name), self._context.redact) for name in ("message", "result")}
        return view.model_copy(update={"details": "", **told})

    def _names(self, concept_ids: Iterable[int | None]) -> dict[int, str]:
        return self._context.store.names({known for known in concept_ids if known is not None})


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """What JSON knows, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    if isinstance(value, dict):
        return {change(name): _each_text(one, change) for name, one in value.items()}
    return value
