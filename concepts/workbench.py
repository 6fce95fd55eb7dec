"""The use cases, in the person's words. Screens, REST and the command line call this and nothing else."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from concepts import activity, browsing
from concepts.asking import Decisions, Questions, Tally, Upcoming, tally
from concepts.collection import Collection
from concepts.definition import Change, Definition, Revision, word_diff
from concepts.editing import origin_in_words, what_changed
from concepts.errors import DiscernError, UnknownConceptError, UnknownVersionError
from concepts.finding import Finder, query_views
from concepts.jobs import JobRunner, Progress
from concepts.labelling import (
    SPELLINGS,
    BadRow,
    Decision,
    ImportReport,
    LabelRow,
    new_labels,
    read_label_file,
    write_label_file,
)
from concepts.library_scores import LibraryScores, ScoreCache
from concepts.library_scores import Order as ScoreOrder
from concepts.material import Material
from concepts.renditions import Rendition, Renditions
from concepts.roots import check_roots
from concepts.settings import Settings, save_settings
from concepts.uploads import Uploads, typed_paths
from concepts.users import Users
from concepts.views import (
    About,
    AnnotateResult,
    BadFile,
    CallTotalView,
    CallView,
    Comparison,
    ConceptSummary,
    ConceptView,
    CriterionView,
    CurvePoint,
    DeletedConcept,
    ExportResult,
    GivenAnswer,
    HeadView,
    Hit,
    JobView,
    LabelCounts,
    LibraryInfo,
    MineResult,
    Mistake,
    NextPicture,
    PictureDetail,
    PicturePage,
    PictureView,
    QualityView,
    QueryView,
    Repetition,
    RevisionView,
    ScoredPage,
    ScoreResult,
    SettingsView,
    TrainResult,
)
from storage.calls import Ledger
from storage.concepts import ConceptStore, StoredEvaluation, StoredHead
from storage.database import Database
from storage.jobs import JobStore, StoredJob
from storage.labels import Author, LabelEvent, LabelLog, NewLabel
from storage.tables import ConceptRow, DefinitionRow

if TYPE_CHECKING:
    from concepts.bulk import Order
    from concepts.reviewing import AnnotateEstimate, Opinion, ReviewFilter, ReviewPage

EVALUATION_SIZE = 200
EVALUATION_SHARE = 0.2  # of a small library: the rest has to be left to learn from
ENOUGH_LABELS = 100  # answers after which labelling counts as done (Modeling Collaborator's figure)
POOL_SIZE = 1000  # candidates per concept
SCORED_AT_ONCE = 200_000  # up to here the whole library is scored while a screen waits
WHOLE_LIBRARY = 20_000  # up to here every picture is a candidate to be asked about

# The steps of a concept, and the screen each is done on.
JOURNEY = (
    ("Define", "/define"),
    ("Label", "/label"),
    ("Review", "/review"),
    ("Quality", "/quality"),
    ("Use", "/use"),
)

Listener = Callable[[int, int | None, str], None]
Purpose = Literal["train", "evaluation"]


class Workbench:
    """Everything a person can do, over one data folder. It orders the work; the rooms do it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_path)
        self.collection = Collection(settings, self.database)
        self.store = ConceptStore(self.database)
        self.log = LabelLog(self.database)
        self.uploads = Uploads(settings.home)
        self.finder = Finder(self.collection)
        self.ledger = Ledger(self.database)
        self.scores = ScoreCache()
        self._bundle_lock = threading.Lock()
        self.renditions = Renditions(
            self.collection.library, self.collection.thumbnails, settings.cache / "pictures"
        )
        self._questions: dict[int, tuple[Decisions, Questions]] = {}
        self._questions_lock = threading.Lock()
        self._background = ThreadPoolExecutor(1, thread_name_prefix="questions")
        self.jobs = JobRunner(
            JobStore(self.database),
            {
                "add pictures": self._add,
                "add sample": self._add_sample,
                "re-embed": self._reembed,
                "annotate": self._annotate,
                "score": self._score,
                "train": self._train,
                "evaluate": self._evaluate,
                "learning curve": self._learning_curve,
                "score library": self._score_library,
                "score files": self._score_files,
                "expand": self._expand,
                "mine": self._mine,
                "test endpoint": self._test_endpoint,
            },
            short=("expand", "mine", "train", "evaluate", "learning curve", "score library", "test endpoint"),
        )

    # Pictures

    def add_pictures(
        self, paths: Sequence[Path], *, encoder: str | None = None, listener: Listener | None = None
    ) -> dict[str, Any]:
        """Adds files, folders, archives and lists, and waits until it is done."""
        return self.jobs.run("add pictures", self._add_arguments(paths, encoder), listener)

    def submit_add(self, paths: Sequence[Path], *, encoder: str | None = None) -> int:
        """The same in the background, from where the app may read; returns the job's id."""
        check_roots(paths, self.settings)
        return self.jobs.submit("add pictures", self._add_arguments(paths, encoder))

    def submit_typed(self, text: str) -> int:
        """Adds the folders, files, archives and lists that a person typed, one a line, in the background."""
        return self.submit_add(typed_paths(text))

    def submit_uploads(self, batch: str) -> int:
        """Adds the files of an upload in the background."""
        return self.submit_add(self.uploads.paths(batch))

    def submit_sample(self) -> int:
        """Fetches the sample pictures and adds them, in the background; returns the job's id."""
        return self.jobs.submit("add sample", {})

    def reembed(self, encoder: str, *, listener: Listener | None = None) -> dict[str, Any]:
        return self.jobs.run("re-embed", {"encoder": encoder}, listener)

    def submit_reembed(self, encoder: str) -> int:
        """The same in the background. The library keeps its encoder until every picture is embedded."""
        if not encoder.strip():
            raise DiscernError("Write the name of the encoder first.")
        return self.jobs.submit("re-embed", {"encoder": encoder.strip()})

    def library_info(self) -> LibraryInfo:
        return self.collection.info()

    def thumbnail(self, picture_id: str) -> bytes:
        """WebP bytes. Raises `UnknownPictureError`."""
        return self.collection.thumbnails.read(picture_id)

    def rendition(self, picture_id: str) -> Rendition:
        """The picture for looking at it alone. Raises `UnknownPictureError`."""
        return self.renditions.read(picture_id)

    def newest(self, n: int) -> list[PictureView]:
        """The pictures that were added last."""
        return self.browse(n).pictures

    def browse(self, n: int, place: str = "") -> PicturePage:
        """A page of the library; `place` is the `newer` or `older` of another one."""
        return browsing.picture_page(self.collection.library, n, place)

    def picture(self, picture_id: str) -> PictureDetail:
        """Raises `UnknownPictureError`."""
        return browsing.picture_detail(self.collection.library, self.store, self.log, picture_id)

    def exact_duplicates(self, n: int, after: str = "") -> list[Repetition]:
        """Pictures that are at several places; `after` is the key of the last one shown."""
        return browsing.exact_repetitions(self.collection.library, n, after)

    def near_duplicates(self, n: int, after: str = "") -> list[Repetition]:
        """Groups of pictures that look the same; `after` is the key of the last one shown."""
        return browsing.near_repetitions(self.collection.library, n, after)

    def bad_files(self, limit: int = 1000, offset: int = 0) -> list[BadFile]:
        found = self.collection.library.bad_files(limit, offset)
        return [BadFile(path=file.uri, reason=file.reason, message=file.message) for file in found]

    def search(self, text: str | None, *, like: Sequence[str] = (), n: int = 20) -> list[Hit]:
        """Pictures closest to words, to pictures (ids or paths), or to both."""
        return self.collection.search(text, [self.collection.library.resolve(item) for item in like], n)

    # Concepts

    def create_concept(
        self, name: str, description: str, *, examples: Sequence[str] = (), author: str = "me"
    ) -> ConceptView:
        """Begins a concept and draws its evaluation set before anything else sees those pictures."""
        ids = tuple(self.collection.library.resolve(example) for example in examples)
        definition = _checked(name=name, description=description, examples=ids)
        concept = self.store.create(definition.name)
        self.store.add_definition(concept.id, definition.model_dump(mode="json"), author, "begun")
        self._draw_evaluation(concept, avoid=ids)
        return self.concept(name)

    def concepts(self) -> list[ConceptSummary]:
        return [self._summary(concept) for concept in self.store.all()]

    def concept(self, name: str, *, revision: int | None = None) -> ConceptView:
        """Raises `UnknownConceptError`, and `DiscernError` for a revision that isn't there."""
        concept = self._concept(name)
        rows = self.store.definitions(concept.id)
        material = self._material(concept, revision)
        reports = {e.head_number: e.report for e in self.store.evaluations(concept.id)}
        return ConceptView(
            name=concept.name,
            created=concept.created,
            revision=_revision_view(material.revision),
            revisions=len(rows),
            candidates=len(material.candidates),
            labels=_label_counts(material),
            conflicts=[i for i, d in material.decisions.items() if d.value == "conflict"],
            heads=[
                HeadView(
                    number=head.number,
                    kind=head.kind,
                    definition=head.definition_number,
                    threshold=head.threshold,
                    created=head.created,
                    details=head.details,
                    report=reports.get(head.number),
                )
                for head in self.store.heads(concept.id)
            ],
        )

    def delete_concept(self, name: str) -> DeletedConcept:
        """Puts a concept away with all that belongs to it; `undelete_concept` brings it back."""
        concept = self._concept(name)
        self.store.delete(concept.id)
        return next(deleted for deleted in self.deleted_concepts() if deleted.id == concept.id)

    def undelete_concept(self, concept_id: int) -> str:
        """Returns its name. Raises `DiscernError` where another concept has it by now."""
        return self.store.undelete(concept_id).name

    def deleted_concepts(self) -> list[DeletedConcept]:
        """The last deleted first."""
        return [
            DeletedConcept(id=row.id, name=row.name, deleted=row.deleted)
            for row in self.store.deleted()
            if row.deleted
        ]

    def steps_done(self, name: str) -> set[str]:
        """The steps of the journey that are behind this concept."""
        concept = self.store.find(name)
        if concept is None:
            return set()
        material = self._material(concept)
        decided = sum(decision.decided for decision in material.decisions.values())
        heads = self.store.heads(concept.id)
        reached = {
            "Define": bool(material.candidates) or material.revision.number > 1,
            "Label": decided >= ENOUGH_LABELS,
            "Review": bool(material.annotations) and decided >= ENOUGH_LABELS,
            "Quality": bool(self.store.evaluations(concept.id)),
            "Use": bool(heads) and bool(self.store.evaluations(concept.id)),
        }
        return {step for step, there in reached.items() if there}

    def revise(
        self, name: str, definition: Definition, *, author: str, note: str, after: int | None = None
    ) -> RevisionView:
        """Keeps an edited definition as the next revision; going back is revising to an older one.

        Raises `DiscernError` where `after` is given and another revision came in between.
        """
        concept = self._concept(name)
        document = definition.model_dump(mode="json")
        row = self.store.add_definition(concept.id, document, author, note, after)
        return _revision_view(_revision(row))

    def edit(
        self, name: str, change: Callable[[Definition], Definition], *, author: str, after: int
    ) -> RevisionView:
        """Makes one change (of `concepts.editing`) to revision `after`, if that is still the newest.

        A change that changes nothing makes no revision. Raises `DiscernError`, and then nothing is changed.
        """
        before = self._revision(self._concept(name), after)
        edited = change(before.definition)
        if edited == before.definition:
            return _revision_view(before)
        self._check_examples(name, edited)
        note = what_changed(before.definition, edited)
        return self.revise(name, edited, author=author, note=note, after=after)

    def restore(self, name: str, number: int, *, author: str, after: int) -> RevisionView:
        """Makes an older definition the newest again."""
        concept = self._concept(name)
        older, newest = self._revision(concept, number), self._revision(concept)
        if older.definition == newest.definition:
            return _revision_view(newest)
        note = f"back to definition {number}"
        return self.revise(name, older.definition, author=author, note=note, after=after)

    def criteria(self, name: str, *, reader: str = "me") -> list[CriterionView]:
        """The criteria of the newest definition, each with where it came from."""
        revisions = [_revision(row) for row in self.store.definitions(self._concept(name).id)]
        return [
            CriterionView(
                index=index,
                kind=criterion.kind,
                text=criterion.text,
                origin=origin_in_words(criterion, revisions, reader),
                proposed=criterion.origin != "person",
            )
            for index, criterion in enumerate(revisions[-1].definition.criteria)
        ]

    def queries(self, name: str, n: int = 8, *, reader: str = "me") -> list[QueryView]:
        """The queries of the newest definition, each with n pictures it finds and how many it brought."""
        concept = self._concept(name)
        revisions = [_revision(row) for row in self.store.definitions(concept.id)]
        return query_views(self._material(concept), self.collection, self.finder, revisions, reader, n)

    def revisions(self, name: str) -> list[RevisionView]:
        return [_revision_view(_revision(row)) for row in self.store.definitions(self._concept(name).id)]

    def diff(self, name: str, before: int, after: int) -> list[tuple[Change, str]]:
        """Word diff between two revisions."""
        concept = self._concept(name)
        old, new = (self._revision(concept, number).definition.as_text() for number in (before, after))
        return word_diff(old, new)

    def expand(self, name: str) -> RevisionView:
        """Proposes criteria and queries: from a language model where one is set, else built in."""
        from concepts.proposing import propose

        revision = self._revision(self._concept(name))
        definition, author = propose(revision.definition, self.settings, self.ledger, self.collection)
        if definition == revision.definition:
            return _revision_view(revision)
        return self.revise(name, definition, author=author, note="proposed from the description")

    def possible_examples(self, name: str, words: str, n: int) -> list[PictureView]:
        """Pictures found by these words that may become examples: none of those that measure."""
        material = self._material(self._concept(name))
        found = self.finder.find_each([words.strip() or name], n, material.reserved)[0]
        return browsing.views_of(self.collection.library.pictures(found))

    def submit_expand(self, name: str) -> int:
        """Proposes in the background; returns the job's id."""
        return self.jobs.submit("expand", {"concept": self._concept(name).name})

    def submit_mine(self, name: str, *, size: int = POOL_SIZE) -> int:
        """Fills the candidate pool in the background; returns the job's id."""
        return self.jobs.submit("mine", {"concept": self._concept(name).name, "size": size})

    def mine(self, name: str, *, size: int = POOL_SIZE) -> MineResult:
        """Fills the candidate pool up to `size` pictures."""
        from concepts.pooling import mine_candidates

        concept = self._concept(name)
        self._draw_evaluation(concept)
        material = self._material(concept)
        found = mine_candidates(material, self.collection, size)
        added = self.store.add_candidates(concept.id, found, material.revision.number)
        pool = self.store.candidates(concept.id)
        per_query = Counter(origin for brought_by in pool.values() for origin in brought_by)
        return MineResult(added=added, candidates=len(pool), per_query=dict(per_query.most_common()))

    def annotate(
        self,
        name: str,
        *,
        limit: int | None = None,
        budget: float | None = None,
        annotator: str = "auto",
        listener: Listener | None = None,
    ) -> AnnotateResult:
        """Has the machine label the pool, and waits until it is done."""
        arguments = self._annotate_arguments(name, limit, budget, annotator)
        return AnnotateResult.model_validate(self.jobs.run("annotate", arguments, listener))

    # Answers

    def label(
        self, name: str, picture_id: str, value: str, *, author: Author, key: str, comment: str = ""
    ) -> None:
        """Commits one answer. The same key again changes nothing. Raises `DiscernError` for bad input."""
        self.label_many(name, [(key, picture_id, value, comment)], author=author)

    def label_many(self, name: str, answers: Sequence[tuple[str, str, str, str]], *, author: Author) -> int:
        """Commits (key, picture id, value, comment) together or not at all; says how many keys were new."""
        wrong = next((value for _, _, value, _ in answers if value not in SPELLINGS), None)
        if wrong is not None:
            raise DiscernError(f"“{wrong}” is no answer. Say yes, no, unsure or skip.")
        concept = self._concept(name)
        self.collection.library.require([picture_id for _, picture_id, _, _ in answers])
        number = self._revision(concept).number
        labels = [
            NewLabel(key, picture_id, SPELLINGS[value], author, number, comment)
            for key, picture_id, value, comment in answers
        ]
        return self.log.append(concept.id, labels)

    def labels_with_keys(self, keys: Sequence[str]) -> dict[str, LabelEvent]:
        """What was kept under these keys, so that a repeated request can be answered like the first."""
        return self.log.with_keys(keys)

    def comment(self, name: str, picture_id: str, text: str, *, author: str, key: str) -> None:
        """Keeps a remark on a picture; it changes no answer."""
        if not text.strip():
            raise DiscernError("The comment is empty.")
        concept = self._concept(name)
        self.collection.library.require([picture_id])
        number = self._revision(concept).number
        self.log.comment(concept.id, key, picture_id, Author(author), number, text.strip())

    def undo(
        self, name: str, *, author: str, count: int = 1, key: str | None = None, only: Sequence[str] = ()
    ) -> list[dict[str, str]]:
        """Takes back this author's last answers, or `only` those with these keys, and says which."""
        concept = self._concept(name)
        undone: list[LabelEvent] = []
        for kind in ("person", "simulated"):
            undone = self.log.undo(concept.id, key or uuid.uuid4().hex, Author(author, kind), count, only)
            if undone:
                break
        return [{"picture": event.picture_id, "value": event.value} for event in undone]

    def import_labels(
        self, name: str, file: Path, *, author: str = "me", simulated: bool = False
    ) -> dict[str, Any]:
        """Takes answers from a CSV or JSONL file in one transaction; bad rows are reported, not taken."""
        concept = self._concept(name)
        self._draw_evaluation(concept)
        report = ImportReport()
        rows: list[LabelRow] = []
        for row in read_label_file(file, simulated=simulated):
            report.bad_rows.append(row) if isinstance(row, BadRow) else rows.append(row)
        known = self._resolve(rows, file.parent, report)
        self._settle_splits(concept, known, report)
        default = Author(author, "simulated" if simulated else "person")
        standing = self.log.standing(concept.id, ("person", "simulated"))
        fresh, report.unchanged = new_labels(known, standing, default, self._revision(concept).number)
        report.imported = self.log.append(concept.id, fresh)
        return report.as_dict()

    def label_rows(self, name: str) -> list[dict[str, Any]]:
        """Every standing label, of people and machines, with the columns of a label file."""
        concept = self._concept(name)
        material = self._material(concept)
        standing = self.log.standing(concept.id)
        paths = self.collection.paths(list({event.picture_id for event in standing}))
        return [_label_row(event, paths, material.evaluation) for event in standing]

    def export_labels(self, name: str, out: Path) -> int:
        return write_label_file(out, self.label_rows(name))

    def upcoming(self, name: str, have: Sequence[str], n: int) -> Upcoming:
        """Up to n more pictures to ask about, behind those a screen `has`. Takes milliseconds: what helps
        most is chosen in the background."""
        return self._asking(self._concept(name))[1].upcoming(have, n)

    def tally(self, name: str) -> Tally:
        """How far the answers are, without reading them all again."""
        concept = self._concept(name)
        decisions = self._asking(concept)[0].now()
        return tally(decisions, list(self.store.evaluation_pictures(concept.id)))

    def recent_answers(self, name: str, author: str, n: int) -> list[GivenAnswer]:
        """This person's last answers that stand, oldest first."""
        concept = self._concept(name)
        events = self.log.recent(concept.id, Author(author), n)[::-1]
        evaluation = self.store.evaluation_pictures(concept.id)
        paths = self.collection.paths([event.picture_id for event in events])
        return [
            GivenAnswer(
                id=event.picture_id,
                path=paths.get(event.picture_id, ""),
                value=event.value,
                key=event.key,
                purpose="evaluation" if event.picture_id in evaluation else "train",
            )
            for event in events
        ]

    def opinion(self, name: str, picture_id: str) -> Opinion | None:
        """What the machine said of a picture last; None where it has not looked, and for pictures kept for
        measuring, where nobody's answer may be swayed."""
        from concepts.reviewing import opinion

        concept = self._concept(name)
        if picture_id in self.store.evaluation_pictures(concept.id):
            return None
        said = self.store.annotations(concept.id, picture_id=picture_id)
        return opinion(said[-1]) if said else None

    def bulk_pictures(self, name: str, order: Order, *, query: str = "", n: int = 36) -> list[NextPicture]:
        """Pictures without an answer for answering many at once."""
        from concepts.bulk import bulk_pictures

        concept = self._concept(name)
        self._draw_evaluation(concept)
        return bulk_pictures(self._material(concept), self.collection, order, query, n)

    def review(self, name: str, wanted: ReviewFilter, page: int = 1) -> ReviewPage:
        """The machine's labels in the order in which to look at them."""
        from concepts.reviewing import remarks, review

        concept = self._concept(name)
        return review(
            self._material(concept),
            wanted,
            page,
            self.collection.paths,
            lambda ids: remarks(self.log.comments(concept.id, ids)),
        )

    def annotate_estimate(self, name: str) -> AnnotateEstimate:
        """How many pictures `submit_annotate` would have looked at, by which model, at what cost."""
        from concepts.reviewing import estimate

        size = min(POOL_SIZE, self.collection.library.counts().pictures)
        return estimate(self._material(self._concept(name)), self.settings, size)

    def submit_annotate(
        self, name: str, *, limit: int | None = None, budget: float | None = None, annotator: str = "auto"
    ) -> int:
        """Has the machine label the pool in the background; returns the job's id."""
        return self.jobs.submit("annotate", self._annotate_arguments(name, limit, budget, annotator))

    def next_pictures(
        self, name: str, n: int = 5, *, purpose: Purpose = "train", waiting: Sequence[str] = ()
    ) -> list[NextPicture]:
        """The pictures whose answers help most now: to learn from, or to measure with. Those `waiting` for
        an answer already are not chosen again."""
        from concepts.pooling import most_useful

        concept = self._concept(name)
        self._draw_evaluation(concept)
        material = self._material(concept)
        if purpose == "evaluation":
            waiting = [i for i in material.evaluation if i not in material.decisions][:n]
            paths = self.collection.paths(waiting)
            return [
                NextPicture(
                    id=i,
                    path=paths.get(i, ""),
                    purpose="evaluation",
                    reason="evaluation set",
                    probability=None,
                    brought_by=[],
                )
                for i in waiting
            ]
        if not material.candidates and len(material.matrix) > WHOLE_LIBRARY:
            self.mine(name)
            material = self._material(concept)
        return most_useful(material, self.collection, n, WHOLE_LIBRARY, waiting=waiting)

    # Heads

    def train(self, name: str, *, target: str = "f1") -> TrainResult:
        """Trains and keeps the next version from all answers so far."""
        from concepts.training import train

        concept = self._concept(name)
        self._draw_evaluation(concept)
        sequence = self.log.last_sequence(concept.id)
        return train(self._material(concept), self.store, self.collection, sequence, target)

    def evaluate(self, name: str, *, version: int | None = None, plots: Path | None = None) -> dict[str, Any]:
        """Measures a version on the evaluation set, beside the baselines; kept with the version."""
        from concepts.training import evaluate, head_of

        concept = self._concept(name)
        sequence = self.log.last_sequence(concept.id)
        material = self._material(concept)
        head = head_of(self.store, concept, version)
        report = evaluate(material, self.collection, head)
        self.store.add_evaluation(concept.id, head.number, sequence, report)
        if plots:
            from concepts.exporting import write_plots

            write_plots(material, self.collection, head, report, plots)
        return report

    def export(self, name: str, out: Path, *, version: int | None = None) -> ExportResult:
        """Writes a version as files that run anywhere; measures it first where that can be done."""
        from concepts.exporting import export_head
        from concepts.training import head_of

        concept = self._concept(name)
        material = self._material(concept)
        head = head_of(self.store, concept, version)
        ids, _ = material.evaluation_labels()
        report = self.evaluate(name, version=head.number) if ids else None
        return export_head(material, self.collection, head, report, out)

    def score(
        self, bundle: Path, paths: Sequence[Path], out: Path, *, listener: Listener | None = None
    ) -> ScoreResult:
        """Scores new files, or the library where no paths are given, and writes CSV or Parquet."""
        arguments = {
            "bundle": str(bundle.absolute()),
            "paths": [str(path.absolute()) for path in paths],
            "out": str(out.absolute()),
        }
        return ScoreResult.model_validate(self.jobs.run("score", arguments, listener))

    # Versions

    def submit_train(self, name: str, *, target: str = "f1") -> int:
        """Trains, measures and scores the library in the background; returns the job's id."""
        from concepts.training import parse_target

        parse_target(target)
        return self.jobs.submit("train", {"concept": self._concept(name).name, "target": target})

    def submit_evaluation(self, name: str, version: int) -> int:
        """Measures a version again in the background; returns the job's id."""
        return self.jobs.submit("evaluate", {"concept": self._concept(name).name, "version": version})

    def quality(self, name: str, *, version: int | None = None) -> QualityView:
        """How good a version is, on the answers as they are now."""
        from concepts.quality import quality

        concept, head = self._version(name, version)
        standing = self.log.standing(concept.id, ("person", "simulated"))
        scores = self._library_scores(head)
        measured = self._measured(concept, head.number)
        return quality(self._material(concept), self.collection, head, measured, standing, scores)

    def mistakes(self, name: str, *, version: int | None = None) -> list[Mistake]:
        """Pictures people checked and the version gets wrong, the surest mistakes first."""
        from concepts.quality import mistakes

        concept, head = self._version(name, version)
        return mistakes(self._material(concept), self.collection, head)

    def learning_curve(self, name: str) -> list[CurvePoint]:
        """What each answer helped, as computed after the last training; empty before that."""
        done = [j for j in self.jobs.store.about(self._concept(name).name, ["learning curve"]) if j.result]
        return (
            [CurvePoint.model_validate(point) for point in (done[0].result or {})["points"]] if done else []
        )

    def set_threshold(self, name: str, version: int, threshold: float, *, author: str) -> int:
        """Keeps a version with a threshold set by hand as the newest one; returns its number."""
        from concepts.versions import with_threshold

        concept, head = self._version(name, version)
        return self._keep_and_measure(concept, with_threshold(head, threshold, author))

    def use_again(self, name: str, version: int, *, author: str) -> int:
        """Makes an older version the one in use by keeping it once more; returns its new number."""
        from concepts.training import check_fingerprint
        from concepts.versions import again

        concept, head = self._version(name, version)
        check_fingerprint(head, self.collection)
        return self._keep_and_measure(concept, again(head, author))

    def compare_versions(self, name: str, one: int, other: int) -> Comparison:
        """Figures of two versions on the same evaluation pictures, and their differences."""
        from concepts.versions import compare

        concept, first = self._version(name, one)
        _, second = self._version(name, other)
        return compare(self._material(concept), self.collection, first, second)

    def scored_pictures(
        self, name: str, order: ScoreOrder, *, version: int | None = None, start: int = 0, size: int = 24
    ) -> ScoredPage | None:
        """A page of the library as a version ranks it. None where the library is large and was not scored
        yet: `submit_score_library` does that."""
        from concepts.versions import scored_page

        concept, head = self._version(name, version)
        scores = self._library_scores(head)
        if scores is None:
            return None
        decisions = self._asking(concept)[0].now()
        return scored_page(self.collection, scores, head, decisions, order, start, size)

    def submit_score_library(self, name: str, version: int) -> int:
        """Has a version look at every picture of the library; returns the job's id."""
        return self.jobs.submit("score library", {"concept": self._concept(name).name, "version": version})

    def submit_score_files(self, name: str, version: int, typed: str, suffix: str) -> int:
        """Scores a folder of this computer, or the library where `typed` is empty, into a file to download.
        `suffix` is csv or parquet. Returns the job's id."""
        concept, head = self._version(name, version)
        paths = typed_paths(typed) if typed.strip() else []
        check_roots(paths, self.settings)
        if suffix not in ("csv", "parquet"):
            raise DiscernError("Scores can be had as CSV or Parquet.")
        arguments = {"concept": concept.name, "version": head.number, "paths": [str(p) for p in paths]}
        return self.jobs.submit("score files", arguments | {"suffix": suffix})

    def scores_file(self, job_id: int) -> Path:
        """What `submit_score_files` wrote. Raises `DiscernError` where there is no such file (any more)."""
        job = self.jobs.store.get(job_id)
        if job.kind == "score files" and job.state == "done" and job.result:
            file = Path(job.result["out"])
            if file.is_file() and file.resolve().is_relative_to((self.settings.home / "scores").resolve()):
                return file
        raise DiscernError(f"Job {job_id} has left no scores to download. Score the pictures again.")

    def bundle_archive(self, name: str, version: int | None = None) -> Path:
        """The zip of a version's bundle, written when first asked for and when it was measured again."""
        from concepts.exporting import export_head
        from concepts.versions import file_stem

        concept, head = self._version(name, version)
        folder = self.settings.home / "bundles" / str(concept.id) / file_stem(concept.name, head.number)
        archive = folder.with_name(folder.name + ".zip")
        measured = self._measured(concept, head.number)
        with self._bundle_lock:
            if archive.is_file() and (
                measured is None or archive.stat().st_mtime > measured.created.timestamp()
            ):
                return archive
            material = self._material(concept, head.definition_number)
            export_head(material, self.collection, head, measured.report if measured else None, folder)
        return archive

    def model_card(self, name: str, version: int | None = None) -> str:
        """The card of a version as Markdown."""
        from concepts.exporting import model_card

        concept, head = self._version(name, version)
        measured = self._measured(concept, head.number)
        material = self._material(concept, head.definition_number)
        return model_card(material, self.collection, head, measured.report if measured else None)

    def retry_job(self, job_id: int, *, listener: Listener | None = None) -> dict[str, Any]:
        self.jobs.store.retry(job_id)
        return self.jobs.resume(job_id, listener)

    # Jobs

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

    # Models, settings and the installation

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
        from concepts.endpoint import examine

        return examine(self.settings, self.ledger, progress.report).model_dump()

    def _train(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.versions import is_up_to_date

        concept = self._concept(arguments["concept"])
        progress.report(0, 3, "learning from your answers")
        heads, definition = self.store.heads(concept.id), self._revision(concept).number
        sequence, fingerprint = self.log.last_sequence(concept.id), self.collection.recorded().fingerprint
        known = is_up_to_date(heads, sequence, definition, fingerprint, arguments["target"])
        number = heads[-1].number if known else self.train(concept.name, target=arguments["target"]).number
        return {"version": number, "new": not known} | self._measure(concept, number, progress)

    def _evaluate(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        concept, head = self._version(arguments["concept"], arguments["version"])
        return {"version": head.number} | self._measure(concept, head.number, progress)

    def _measure(self, concept: ConceptRow, number: int, progress: Progress) -> dict[str, Any]:
        progress.report(1, 3, "measuring on the pictures kept apart")
        measured = bool(self._material(concept).evaluation_labels()[0])
        if measured:
            self.evaluate(concept.name, version=number)
        progress.report(2, 3, "looking at the whole library")
        self.scores.of(self._version(concept.name, number)[1], self.collection.matrix())
        answers = self.log.last_sequence(concept.id)
        if measured:
            self.jobs.submit("learning curve", {"concept": concept.name, "answers": answers})
        return {"measured": measured}

    def _learning_curve(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.quality import learning_curve

        concept = self._concept(arguments["concept"])
        order = dict.fromkeys(e.picture_id for e in self.log.standing(concept.id, ("person", "simulated")))
        points = learning_curve(self._material(concept), list(order), progress.report)
        return {"points": [point.model_dump() for point in points]}

    def _score_library(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        _, head = self._version(arguments["concept"], arguments["version"])
        progress.report(0, None, "looking at every picture")
        return {"pictures": len(self.scores.of(head, self.collection.matrix()).probability)}

    def _score_files(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.exporting import score_pictures

        bundle = self.bundle_archive(arguments["concept"], arguments["version"])
        out = self.settings.home / "scores" / str(progress.job_id) / f"{bundle.stem}.{arguments['suffix']}"
        paths = [Path(path) for path in arguments["paths"]]
        return score_pictures(self.collection, bundle, paths, out, progress.report).model_dump()

    def _expand(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        progress.report(0, None, "thinking of what counts and what to search for")
        revision = self.expand(arguments["concept"])
        return {"revision": revision.number, "author": revision.author}

    def _mine(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        progress.report(0, None, "looking through the library")
        return self.mine(arguments["concept"], size=arguments["size"]).model_dump()

    def _add_arguments(self, paths: Sequence[Path], encoder: str | None) -> dict[str, Any]:
        return {"paths": [str(path.absolute()) for path in paths], "encoder": encoder}

    def _add(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        paths = [Path(path) for path in arguments["paths"]]
        return self.collection.add(paths, arguments["encoder"], progress.report).as_dict()

    def _add_sample(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.sample import sample_pictures

        progress.report(0, None, "fetching the sample pictures")
        folder = sample_pictures(self.settings.home / "sample")
        return self.collection.add([folder], None, progress.report).as_dict()

    def _reembed(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        return {"embedded": self.collection.reembed(arguments["encoder"], progress.report)}

    def _annotate_arguments(
        self, name: str, limit: int | None, budget: float | None, annotator: str
    ) -> dict[str, Any]:
        concept = self._concept(name)
        return {"concept": concept.name, "limit": limit, "budget": budget, "annotator": annotator}

    def _annotate(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.annotating import annotate_pool

        concept = self._concept(arguments["concept"])
        if not self.store.candidates(concept.id):
            self.mine(concept.name)
        return annotate_pool(
            self._material(concept),
            self.collection,
            self.store,
            self.log,
            self.ledger,
            self.settings,
            arguments,
            progress,
        ).model_dump()

    def _score(self, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        from concepts.exporting import score_pictures

        return score_pictures(
            self.collection,
            Path(arguments["bundle"]),
            [Path(path) for path in arguments["paths"]],
            Path(arguments["out"]),
            progress.report,
        ).model_dump()

    # Inside

    def _check_examples(self, name: str, edited: Definition) -> None:
        """Rule 4: a picture that measures is no example, because examples decide what is looked for."""
        reserved = self._material(self._concept(name)).reserved
        if reserved & {*edited.examples, *edited.counterexamples}:
            raise DiscernError(
                "This picture, or one that looks the same, is set aside to measure with, so it can't be an "
                "example. Choose another one; nothing was changed."
            )

    def _concept(self, name: str) -> ConceptRow:
        concept = self.store.find(name)
        if concept is None:
            names = ", ".join(f"“{row.name}”" for row in self.store.all()[:5])
            raise UnknownConceptError(
                f"There is no concept “{name}”. " + (f"There are: {names}." if names else "Begin one first.")
            )
        return concept

    def _version(self, name: str, number: int | None) -> tuple[ConceptRow, StoredHead]:
        from concepts.training import head_of

        concept = self._concept(name)
        return concept, head_of(self.store, concept, number)

    def _measured(self, concept: ConceptRow, number: int) -> StoredEvaluation | None:
        """The newest figures of a version."""
        found = [e for e in self.store.evaluations(concept.id) if e.head_number == number]
        return found[-1] if found else None

    def _keep_and_measure(self, concept: ConceptRow, head: StoredHead) -> int:
        number = self.store.add_head(concept.id, head).number
        self.submit_evaluation(concept.name, number)
        return number

    def _library_scores(self, head: StoredHead) -> LibraryScores | None:
        """What a version says of the library; None where that would keep a screen waiting."""
        from concepts.training import check_fingerprint

        check_fingerprint(head, self.collection)
        matrix = self.collection.matrix()
        if len(matrix) > SCORED_AT_ONCE and not self.scores.has(head, matrix):
            return None
        return self.scores.of(head, matrix)

    def _revision(self, concept: ConceptRow, number: int | None = None) -> Revision:
        rows = self.store.definitions(concept.id)
        row = rows[-1] if number is None else next((r for r in rows if r.number == number), None)
        if row is None:
            raise UnknownVersionError(
                f"“{concept.name}” has no definition {number}; it has 1 to {len(rows)}."
            )
        return _revision(row)

    def _asking(self, concept: ConceptRow) -> tuple[Decisions, Questions]:
        """The running tally and the queue of a concept, made when first asked for."""
        with self._questions_lock:
            if concept.id not in self._questions:
                decisions = Decisions(self.log, concept.id)
                questions = Questions(
                    decisions,
                    lambda n, waiting: self.next_pictures(concept.name, n, waiting=waiting),
                    lambda: list(self.store.evaluation_pictures(concept.id)),
                    self.collection.paths,
                    self._background,
                )
                self._questions[concept.id] = decisions, questions
            return self._questions[concept.id]

    def _material(self, concept: ConceptRow, revision: int | None = None) -> Material:
        return Material(self.collection, self.store, self.log, concept.id, self._revision(concept, revision))

    def _draw_evaluation(self, concept: ConceptRow, avoid: Sequence[str] = ()) -> None:
        """Draws the evaluation set once there are pictures to draw from."""
        from concepts.pooling import draw_evaluation_set

        if self.store.evaluation_pictures(concept.id) or self.collection.library.encoder() is None:
            return
        definition = self._revision(concept).definition
        seen = {*avoid, *definition.examples, *definition.counterexamples}
        chosen = draw_evaluation_set(
            self.collection.library, concept.key, seen, EVALUATION_SIZE, EVALUATION_SHARE
        )
        self.store.add_evaluation_pictures(concept.id, chosen, "random")

    def _resolve(
        self, rows: Sequence[LabelRow], folder: Path, report: ImportReport
    ) -> list[tuple[LabelRow, str]]:
        """Picture ids for rows; paths count from the file's folder, else from the working folder."""
        library = self.collection.library
        names = [row.picture for row in rows]
        beside, here = library.resolve_many(names, relative_to=folder.absolute()), library.resolve_many(names)
        known = []
        for row, first, second in zip(rows, beside, here, strict=True):
            found = first or second
            if found:
                known.append((row, found))
            else:
                report.bad_rows.append(BadRow(row.number, f"no picture of the library: {row.picture}"))
        return known

    def _settle_splits(
        self, concept: ConceptRow, rows: Sequence[tuple[LabelRow, str]], report: ImportReport
    ) -> None:
        """Rule 4 for imports: a picture of the evaluation set only measures, one that trained only trains."""
        material = self._material(concept)
        library = self.collection.library
        trained = [i for i in material.decisions if i not in material.reserved]
        asked_to_train = [i for row, i in rows if row.split != "evaluation" and i not in material.reserved]
        taken = set(library.near_groups([*trained, *asked_to_train]))
        wanted = list(dict.fromkeys(i for row, i in rows if row.split == "evaluation"))
        outside = [i for i in wanted if i not in material.evaluation]
        groups = dict(zip(outside, library.near_groups(outside), strict=True))
        usable = [i for i in outside if groups[i] not in taken and i not in material.reserved]
        self.store.add_evaluation_pictures(concept.id, usable, "imported")
        report.kept_for_training = len(outside) - len(usable)
        report.kept_for_evaluation = sum(
            row.split != "evaluation" and i in material.reserved for row, i in rows
        )

    def _summary(self, concept: ConceptRow) -> ConceptSummary:
        material = self._material(concept)
        counts = _label_counts(material)
        yes = [i for i, decision in material.decisions.items() if decision.value == "yes"]
        heads = self.store.heads(concept.id)
        reports = {e.head_number: e.report for e in self.store.evaluations(concept.id)}
        done = self.steps_done(concept.name)
        step, screen = next((place for place in JOURNEY if place[0] not in done), JOURNEY[-1])
        moments = [material.revision.created, self.log.last_time(concept.id), *(h.created for h in heads)]
        return ConceptSummary(
            name=concept.name,
            created=concept.created,
            revision=material.revision.number,
            description=material.revision.definition.description,
            candidates=len(material.candidates),
            labels_by_people=sum(counts.train.values()) + sum(counts.evaluation.values()),
            evaluation_labelled=sum(counts.evaluation.values()),
            heads=len(heads),
            cover=[*yes[-3:], *_first_found(material)][:3],
            quality=_quality_in_words(reports.get(heads[-1].number)) if heads else "",
            next_screen=screen,
            next_step=step,
            steps_done=[name for name, _ in JOURNEY if name in done],
            changed=max(moment for moment in moments if moment),
        )


def _first_found(material: Material) -> list[str]:
    """Candidates that many searches for what counts agree on, and few for what only looks similar."""
    definition = material.revision.definition
    counts = {definition.description, *(query.text for query in definition.queries if query.counts)}

    def agreed(picture_id: str) -> tuple[int, str]:
        brought = set(material.candidates[picture_id])
        return len(brought - counts) - len(brought & counts), picture_id

    return sorted(material.candidates, key=agreed)[:3]


def _checked(**values: Any) -> Definition:
    from pydantic import ValidationError

    try:
        return Definition(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise DiscernError(f"The {first['loc'][0]} can't be used: {first['msg']}.") from error


def _revision(row: DefinitionRow) -> Revision:
    definition = Definition.model_validate(row.document)
    return Revision(
        number=row.number, definition=definition, author=row.author, note=row.note, created=row.created
    )


def _revision_view(revision: Revision) -> RevisionView:
    return RevisionView(
        number=revision.number,
        author=revision.author,
        note=revision.note,
        created=revision.created,
        definition=revision.definition,
    )


def _quality_in_words(report: dict[str, Any] | None) -> str:
    """The shortest honest sentence about a version."""
    metric = next((m for m in report["metrics"] if m["name"] == "precision"), None) if report else None
    if metric is None or metric["value"] is None:
        return ""
    low, high = round(100 * metric["low"]), round(100 * metric["high"])
    return f"{round(100 * metric['value'])} of 100 flagged are right ({low} to {high})"


def _label_counts(material: Material) -> LabelCounts:
    def tally(decisions: Iterator[Decision]) -> dict[str, int]:
        counts = Counter(decision.value for decision in decisions)
        return {value: counts[value] for value in ("yes", "no", "unsure", "skip", "conflict")}

    decisions = material.decisions
    return LabelCounts(
        train=tally(d for i, d in decisions.items() if i not in material.evaluation),
        evaluation=tally(d for i, d in decisions.items() if i in material.evaluation),
        annotated=len({annotation.picture_id for annotation in material.annotations}),
        evaluation_size=len(material.evaluation),
        simulated=sum(d.simulated for d in decisions.values()),
    )


def _label_row(event: LabelEvent, paths: dict[str, str], evaluation: dict[str, str]) -> dict[str, Any]:
    return {
        "id": event.picture_id,
        "path": paths.get(event.picture_id, ""),
        "label": event.value,
        "author": event.author.name,
        "author_kind": event.author.kind,
        "split": "evaluation" if event.picture_id in evaluation else "train",
        "definition": event.definition_number,
        "created": event.created.isoformat(),
        "comment": event.comment,
    }
