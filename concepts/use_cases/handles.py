"""What use cases are called with: the `App` over one data folder, and one `Concept` of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from pydantic import BaseModel

from concepts.errors import NO_CONCEPTS, SettingsError, UnknownError, missing_package
from concepts.jobs import Background, JobRunner, Progress, Started
from concepts.jobs.engines import RAY, Engine, InProcess
from concepts.jobs.runner import Executor, Perform, Threads
from concepts.settings import Settings, saved_again, saved_at
from concepts.use_cases.names import id_in
from concepts.use_cases.redacting import redacted
from storage.choices import AnnotatorChoices, CombinationStore, Deliberations, PromptStore, ProtectionStore
from storage.concepts import ConceptStore
from storage.database import Database
from storage.disk import told
from storage.files import make_private
from storage.heads import CertifyingDraws, HeadStore
from storage.jobs import JobStore, StoredJob
from storage.labels import LabelLog, WallLog
from storage.overview import Overview
from storage.people import AuditLog
from storage.picture_columns import PictureColumns
from storage.pictures.pixels import MAX_PIXELS
from storage.tables import ConceptRow
from storage.trash import TrashStore
from storage.watches import Watches

if TYPE_CHECKING:
    from concepts.use_cases.declaration import UseCase
    from storage.blobs import Blobs

Given = ParamSpec("Given")
Made = TypeVar("Made")
Result = TypeVar("Result", bound=BaseModel)

# Every function that was declared as a use case, in the rooms that were imported.
DECLARED: dict[Callable[..., Any], UseCase] = {}


def engine_of(setting: str) -> Engine:
    """Threads of this process without a word, `ray` for a Ray of this machine, `ray://host:port` for others.
    Nothing is begun and no library loaded before there is work. Raises `PackageError`."""
    if not setting:
        return InProcess()
    if find_spec(RAY) is None:
        raise missing_package(RAY, RAY)
    from concepts.jobs.on_ray import RayEngine  # its packages are optional

    return RayEngine("local" if setting == RAY else setting)


@dataclass(frozen=True)
class SharedResources:
    """Without a word of them, all that an App alone has for itself, and no limits."""

    load: Callable[..., Any] | None = None  # what loads an encoder
    executor: Callable[[Perform], Executor] = Threads
    background: Background | None = None  # one of its own without a word
    thumbnails: Blobs | None = None  # where they are kept, if not in the home
    root: str = ""  # the folder that all pictures are below and nobody is told of
    redact: Callable[[str], str] = str  # takes more out of errors than keys and passwords
    admit_work: Callable[[], None] = lambda: None
    admit_file: Callable[[str, int], None] = lambda name, size: None  # its name and bytes
    most_pixels: int = MAX_PIXELS  # of a picture that is uploaded


class App:
    """One data folder: its settings, stores and jobs. Rooms make their own services from it."""

    def __init__(self, settings: Settings, shared: SharedResources | None = None) -> None:
        self.shared = shared or SharedResources()
        self._settings, self._saved = settings, saved_at(settings)
        with told(settings.home):
            make_private(settings.home, folder=True)
        self.database = Database(settings.database)
        self.engine = engine_of(settings.engine)
        self.store = ConceptStore(self.database)
        self.columns = PictureColumns(self.database)
        self.heads = HeadStore(self.database)
        self.log = LabelLog(self.database)
        self.walls = WallLog(self.database)
        self.certifying = CertifyingDraws(self.database)
        self.watches = Watches(self.database)
        self.trash = TrashStore(self.database)
        self.annotators = AnnotatorChoices(self.database)
        self.prompt_texts = PromptStore(self.database)
        self.protection = ProtectionStore(self.database)
        self.deliberation = Deliberations(self.database)
        self.combinations = CombinationStore(self.database)
        self.audit = AuditLog(self.database)
        self.overview = Overview(self.database)
        self.background = self.shared.background or Background()
        self.jobs = JobRunner(
            JobStore(self.database),
            self.shared.executor,
            self.redact,
            settings.home,
            self.shared.admit_work,
        )
        self.at_close: list[Callable[[], None]] = []  # what services that run by themselves are stopped by
        self._made: dict[Callable[..., Any], Any] = {}
        self._making = threading.RLock()
        for declared in DECLARED.values():
            if declared.is_work:
                self.jobs.register(declared.job, declared.worker(self))

    def close(self) -> None:
        """Leaves running jobs at their next step, whatever else runs where it is, and the data folder."""
        for stop in self.at_close:
            stop()
        if self.shared.background is None:
            self.background.shutdown()
        self.jobs.stop()
        self.engine.close()
        self.database.close()

    @property
    def settings(self) -> Settings:
        """Read again where another process has saved some; what can't be read changes nothing."""
        saved = saved_at(self._settings)
        if saved != self._saved:
            with suppress(SettingsError):
                self._settings = saved_again(self._settings)
            self._saved = saved
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings  # what was saved meanwhile, here or elsewhere, is still to be read

    @property
    def drawing(self) -> AbstractContextManager[None]:
        """For one thread of all processes at a time: what is drawn depends on what was drawn before."""
        return self.database.alone("drawing")

    def redact(self, text: str) -> str:
        """Without keys and passwords, as the settings are now."""
        return self.shared.redact(redacted(text, self.settings.secrets))

    def concept(self, name: str) -> Concept:
        """By its name, by one it had before it was renamed, or as `id:7`. Raises `UnknownError`, also for one
        in the trash."""
        row = self.store.find(name)
        if row is not None:
            return Concept(self, row)
        number = id_in(name) or self.trash.find("concept", name)
        if number is not None:
            return self.concept_of(number)
        names = ", ".join(f"“{row.name}”" for row in self.store.all(limit=5))
        if not names:
            raise NO_CONCEPTS(name=name)
        raise UnknownError(f"There is no concept “{name}”. There are: {names}.", "concept")

    def concept_of(self, concept_id: int) -> Concept:
        """For jobs, which carry its id. Raises `UnknownError`."""
        return Concept(self, self.store.get(concept_id))

    def once(self, make: Callable[[App], Made]) -> Made:
        """What `make` returns for this app, made when it is first asked for."""
        if make not in self._made:
            with self._making:
                if make not in self._made:
                    self._made[make] = make(self)
        return cast(Made, self._made[make])

    def begin(
        self,
        work: Callable[Concatenate[App, Progress, Given], Result],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Started[Result]:
        """Queues a use case that is a job. Raises `PlaceError` where there is no room to begin it."""
        return DECLARED[work].begin(self, *given, **named)

    def submit(
        self,
        work: Callable[Concatenate[App, Progress, Given], Result],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> int:
        """Queues a use case that nobody asked for, whatever room there is, and returns the job's id."""
        return self.jobs.submit(DECLARED[work].job_for(self, *given, **named))

    def newest(self, work: Callable[..., Result]) -> Result | None:
        """What came of the newest job of this use case that is done."""
        return self.jobs.newest_done(DECLARED[work].job)

    def latest(self, work: Callable[..., Any]) -> StoredJob | None:
        """The newest job of this use case, however far it is."""
        return self.jobs.store.latest([DECLARED[work].kind])


@dataclass(eq=False)
class Concept:
    """A concept that was looked up once. `App.concept` makes it; jobs carry its id."""

    app: App
    row: ConceptRow = field(repr=False)

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def name(self) -> str:
        return self.row.name

    def begin(
        self,
        work: Callable[Concatenate[Concept, Progress, Given], Result],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Started[Result]:
        """Queues a use case that is a job. Raises `PlaceError` where there is no room to begin it."""
        return DECLARED[work].begin(self, *given, **named)

    def submit(
        self,
        work: Callable[Concatenate[Concept, Progress, Given], Result],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> int:
        """Queues a use case that nobody asked for, whatever room there is, and returns the job's id."""
        return self.app.jobs.submit(DECLARED[work].job_for(self, *given, **named))

    def newest(self, work: Callable[..., Result]) -> Result | None:
        """What came of the newest job of this use case that is done."""
        return self.app.jobs.newest_done(DECLARED[work].job, self.id)

    def latest(self, work: Callable[..., Any]) -> StoredJob | None:
        """The newest job of this use case, however far it is."""
        return self.app.jobs.store.latest([DECLARED[work].kind], self.id)


def service(make: Callable[[App], Made]) -> Callable[[App], Made]:
    """Has a function make its result once an app, and return the same from then on."""

    @wraps(make)
    def made(app: App) -> Made:
        return app.once(make)

    return made
