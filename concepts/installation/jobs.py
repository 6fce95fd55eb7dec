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
from concepts.language.ledger import Price, ledger_of
from concepts.settings import save_settings
from concepts.use_cases import App, use_case
from concepts.use_cases.parameters import Limit, Offset
from concepts.use_cases.roles import Role
from storage.backup import backup
from storage.calls import Spent
from storage.jobs import StoredJob
from storage.library import Library

JobId = Annotated[int, Field(ge=1, le=2**31 - 1, description="The job's number.")]


def latest_job(app: App, kinds: Sequence[str]) -> StoredJob | None:
    """The newest job of these kinds, one that is still going first."""
    return app.jobs.store.latest(kinds)


def newest_jobs(app: App, kinds: Sequence[str], concept: str | None = None) -> list[JobView]:
    """The newest job of each of these kinds (for this concept, or for none), those still going first. One
    query, so that a screen can ask every second."""
    return [_view(app, job, concept) for job in app.jobs.store.newest(kinds, concept)]


@use_case("GET /jobs", command="job list")
def list_jobs(app: App, limit: Limit = 50, offset: Offset = 0) -> list[JobView]:
    """Long work: those jobs still going, then the others, newest first."""
    return _views(app, app.jobs.store.recent(limit, offset))


@use_case("GET /jobs/{job_id}", command="job show")
def job_state(app: App, job_id: JobId) -> JobView:
    """How far a job is, and what came of it.

    Raises `UnknownError`.
    """
    return _views(app, [app.jobs.store.get(job_id)])[0]


def _asks_to_cancel(app: App, job_id: int) -> str:
    found = job_state(app, job_id)
    about = f" for “{found.concept}”" if found.concept else ""
    return f"Cancel job {job_id} ({found.kind}{about})? What is done stays."


@use_case("POST /jobs/{job_id}/cancel", command="job cancel", tool="cancel_job", question=_asks_to_cancel)
def cancel_job(app: App, job_id: JobId) -> JobView:
    """Cancel a job: a waiting one at once, a running one at its next step. What is done stays.

    Raises `UnknownError`.
    """
    app.jobs.store.cancel(job_id)
    return job_state(app, job_id)


@use_case("POST /jobs/{job_id}/retry", command="job retry")
def retry_job(app: App, job_id: JobId) -> Started[Any]:
    """Begin a failed or cancelled job again. It continues where it stopped.

    Raises `UnknownError`, `ConflictError`.
    """
    return app.jobs.retry(job_id)


def note_begun(app: App, job_id: int, author: str) -> None:
    """Remembers, for every process, who is to be told of a job's end."""
    app.jobs.store.once(job_id, f"begun by {author}", True)


def note_told(app: App, job_id: int, author: str) -> None:
    """From here on its end is no news for them."""
    app.jobs.store.once(job_id, f"told {author}", True)


def is_news(app: App, job_id: int, author: str) -> bool:
    """Whether they began the job and have not turned to something else since."""
    memory = app.jobs.store.memory(job_id)
    return f"begun by {author}" in memory and f"told {author}" not in memory


@use_case("GET /model-costs", command="system cost", role=Role.OWNER, host=True)
def model_costs(app: App, limit: Limit = 50, offset: Offset = 0) -> ModelCosts:
    """The totals spent by concept, purpose and model, and a page of the calls, the newest first."""
    totals = ledger_of(app).totals_by_concept()
    return ModelCosts(
        totals=activity.call_totals(totals, _names(app, (total.concept_id for total in totals))),
        calls=activity.recent_calls(ledger_of(app), limit, offset),
    )


@use_case("GET /audit", command="system audit", role=Role.OWNER, host=True)
def list_deeds(app: App, limit: Limit = 50, offset: Offset = 0) -> list[DeedView]:
    """Who logged in, changed settings, imported, deleted or exported what; newest first."""
    deeds = app.audit.recent(limit, offset)
    return [DeedView.model_validate(deed, from_attributes=True) for deed in deeds]


@use_case("GET /settings", role=Role.OWNER, host=True)
def endpoint_settings(app: App) -> SettingsView:
    """The model endpoint as it is set. The key itself is never told."""
    return activity.settings_view(app.settings)


def save_endpoint_settings(app: App, changes: Mapping[str, Any]) -> SettingsView:
    """Keeps the endpoint's settings; they count from the next call on. Raises `SettingsError`."""
    for name, value in changes.items():
        if name.endswith("_price") and value:
            Price.parse(value, name)
    if changes.get("prices"):
        Price.table(changes["prices"])
    app.settings = save_settings(app.settings, changes)
    return endpoint_settings(app)


@use_case("POST /settings/test", command="system test-endpoint", host=True, job="Testing the endpoint")
def examine_endpoint(app: App, progress: Progress) -> EndpointReport:
    """Ask the model endpoint what it can do: a few small questions to each model that is set."""
    return examine(app.settings, ledger_of(app).charged_to(progress.job_id, None), progress.report)


def latest_endpoint_test(app: App) -> JobView | None:
    job = app.latest(examine_endpoint)
    return _views(app, [job])[0] if job else None


def backup_of(app: App, *, thumbnails: bool = False) -> Iterator[bytes]:
    """A zip of everything that can't be made again, in pieces; see `storage/backup.py`."""
    recorded = Library(app.database).encoder()
    encoder = recorded.name if recorded else None
    return backup(
        app.database,
        app.settings.home,
        encoder=encoder,
        thumbnails=thumbnails,
        store=app.settings.store,
    )


def keep_log(app: App) -> None:
    """From here on this process writes to the log of the data folder."""
    settings = app.settings
    start_log(settings.home, app.redact, debug=settings.debug)


@use_case(command="system log", host=True)
def log_of(app: App) -> bytes:
    """What went wrong, to be attached to a bug report: JSON lines, without keys and passwords."""
    return read_log(app.settings.home)


@use_case("GET /about", command="system about", host=True)
def about_installation(app: App) -> About:
    """Versions and the data folder."""
    return activity.about(app.settings, app.database)


def _views(app: App, jobs: Sequence[StoredJob]) -> list[JobView]:
    names = _names(app, (job.concept_id for job in jobs))
    spent = ledger_of(app).spent_by_job([job.id for job in jobs])
    return [_view(app, job, names.get(job.concept_id or 0), spent.get(job.id)) for job in jobs]


def _view(app: App, job: StoredJob, concept: str | None, spent: Spent | None = None) -> JobView:
    """A visitor of a demo mends nothing, and is told nothing of where the code and the files are."""
    view = activity.job_view(job, concept, spent)
    if not app.settings.demo:
        return view
    told = {name: _each_text(getattr(view, name), app.redact) for name in ("message", "result")}
    return view.model_copy(update={"details": "", **told})


def _names(app: App, concept_ids: Iterable[int | None]) -> dict[int, str]:
    return app.store.names({known for known in concept_ids if known is not None})


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """What JSON knows, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    if isinstance(value, dict):
        return {change(name): _each_text(one, change) for name, one in value.items()}
    return value
