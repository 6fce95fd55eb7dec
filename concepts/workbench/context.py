"""What all use cases share: the data folder with its stores, and looking up what a person names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Collection as Collected
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Literal

from concepts.classifier.library_scores import LibraryScores, ScoreCache
from concepts.classifier.measuring import MeasuredVersion, measured
from concepts.classifier.training import check_fingerprint
from concepts.collaborator.setups import Machines, Setup
from concepts.definition.document import Definition, Revision
from concepts.definition.names import id_in
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.errors import NO_CONCEPTS, NO_VERSION, SettingsError, UnknownError
from concepts.jobs import Background, JobRunner
from concepts.jobs.engines import engine_of
from concepts.jobs.runner import Executor, Perform, Threads
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.label_cache import LabelCache
from concepts.labelling.ranking import rank_library
from concepts.labelling.waves import draw_wave
from concepts.language.failures import redacted
from concepts.language.ledger import Budget, Ledger
from concepts.language.prompts import PromptFiles
from concepts.learning.fitting import SEED, train_early
from concepts.learning.waves import FEW_LEFT, next_size
from concepts.library.collection import Collection
from concepts.library.neighbourhood import Neighbourhood
from concepts.library.renditions import Renditions
from concepts.library.search import Finder
from concepts.library.uploads import Uploads
from concepts.settings import Settings, saved_again, saved_at
from storage.blobs import Blobs
from storage.choices import AnnotatorChoices, PromptStore, ProtectionStore
from storage.concepts import CERTIFYING, WATCHING, ConceptStore
from storage.database import Database
from storage.disk import told
from storage.files import make_private
from storage.heads import CertifyingDraws, HeadStore, StoredHead
from storage.jobs import JobStore
from storage.labels import LabelLog, WallLog
from storage.people import AuditLog
from storage.picture_columns import PictureColumns
from storage.pictures.pixels import MAX_PIXELS
from storage.tables import ConceptRow, DefinitionRow
from storage.trash import TrashStore
from storage.uploads import uploads_at
from storage.watches import Watches


@dataclass(frozen=True)
class SharedResources:
    """Without a word of them, all that a Workbench alone has for itself, and no limits."""

    load: Callable[..., Encoder] = load_encoder
    executor: Callable[[Perform], Executor] = Threads
    background: Background | None = None  # one of its own without a word
    thumbnails: Blobs | None = None  # where they are kept, if not in the home
    root: str = ""  # the folder that all pictures are below and nobody is told of
    redact: Callable[[str], str] = str  # takes more out of errors than keys and passwords
    admit_work: Callable[[], None] = lambda: None
    admit_file: Callable[[str, int], None] = lambda name, size: None  # its name and bytes
    most_pixels: int = MAX_PIXELS  # of a picture that is uploaded


POOL_SIZE = 1000  # candidates per concept
SCORED_AT_ONCE = 200_000  # up to here the whole library is scored while a screen waits

# The steps of a concept, and the screen each is done on.
JOURNEY = (
    ("Describe", "/describe"),
    ("Label", "/label"),
    ("Check", "/check"),
    ("Results", "/results"),
)

Purpose = Literal["train", "evaluation"]


class Context:
    """One data folder: settings, stores, jobs and the ledger, handed to every room of the Workbench."""

    def __init__(self, settings: Settings, lent: SharedResources) -> None:
        self._settings, self._saved, self._redact = settings, saved_at(settings), lent.redact
        with told(settings.home):
            make_private(settings.home, folder=True)
        self.database = Database(settings.database)
        self.engine = engine_of(settings.engine)
        self.collection = Collection(
            settings, self.database, lent.load, lent.thumbnails, self.engine, lent.root
        )
        self.columns = PictureColumns(self.database)
        self.store = ConceptStore(self.database)
        self.heads = HeadStore(self.database)
        self.log = LabelLog(self.database)
        self.walls = WallLog(self.database)
        self.label_cache = LabelCache(self.database, self.collection)
        self.certifying = CertifyingDraws(self.database)
        self.watches = Watches(self.database)
        self.trash = TrashStore(self.database)
        self.annotators = AnnotatorChoices(self.database)
        self.prompt_texts = PromptStore(self.database)
        self.protection = ProtectionStore(self.database)
        self.ledger = Ledger(self.database)
        self.audit = AuditLog(self.database)
        self.uploads = Uploads(uploads_at(settings.home, settings.store), lent.admit_file, lent.most_pixels)
        self.finder = Finder(self.collection)
        self.scores = ScoreCache()
        self.neighbourhood = Neighbourhood(
            lambda: None if self.collection.library.encoder() is None else self.collection.stored().graph
        )
        self.renditions = Renditions(
            self.collection.library, self.collection.thumbnail, settings.cache / "pictures"
        )
        self.background = lent.background or Background()
        self._shares_background = lent.background is not None
        self.jobs = JobRunner(
            JobStore(self.database), lent.executor, self.redact, settings.home, lent.admit_work
        )

    def close(self) -> None:
        """Leaves running jobs at their next step, whatever else runs where it is, and the data folder."""
        if not self._shares_background:
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
        return self._redact(redacted(text, self.settings.secrets))

    def concept(self, name: str) -> ConceptRow:
        """By its name, by one it had before it was renamed, or as `id:7`. Raises `UnknownError`, also for one
        in the trash."""
        concept = self.store.find(name)
        if concept is None:
            number = id_in(name) or self.trash.find("concept", name)
            if number is not None:
                return self.store.get(number)
            names = ", ".join(f"“{row.name}”" for row in self.store.all(limit=5))
            if not names:
                raise NO_CONCEPTS(name=name)
            raise UnknownError(f"There is no concept “{name}”. There are: {names}.", "concept")
        return concept

    def revision(self, concept: ConceptRow, number: int | None = None) -> Revision:
        """The newest definition, or the one asked for. Raises `UnknownError`."""
        row = self.store.definition(concept.id, number)
        if row is None:
            newest = self.store.definition(concept.id)
            raise UnknownError(
                f"“{concept.name}” has no definition {number}; it has 1 to {newest.number if newest else 0}.",
                "version",
            )
        return revision_of(row)

    def with_versions(self) -> list[ConceptRow]:
        """The concepts with a version for the library's encoder."""
        rows, made = self.store.all(), self.heads.newest_fingerprints()
        if not rows:
            return []
        of_parts, whole = self.collection.parts.fingerprints(), self.collection.recorded().fingerprint
        return [row for row in rows if made.get(row.id) == of_parts.get(row.id, whole)]

    def head(self, concept: ConceptRow, number: int | None) -> StoredHead:
        """The newest trained version, or the one asked for. Raises `UnknownError`."""
        head = self.heads.get(concept.id, number)
        if head is None:
            name, newest = concept.name, self.heads.get(concept.id)
            if newest is None:
                raise NO_VERSION(concept=name)
            raise UnknownError(f"“{name}” has no version {number}; it has 1 to {newest.number}.", "version")
        return head

    def setup(self, concept_id: int) -> Setup:
        """How the concept's pictures are annotated, as people chose; else by the model that sees, where one
        is set."""
        chosen = self.annotators.newest(concept_id)
        if chosen is None:
            return Setup()
        return Setup(chosen.annotator, chosen.large, chosen.examples, chosen.repeats)

    def prompts(self, concept_id: int) -> PromptFiles:
        """The concept's own where it has some, else the files."""
        return PromptFiles({name: kept.text for name, kept in self.prompt_texts.own(concept_id).items()})

    def machines(
        self,
        concept: ConceptRow,
        job_id: int | None = None,
        budget: float | None = None,
        *,
        setup: Setup | None = None,
        revision: int | None = None,
    ) -> Machines:
        """Who looks at a concept's pictures: as was chosen for it, under its newest definition, where nothing
        else is said. Calls are charged to a job, which goes on with what it had left of so many USD."""
        ledger = self.ledger.charged_to(job_id, concept.id)
        return Machines(
            self.dataset(concept, revision),
            self.settings,
            ledger,
            None if budget is None else Budget(budget, ledger.spent_usd(job_id=job_id) or 0.0),
            self.prompts(concept.id),
            setup or self.setup(concept.id),
        )

    def measured(self, concept: ConceptRow, number: int) -> MeasuredVersion | None:
        """The newest figures of a version."""
        return measured(self.heads.evaluation(concept.id, number))

    def dataset(self, concept: ConceptRow, revision: int | None = None) -> ConceptDataset:
        """What the concept learns and measures from, under a definition; read anew each time."""
        return ConceptDataset(
            self.collection, self.store, self.log, concept, self.revision(concept, revision)
        )

    def library_scores(
        self, concept_id: int, head: StoredHead, *, wait: bool = False
    ) -> LibraryScores | None:
        """What a version says of the pictures the concept looks in; None where that would keep a screen
        waiting, which can't `wait`."""
        check_fingerprint(head, self.collection)
        vectors = self.collection.vectors_for(concept_id)
        if not wait and len(vectors.ids) > SCORED_AT_ONCE and not self.scores.has(head, vectors):
            return None
        return self.scores.of(head, vectors)

    def rank_library(self, concept: ConceptRow, head: StoredHead, *, wait: bool) -> None:
        """Puts the library in the order of all answers, kept beside the scores of a version. An older
        version that is looked at, or in use again, shows what it makes of the library itself. Where the
        neighbour graph isn't there yet this takes a while, or without `wait` only begins it."""
        vectors = self.collection.vectors_for(concept.id)
        newest = max(one.label_sequence for one in self.heads.all(concept.id))
        if not self.neighbourhood.fits(vectors) or head.label_sequence != newest:
            return
        if self.scores.of(head, vectors).is_ranked:
            return
        graph_of = self.neighbourhood.graph if wait else self.neighbourhood.at_once
        ranking = rank_library(self.dataset(concept, head.definition_number), graph_of)
        if ranking is not None or wait:
            self.scores.rank(head, vectors, ranking)

    def draw_evaluation(self, concept: ConceptRow, avoid: Sequence[str] = ()) -> None:
        """Draws the first wave of pictures to measure with once there are pictures to draw from, or waits
        where that is going on. None of those to `avoid` is in it, nor any that looks like them.

        Whatever mines, trains, takes answers from elsewhere or examples does this first (rule 4), so that
        none of those has seen a picture that measures.
        """
        if not self.store.evaluation_pictures(concept.id):
            self._draw_wave(concept, 1, avoid)

    def draw_more(
        self, concept: ConceptRow, waiting: Collected[str] = (), at_least: int = FEW_LEFT + 1
    ) -> None:
        """Draws the next waves until `at_least` pictures that measure have no answer and aren't `waiting` for
        one, or the library has no more to give."""
        self.draw_evaluation(concept)
        while True:
            drawn = self.store.evaluation_pictures(concept.id)
            answered = self.log.first_answered(concept.id).keys() | set(waiting)
            left = len(drawn.keys() - answered)
            if left >= at_least or not self._draw_wave(concept, len(drawn) + 1):
                return

    def to_answer(self, concept: ConceptRow) -> list[str]:
        """The pictures to be answered blindly, in order: those asked for, then those that measure."""
        return [*self.asked_for(concept), *self.label_cache.held_out(concept.id).evaluation]

    def asked_for(self, concept: ConceptRow) -> list[str]:
        """The pictures that certify the lines asked for last, or say how often a watch that goes on is wrong,
        in order."""
        apart = self.label_cache.held_out(concept.id).certifying
        if not apart:  # as mostly, and this is asked with every answer
            return []
        asked = {(CERTIFYING, draw.attempt) for draw in self.certifying.newest(concept.id).values()}
        asked |= {(WATCHING, watch.id) for watch in self.watches.of(concept.id) if watch.stopped is None}
        waiting = [i for i, drawn in apart.items() if (drawn.drawn, drawn.attempt) in asked]
        inside = set(self.collection.frames.among(concept.id, waiting))
        # Who has a folder watched for a concept wants to be asked about it, wherever else that looks.
        return [i for i in waiting if i in inside or apart[i].drawn == WATCHING]

    def _draw_wave(self, concept: ConceptRow, more_than: int, avoid: Sequence[str] = ()) -> bool:
        """Draws a wave where fewer than `more_than` pictures measure; says whether there is one more."""
        if self.collection.library.encoder() is None:
            return False
        with self.drawing:
            drawn = len(self.store.evaluation_pictures(concept.id))
            if drawn >= more_than:
                return True
            size = next_size(drawn, self.collection.count_for(concept.id))
            if not size:
                return False
            sequence = self.log.last_sequence(concept.id)
            dataset = self.dataset(concept)
            head = None
            if drawn:
                head = train_early(dataset.training.data, dataset.text_direction, SEED)
            wave, chosen = draw_wave(dataset, size, head, sequence, avoid)
            return bool(chosen) and self.store.add_wave(concept.id, wave, chosen)


def revision_of(row: DefinitionRow) -> Revision:
    definition = Definition.model_validate(row.document)
    return Revision(
        number=row.number, definition=definition, author=row.author, note=row.note, created=row.created
    )
