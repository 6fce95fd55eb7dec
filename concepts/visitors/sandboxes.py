"""All visitors' sandboxes: made, found again, and removed when their hour is over."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable

from filelock import FileLock, Timeout

from concepts.errors import DiscernError, NoPriceError, SettingsError
from concepts.jobs import Background
from concepts.language import Role, named
from concepts.settings import Settings
from concepts.visitors.job_slots import JobSlots
from concepts.visitors.limits import LIMITS, Limits
from concepts.visitors.sample_library import SampleLibrary
from concepts.visitors.sandbox import Sandbox
from concepts.visitors.shared_encoders import SharedEncoders
from concepts.workbench import SharedResources, Workbench
from storage.blobs import FolderBlobs

FOLDER = "sandboxes"
LOOK_EVERY = 15.0  # seconds, for what is over
ROLES: tuple[Role, ...] = ("scoping", "annotating", "escalating", "criticising")

log = logging.getLogger(__name__)


class FullHouseError(DiscernError):
    """There are as many visitors as the demo takes. `seconds` until the first of them is over."""

    def __init__(self, seconds: float) -> None:
        super().__init__("There are as many visitors here as this demo takes at once.")
        self.seconds = seconds


class Sandboxes:
    """Over the sample library of one home. What an earlier process left of sandboxes is removed: their hour
    ended with it."""

    def __init__(
        self,
        settings: Settings,
        limits: Limits = LIMITS,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = max((os.cpu_count() or 2) - 1, 1),
    ) -> None:
        """`at_once`: how many jobs run, of all visitors together. Raises `SettingsError` where visitors
        could spend what can't be counted, and where another process runs a demo over the home: a visitor's
        hour is known to one alone."""
        _require_prices(settings)
        self._alone = FileLock(settings.home / f"{FOLDER}.lock", timeout=0)
        self.limits = limits
        self._settings = settings
        self._clock = clock
        self._folder = settings.home / FOLDER
        self._turns = JobSlots(at_once, self._wake)
        # One thread chooses what everybody is asked next: twenty would keep those who answer waiting.
        self._background = Background()
        self._lent = SharedResources(
            load=SharedEncoders(settings.cache).load,
            executor=self._turns.executor,
            background=self._background,
        )
        self.base = Workbench(settings, SharedResources(load=self._lent.load))
        try:
            self._alone.acquire()
        except Timeout:
            self.base.close()
            raise SettingsError(
                f"Another process runs a demo in {settings.home}. A demo is one process: its visitors' parts "
                "are known to nobody else."
            ) from None
        self._library = SampleLibrary(self.base)
        self._known: dict[str, Sandbox] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._janitor = threading.Thread(target=self._keep_clean, name="janitor", daemon=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Gets the sample library ready, and from here on removes what is over."""
        self._library.prepare()
        self._janitor.start()

    def create(self) -> Sandbox:
        """Raises `FullHouseError`."""
        with self._lock:
            left = [sandbox.seconds_left for sandbox in self._known.values() if sandbox.seconds_left > 0]
            if len(left) >= self.limits.sandboxes:
                raise FullHouseError(min(left))
            key = secrets.token_hex(16)
            home = self._folder / key
            self._library.copy_to(home)
            own = self._settings.model_copy(
                update={"home": home, "users": None, "database_url": None, "engine": ""}
            )
            thumbnails = FolderBlobs(self._settings.home / "thumbnails")
            sandbox = Sandbox(key, own, self.limits, self._lent, thumbnails, self._clock)
            self._known[key] = sandbox
        return sandbox

    def find(self, key: str) -> Sandbox | None:
        """None for one that is over, or never was."""
        sandbox = self._known.get(key)
        return sandbox if sandbox and sandbox.seconds_left > 0 else None

    def sweep(self) -> None:
        """Removes what is over."""
        with self._lock:
            over = [key for key, sandbox in self._known.items() if sandbox.seconds_left <= 0]
            gone = [self._known.pop(key) for key in over]
        for sandbox in gone:
            sandbox.remove()

    def close(self) -> None:
        """Removes all of them, and lets go of the library."""
        self._closed.set()
        with self._lock:
            gone = list(self._known.values())
            self._known.clear()
        for sandbox in gone:
            sandbox.remove()
        self._background.shutdown()
        self.base.close()
        self._alone.release()

    def _wake(self) -> None:
        for sandbox in list(self._known.values()):
            sandbox.bench.jobs.wake()

    def _keep_clean(self) -> None:
        while not self._closed.wait(LOOK_EVERY):
            try:
                self.sweep()
            except Exception:
                log.exception("A sandbox that is over could not be removed.")


def _require_prices(settings: Settings) -> None:
    """Where models answer, each needs a price: a visitor's budget is kept by it."""
    if not settings.has_endpoint:
        return
    for role in ROLES:
        model, price = named(settings, role)
        if model and price is None:
            raise SettingsError(
                f"A demo needs the price of {model}: each visitor has a budget."
            ) from NoPriceError(model)
