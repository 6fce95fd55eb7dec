"""Use cases of the installation: jobs, model calls, settings, backup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from concepts.installation import activity
from concepts.installation.activity import (
    About,
    CallTotalView,
    CallView,
    JobView,
    SettingsView,
)
from concepts.installation.users import Users
from concepts.jobs.runner import Handler, Progress
from concepts.settings import save_settings
from storage.jobs import StoredJob

if TYPE_CHECKING:
    pass


from concepts.workbench.base import Listener
from concepts.workbench.versions import Versions


class Installation(Versions):
    """Jobs, model calls, settings and the data folder."""

    def _handlers(self) -> dict[str, Handler]:
        return super()._handlers() | {
            "test endpoint": self._test_endpoint,
        }

    def retry_job(self, job_id: int, *, listener: Listener | None = None) -> dict[str, Any]:
        self.jobs.store.retry(job_id)
        return self.jobs.resume(job_id, listener)

    def latest_job(self, kinds: Sequence[str], concept: str | None = None) -> StoredJob | None:
        """The newest job of these kinds (for this concept), one that is still going first."""
        for job in self.jobs.store.recent():
            if job.kind in kinds and (concept is None or job.arguments.get("concept") == concept):
                return job
        return None

    def recent_jobs(self, limit: int = 50, offset: int = 0) -> list[JobView]:
        """Newest first, those still going before the others."""
        return [activity.job_view(job) for job in self.jobs.store.recent(limit, offset)]

    def job(self, job_id: int) -> JobView:
        """Raises `UnknownJobError`."""
        return activity.job_view(self.jobs.store.get(job_id))

    def cancel_job(self, job_id: int) -> None:
        """A waiting job is cancelled at once, a running one at its next step. What is done stays."""
        self.jobs.store.cancel(job_id)

    def submit_retry(self, job_id: int) -> None:
        """Queues a failed or cancelled job again; it goes on where it stopped."""
        self.jobs.store.retry(job_id)
        self.jobs.wake()

    def model_calls(self, limit: int = 50, offset: int = 0) -> list[CallView]:
        """Newest first."""
        return activity.recent_calls(self.ledger, limit, offset)

    def call_totals(self) -> list[CallTotalView]:
        return activity.call_totals(self.ledger)

    def endpoint_settings(self) -> SettingsView:
        return activity.settings_view(self.settings)

    def save_settings(self, changes: Mapping[str, Any]) -> SettingsView:
        """Keeps the endpoint's settings; they count from the next call on. Raises `SettingsError`."""
        self.settings = save_settings(self.settings, changes)
        return self.endpoint_settings()

    def submit_endpoint_test(self) -> int:
        """Asks the endpoint what it can do, in the background; returns the job's id."""
        return self.jobs.submit("test endpoint", {"address": self.settings.openai_base_url or ""})

    def latest_endpoint_test(self) -> JobView | None:
        job = self.latest_job(["test endpoint"])
        return activity.job_view(job) if job else None

    def has_users(self) -> bool:
        """Whether people log in here."""
        return bool(Users(self.settings).records())

    def backup(self, *, thumbnails: bool = False) -> Iterator[bytes]:
        """A zip of everything that can't be made again, in pieces; see `storage/backup.py`."""
        from storage.backup import backup

        recorded = self.collection.library.encoder()
        encoder = recorded.name if recorded else None
        return backup(self.database, self.settings.home, encoder=encoder, thumbnails=thumbnails)

    def about(self) -> About:
        return activity.about(self.settings)

    def _test_endpoint(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.installation.endpoint import examine

        return examine(self.settings, self.ledger, progress.report).model_dump()
