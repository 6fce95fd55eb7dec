"""Visitors' sandboxes, a data folder each, over one sample library: made, found again, and removed when their
hour is over; what one may take up, and what can be taken along."""

from __future__ import annotations

import logging
import math
import os
import secrets
import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from concepts.encoders import Encoder, Vectors, load_encoder
from concepts.errors import DiscernError, NoPriceError, QuotaError, SettingsError
from concepts.jobs import Background, Job
from concepts.jobs.runner import Perform, Threads
from concepts.language import ROLES, named
from concepts.language.ledger import AllowedLedger, Budget
from concepts.settings import Settings
from concepts.workbench import SharedResources, Workbench
from concepts.workbench.exports import prepare_export
from concepts.workbench.jobs import (
    CheckLibrary,
    DrawCurve,
    DrawEvaluation,
    FindNeighbours,
    LookOver,
    TidyVectors,
)
from storage.blobs import Blobs, FolderBlobs, LayeredBlobs
from storage.database import Database
from storage.files import sqlite_url
from storage.folders import move_places
from storage.jobs import StoredJob
from storage.library import LIBRARY_TABLES, Library
from storage.pictures.decoding import MAX_SENT_PIXELS
from storage.pictures.videos import is_video
from storage.uploads import ARCHIVE_SUFFIX

FOLDER = "sandboxes"
LOOK_EVERY = 15.0  # seconds, for what is over
NICE = 10  # of 19: what is left of a processor goes to training, not what an answer needs
PREPARED = "prepared.sqlite"
SAMPLE = "sample"  # in a sandbox: where the sample pictures are
MEASURE_AGAIN_AFTER = 2.0  # seconds

log = logging.getLogger(__name__)

# What the product begins by itself, at most now and then: nobody's answer fails because of it.
UNASKED = (CheckLibrary, DrawCurve, DrawEvaluation, FindNeighbours, LookOver, TidyVectors)
SPENT = "that is all that a visitor of this demo may spend. Everything built in goes on working."
ABOUT = """What you made in the demo of Discern.

Each folder is one concept:
  definition.json  what counts and what doesn't, in your words
  answers.csv      every label, yours and the machine's, with the picture's name and its SHA-256
  *.zip            the classifier of the newest version, where one was trained: start with its README.md

A Discern of your own takes answers.csv back in.
"""


@dataclass(frozen=True)
class Limits:
    seconds: float = 3600.0  # from the first visit, however busy the visitor is
    pictures: int = 100  # of their own, uploaded
    jobs: int = 200  # in all
    waiting_jobs: int = 5  # at once, those that run included
    disk: int = 300_000_000  # bytes, what is shared with others not counted
    sandboxes: int = 40  # at once


LIMITS = Limits()


class Quotas:
    """One visitor's use of files and jobs. What was admitted counts, also where it came to nothing."""

    def __init__(self, limits: Limits, used_bytes: Callable[[], int]) -> None:
        self._limits = limits
        self._used_bytes = used_bytes
        self._pictures = 0
        self._sent = 0  # bytes, which may still be arriving
        self._jobs = 0
        self._lock = threading.Lock()
        self.waiting: Callable[[], int] = lambda: 0  # how many jobs wait or run

    def admit_file(self, name: str, size: int) -> None:
        """Raises `QuotaError`."""
        if name.lower().endswith(ARCHIVE_SUFFIX) or is_video(name):
            raise QuotaError("archives", 0)
        with self._lock:
            if self._pictures >= self._limits.pictures:
                raise QuotaError("pictures", self._limits.pictures)
            if max(self._sent, self._used_bytes()) + size > self._limits.disk:
                raise QuotaError("disk", self._limits.disk)
            self._pictures += 1
            self._sent += size

    def admit_job(self, job: Job[Any]) -> None:
        """Raises `QuotaError`."""
        if isinstance(job, UNASKED):
            return
        with self._lock:
            if self._jobs >= self._limits.jobs:
                raise QuotaError("jobs", self._limits.jobs)
            if self.waiting() >= self._limits.waiting_jobs:
                raise QuotaError("waiting jobs", self._limits.waiting_jobs)
            if self._used_bytes() > self._limits.disk:
                raise QuotaError("disk", self._limits.disk)
            self._jobs += 1


class Sandbox:
    """`key` is its name and the name of its folder. Removed from outside: see `Sandboxes`."""

    def __init__(
        self,
        key: str,
        settings: Settings,
        limits: Limits,
        lent: SharedResources,
        thumbnails: Blobs,
        clock: Callable[[], float],
    ) -> None:
        """`settings` with the sandbox's own home, which is there already. `thumbnails`: of the library below.
        `clock` counts seconds."""
        self.key = key
        self.limits = limits
        self.home = home = settings.home
        self._clock = clock
        self.ends = clock() + limits.seconds
        self._measured = -math.inf, 0
        quotas = Quotas(limits, self.used_bytes)
        allowance = Budget(settings.demo_budget, advice=SPENT)
        self.bench = Workbench(
            settings,
            replace(
                lent,
                thumbnails=LayeredBlobs(FolderBlobs(home / "thumbnails"), thumbnails),
                root=str(home),
                redact=partial(_without, folders=(home, home.parents[1], Path(tempfile.gettempdir()))),
                ledger=lambda database: AllowedLedger(database, allowance),
                admit_job=quotas.admit_job,
                admit_file=quotas.admit_file,
                most_pixels=MAX_SENT_PIXELS,
            ),
        )
        quotas.waiting = self.bench.jobs.store.count_going
        self.bench.jobs.start()

    @property
    def seconds_left(self) -> float:
        return max(self.ends - self._clock(), 0.0)

    def used_bytes(self) -> int:
        """On disk, measured every few seconds. Files that it shares with the library have two names."""
        when, used = self._measured
        if time.monotonic() - when > MEASURE_AGAIN_AFTER:
            used = sum(
                _own_bytes(Path(folder, name)) for folder, _, files in os.walk(self.home) for name in files
            )
            self._measured = time.monotonic(), used
        return used

    @property
    def is_full(self) -> bool:
        return self.used_bytes() > self.limits.disk

    def remove(self) -> None:
        """Stops its work and takes everything away."""
        self.bench.close()
        shutil.rmtree(self.home, ignore_errors=True)


def _without(text: str, folders: Sequence[Path]) -> str:
    """What a visitor is told: nothing of where the host keeps it."""
    for folder in folders:
        text = text.replace(f"{folder}/", "").replace(str(folder), "the demo")
    return text


def _own_bytes(file: Path) -> int:
    try:
        status = file.stat()
    except FileNotFoundError:
        return 0
    return status.st_size if status.st_nlink == 1 else 0


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
        settings = settings.model_copy(update={"home": settings.home.resolve()})  # as links are followed
        self._alone = FileLock(settings.home / f"{FOLDER}.lock", timeout=0)
        self.limits = limits
        self._settings = settings
        self._clock = clock
        self._folder = settings.home / FOLDER
        self._slots = JobSlots(at_once, self._wake)
        # One thread chooses what everybody is asked next: twenty would keep those who answer waiting.
        self._background = Background()
        encoders = SharedEncoders(settings.cache)
        self._lent = SharedResources(
            load=encoders.load, executor=self._slots.executor, background=self._background
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
        self._library = SampleLibrary(self.base, encoders)
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
            alone = {"home": home, "users": None, "database_url": None, "engine": ""}
            own = self._settings.model_copy(update=alone)
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


class JobSlots:
    """The long work of all visitors, at most `at_once` jobs: two processors serve pages and train for
    everybody. `freed` is called when another may begin."""

    def __init__(self, at_once: int, freed: Callable[[], None]) -> None:
        self.free = at_once
        self._freed = freed
        self._lock = threading.Lock()

    def executor(self, perform: Perform) -> SlotThreads:
        """For the runner of one of them."""
        return SlotThreads(self, perform)

    def take(self) -> None:
        """Of two who saw the last place free both get in: neither has anything to lose by it."""
        with self._lock:
            self.free -= 1

    def give_back(self) -> None:
        with self._lock:
            self.free += 1
        self._freed()


class SlotThreads(Threads):
    """Threads of one, in the slots of all, behind requests."""

    def __init__(self, slots: JobSlots, perform: Perform) -> None:
        def behind_requests(job: StoredJob) -> None:
            with suppress(OSError, AttributeError):  # threads have a priority of their own on Linux
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            perform(job)

        super().__init__(behind_requests)
        self._slots = slots

    def has_room(self) -> bool:
        return self._slots.free > 0

    def submit(self, job: StoredJob) -> Future[None]:
        self._slots.take()
        future = super().submit(job)
        future.add_done_callback(lambda _: self._slots.give_back())
        return future


class SharedEncoders:
    """Loads each encoder once, as `load_encoder` does, with one cache: that takes seconds and hundreds of
    megabytes."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self.names: dict[str, str] = {}  # as visitors are told them → as they are
        self._loaded: dict[str, Encoder] = {}
        self._lock = threading.Lock()

    def load(self, name: str, *, cache: Path) -> Encoder:
        with self._lock:
            name = self.names.get(name, name)
            if name not in self._loaded:
                loaded = load_encoder(name, cache=self._cache)
                self._loaded[name] = cast(Encoder, _Shared(loaded, self.names))
            return self._loaded[name]


class _Shared:
    """An encoder that takes texts from several libraries: encoders themselves take them from one thread."""

    def __init__(self, encoder: Encoder, names: dict[str, str]) -> None:
        self._encoder, self._names = encoder, names
        self._encoding = threading.Lock()

    @property
    def name(self) -> str:
        """As visitors are told it."""
        real = self._encoder.name
        return next((told for told, name in self._names.items() if name == real), real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        with self._encoding:
            return self._encoder.encode_texts(texts)


class SampleLibrary:
    """A data folder with the sample pictures, made once, of which every sandbox begins with a copy: of
    pictures and vectors alone. The copy names no folder of the host: what a visitor is told of begins at the
    sandbox, in which `sample` leads to the pictures.

    Files of vectors and of the cache are never changed in place, by LanceDB and by us, so a copy shares them
    under a second name. Thumbnails are read from here: their thousand folders would take longer than all the
    rest.
    """

    def __init__(self, bench: Workbench, encoders: SharedEncoders) -> None:
        self.bench = bench
        self.home = bench.context.settings.home
        self._encoders = encoders

    def prepare(self) -> None:
        """Gets the sample pictures where the library has none, and has everything at hand that a sandbox
        begins with. Takes half a minute the first time."""
        if not self.bench.library.info().pictures:
            self.bench.library.add(sample=True).wait()
        collection = self.bench.context.collection
        collection.index()
        prepare_export(collection)
        (self.home / "cache").mkdir(exist_ok=True)  # an encoder may have nothing to keep
        unfinished = self.home / f".{PREPARED}"
        unfinished.unlink(missing_ok=True)
        self.bench.context.database.copy_tables_to(unfinished, LIBRARY_TABLES)
        self._tell_nothing_of_the_host(unfinished)
        unfinished.replace(self.home / PREPARED)

    def _tell_nothing_of_the_host(self, copy: Path) -> None:
        """Nothing of the folders that all pictures and the encoder are in."""
        recorded = self.bench.context.collection.recorded()
        kind, _, place = recorded.name.partition(":")
        alias = f"{kind}:{Path(place).name}" if Path(place).is_absolute() else recorded.name
        self._encoders.names[alias] = recorded.name
        database = Database(sqlite_url(copy))
        Library(database).set_encoder(replace(recorded, name=alias))
        self._folders = move_places(database, f"/{SAMPLE}")
        database.close()

    def copy_to(self, home: Path) -> None:
        """A data folder of its own, readable by this process's user alone."""
        home.mkdir(mode=0o700, parents=True)
        for place, folder in self._folders.items():
            Path(f"{home}{place}").parent.mkdir(exist_ok=True)
            Path(f"{home}{place}").symlink_to(folder)
        shutil.copyfile(self.home / PREPARED, home / "discern.sqlite")
        shutil.copytree(self.home / "vectors", home / "vectors", copy_function=_shared)
        pictures = shutil.ignore_patterns("pictures")  # those that somebody has looked at in large
        shutil.copytree(self.home / "cache", home / "cache", ignore=pictures, copy_function=_shared)


def _shared(source: str, target: str) -> str:
    """A second name for the same bytes; a copy where the file system has none. Keeps the times, by which
    copies of the vectors are known to be current."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def write_made(bench: Workbench, out: Path) -> None:
    """What a visitor made as one zip, a folder a concept; without any where nothing was begun."""
    taken: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as scratch:
        archive.writestr("README.txt", ABOUT)
        answers = Path(scratch) / "answers.csv"
        for one in bench.concepts.all(None):
            concept = bench.concept(one.name)
            folder, view = _free(concept.stem, taken), concept.definition.read()
            archive.writestr(f"{folder}/definition.json", view.revision.model_dump_json(indent=2))
            concept.label_files.export_file(answers)
            archive.write(answers, f"{folder}/{answers.name}")
            if view.heads:
                bundle = concept.exports.bundle()
                archive.write(bundle, f"{folder}/{bundle.name}", zipfile.ZIP_STORED)


def _free(stem: str, taken: set[str]) -> str:
    """A folder's name that no other concept has."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
