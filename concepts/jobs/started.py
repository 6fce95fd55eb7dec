"""Long work that was begun: what a caller holds of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, cast

from concepts.errors import CancelledError, DiscernError
from concepts.jobs.job import Done, Job, read_done
from concepts.jobs.progress import Listener

if TYPE_CHECKING:
    from concepts.jobs.runner import JobRunner

LOOK_EVERY = 0.1  # seconds, while another thread or process works
WAITING = ("queued", "interrupted")


@dataclass(frozen=True)
class Started(Generic[Done]):
    """A job in the table. It goes on by itself where an app runs on the data folder."""

    runner: JobRunner
    job: Job[Done]
    id: int

    def wait(self, listener: Listener | None = None) -> Done:
        """What came of it. Does the work here, unless this process or another has taken it up.

        Raises what the work raises: its own error where it was done here, else a `DiscernError` with its
        reason; `CancelledError`.
        """
        while True:
            stored = self.runner.store.get(self.id)
            if stored.state == "done":
                return read_done(type(self.job), stored)
            if stored.state == "cancelled":
                raise CancelledError("Cancelled. What was done until here is kept.")
            if stored.state == "failed":
                raise DiscernError(stored.error)
            if stored.state in WAITING and not self.runner.is_started:
                if taken := self.runner.store.claim(self.id):
                    return cast(Done, self.runner.run_claimed(taken, listener))
            elif listener:
                listener(stored.done, stored.total, stored.message)
            time.sleep(LOOK_EVERY)
