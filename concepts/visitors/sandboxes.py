"""A demo: every visitor has a data folder of their own for an hour, over one sample library."""

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

from concepts.encoders.base import Encoder, Vectors
from concepts.errors import NO_ARCHIVES, VISITOR_FULL, DiscernError, NotAllowedError, SettingsError
from concepts.jobs import Background
from concepts.jobs.runner import Perform, Threads
from concepts.labelling.label_files import write_labels
from concepts.library.collection import collection_of
from concepts.results.bundles import export_bundle, prepare_export
from concepts.results.concepts import concept_state
from concepts.results.library import import_pictures, library_info
from concepts.results.overview import list_concepts
from concepts.results.versions import concept_stem
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App, SharedResources
from storage.blobs import FolderBlobs, LayeredBlobs
from storage.database import Database
from storage.files import sqlite_url
from storage.folders import move_places
from storage.jobs import StoredJob
from storage.library import LIBRARY_TABLES, Library
from storage.pictures.pixels import MAX_SENT_PIXELS
from storage.pictures.videos import is_video
from storage.uploads import ARCHIVE_SUFFIX

FOLDER = "sandboxes"
LOOK_EVERY = 15.0  # seconds, for what is over
NICE = 10  # of 19: what is left of a processor goes to training, not what an answer needs
PREPARED = "prepared.sqlite"
SAMPLE = "sample"  # in a sandbox: where the sample pictures are
MEASURE_AGAIN_AFTER = 2.0  # seconds

log = logging.getLogger(__name__)

ABOUT = """What you made in the demo of Discern.

Each folder is one concept:
  definition.json  what counts and what doesn't, in your words
  answers.csv      every label, yours and the machine's, with the picture's name and its SHA-256
  *.zip            the classifier of the newest version, where one was trained: start with its README.md

A Discern of your own takes answers.csv back in.
"""


@dataclass(frozen=True)
class Limits:
    """disk: bytes that a visitor may use, without shared files. sandboxes: visitors at the same time."""

    seconds: float = 3600.0  # from the first visit, however busy the visitor is
    disk: int = 300_000_000
    sandboxes: int = 40

    def reached(self) -> NotAllowedError:
        """What to raise where a visitor's part of the disk is full."""
        return VISITOR_FULL(most=self.disk / 1e6)


LIMITS = Limits()


class Sandbox:
    """What one visitor has. `key` is its name and the name of its folder."""

    def __init__(
        self, key: str, settings: Settings, limits: Limits, lent: SharedResources, clock: Callable[[], float]
    ) -> None:
        """`settings` with the sandbox's own home, which is there already, inside of the host's; `clock`
        counts seconds."""
        self.key = key
        self.limits = limits
        self.home = home = settings.home
        host = home.parents[1]
        self._clock = clock
        self.ends = clock() + limits.seconds
        self._measured = -math.inf, 0
        self._sent = 0  # bytes, which may still be arriving
        self._lock = threading.Lock()
        thumbnails = LayeredBlobs(FolderBlobs(home / "thumbnails"), FolderBlobs(host / "thumbnails"))
        self.app = open_app(
            settings,
            replace(
                lent,
                thumbnails=thumbnails,
                root=str(home),
                redact=partial(_without, folders=(home, host, Path(tempfile.gettempdir()))),
                admit_work=self.admit_work,
                admit_file=self.admit_file,
                most_pixels=MAX_SENT_PIXELS,
            ),
        )
        self.app.jobs.start()

    @property
    def seconds_left(self) -> float:
        return max(self.ends - self._clock(), 0.0)

    def admit_file(self, name: str, size: int) -> None:
        """Count an upload of `size` bytes, even if it fails later. Raises `NotAllowedError`."""
        if name.lower().endswith(ARCHIVE_SUFFIX) or is_video(name):
            raise NO_ARCHIVES()
        with self._lock:
            if max(self._sent, self.used_bytes()) + size > self.limits.disk:
                raise self.limits.reached()
            self._sent += size

    def admit_work(self) -> None:
        """Raises `NotAllowedError`."""
        if self.is_full:
            raise self.limits.reached()

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
        self.app.close()
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
    """The sandboxes of all visitors, over the sample library of one data folder. Sandboxes of an earlier
    process are removed.

    A sandbox begins with a copy of the host's pictures and vectors alone. The copy names no folder of the
    host: what a visitor is told of begins at the sandbox, in which `sample` leads to the pictures. Files of
    vectors and of the cache are never changed in place, so a copy shares them under a second name. Thumbnails
    are read from the host: their thousand folders would take longer than all the rest.
    """

    def __init__(
        self,
        settings: Settings,
        limits: Limits = LIMITS,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = max((os.cpu_count() or 2) - 1, 1),
    ) -> None:
        """`at_once`: how many jobs run, of all visitors together. Raises `SettingsError` where visitors could
        spend the host's money, and where another process runs a demo over the home: a visitor's hour is known
        to one alone."""
        if settings.has_endpoint:
            raise SettingsError(
                "A demo asks no model: whoever visits it would spend your money. Take the model endpoint out "
                "of the settings."
            )
        settings = settings.model_copy(update={"home": settings.home.resolve()})  # as links are followed
        self._alone = FileLock(settings.home / f"{FOLDER}.lock", timeout=0)
        self.limits = limits
        self._settings = settings
        self._clock = clock
        self._folder = settings.home / FOLDER
        self.free = at_once
        # One thread chooses what everybody is asked next: twenty would keep those who answer waiting.
        self._background = Background()
        self.base = open_app(settings)
        try:
            self._alone.acquire()
        except Timeout:
            self.base.close()
            raise SettingsError(
                f"Another process runs a demo in {settings.home}. A demo is one process: its visitors' parts "
                "are known to nobody else."
            ) from None
        self._known: dict[str, Sandbox] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._janitor = threading.Thread(target=self._keep_clean, name="janitor", daemon=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Gets the sample library ready, and from here on removes what is over."""
        self.prepare()
        self._janitor.start()

    def prepare(self) -> None:
        """Gets the sample pictures where the library has none, and has everything at hand that a sandbox
        begins with. Takes half a minute the first time."""
        if not library_info(self.base).pictures:
            import_pictures(self.base, sample=True).wait()
        collection, home = collection_of(self.base), self._settings.home
        collection.index()
        prepare_export(collection)
        (home / "cache").mkdir(exist_ok=True)  # an encoder may have nothing to keep
        recorded = collection.recorded()
        kind, _, place = recorded.name.partition(":")
        alias = f"{kind}:{Path(place).name}" if Path(place).is_absolute() else recorded.name
        encoder = cast(Encoder, SharedEncoder(collection.encoder(), alias))
        self._lent = SharedResources(
            load=lambda name, cache: encoder,
            executor=partial(SharedThreads, self),
            background=self._background,
        )
        unfinished = home / f".{PREPARED}"
        unfinished.unlink(missing_ok=True)
        self.base.database.copy_tables_to(unfinished, LIBRARY_TABLES)
        database = Database(sqlite_url(unfinished))
        Library(database).set_encoder(replace(recorded, name=alias))
        self._folders = move_places(database, f"/{SAMPLE}")
        database.close()
        unfinished.replace(home / PREPARED)

    def create(self) -> Sandbox:
        """Raises `FullHouseError`."""
        with self._lock:
            left = [sandbox.seconds_left for sandbox in self._known.values() if sandbox.seconds_left > 0]
            if len(left) >= self.limits.sandboxes:
                raise FullHouseError(min(left))
            key = secrets.token_hex(16)
            home = self._folder / key
            self._copy_to(home)
            alone = {"home": home, "users": None, "database_url": None, "engine": ""}
            own = self._settings.model_copy(update=alone)
            sandbox = Sandbox(key, own, self.limits, self._lent, self._clock)
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

    def take_turn(self) -> None:
        """Count a job that begins. Two jobs may take the last turn at once, which does no harm."""
        with self._lock:
            self.free -= 1

    def end_turn(self, _: Future[None]) -> None:
        """Count a job that has ended, and begin the next."""
        with self._lock:
            self.free += 1
            known = list(self._known.values())
        for sandbox in known:
            sandbox.app.jobs.wake()

    def _copy_to(self, home: Path) -> None:
        """A data folder of its own, readable by this process's user alone."""
        home.mkdir(mode=0o700, parents=True)
        for place, folder in self._folders.items():
            Path(f"{home}{place}").parent.mkdir(exist_ok=True)
            Path(f"{home}{place}").symlink_to(folder)
        host = self._settings.home
        shutil.copyfile(host / PREPARED, home / "discern.sqlite")
        shutil.copytree(host / "vectors", home / "vectors", copy_function=_shared)
        pictures = shutil.ignore_patterns("pictures")  # those that somebody has looked at in large
        shutil.copytree(host / "cache", home / "cache", ignore=pictures, copy_function=_shared)

    def _keep_clean(self) -> None:
        while not self._closed.wait(LOOK_EVERY):
            try:
                self.sweep()
            except Exception:
                log.exception("A sandbox that is over could not be removed.")


class SharedThreads(Threads):
    """Threads of one visitor, in the turns of all, behind requests: two processors serve pages and train for
    everybody."""

    def __init__(self, house: Sandboxes, perform: Perform) -> None:
        def behind_requests(job: StoredJob) -> None:
            with suppress(OSError, AttributeError):  # threads have a priority of their own on Linux
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            perform(job)

        super().__init__(behind_requests)
        self._house = house

    def has_room(self) -> bool:
        return self._house.free > 0

    def submit(self, job: StoredJob) -> Future[None]:
        self._house.take_turn()
        future = super().submit(job)
        future.add_done_callback(self._house.end_turn)
        return future


class SharedEncoder:
    """The library's encoder by the `name` that visitors are told. It takes texts from several libraries:
    encoders themselves take them from one thread."""

    def __init__(self, encoder: Encoder, name: str) -> None:
        self._encoder, self.name = encoder, name
        self._encoding = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        with self._encoding:
            return self._encoder.encode_texts(texts)


def _shared(source: str, target: str) -> str:
    """A second name for the same bytes; a copy where the file system has none. Keeps the times, by which
    copies of the vectors are known to be current."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def write_made(app: App, out: Path) -> None:
    """What a visitor made as one zip, a folder a concept; without any where nothing was begun."""
    taken: set[str] = set()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as scratch:
        archive.writestr("README.txt", ABOUT)
        answers = Path(scratch) / "answers.csv"
        for one in list_concepts(app, None):
            concept = app.concept(one.name)
            folder, view = _free(concept_stem(concept.name), taken), concept_state(concept)
            archive.writestr(f"{folder}/definition.json", view.revision.model_dump_json(indent=2))
            write_labels(concept, answers)
            archive.write(answers, f"{folder}/{answers.name}")
            if view.heads:
                bundle = export_bundle(concept)
                archive.write(bundle, f"{folder}/{bundle.name}", zipfile.ZIP_STORED)


def _free(stem: str, taken: set[str]) -> str:
    """A folder's name that no other concept has."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
