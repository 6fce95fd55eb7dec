"""The use cases, in the person's words. Screens, REST and the command line call this and nothing else."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from concepts.collection import Collection
from concepts.definition import Change, Definition, Revision, word_diff
from concepts.errors import DiscernError, UnknownConceptError
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
from concepts.material import Material
from concepts.settings import Settings
from concepts.views import (
    AnnotateResult,
    BadFile,
    ConceptSummary,
    ConceptView,
    ExportResult,
    HeadView,
    Hit,
    LabelCounts,
    LibraryInfo,
    MineResult,
    NextPicture,
    PictureView,
    RevisionView,
    ScoreResult,
    TrainResult,
)
from storage.calls import Ledger
from storage.concepts import ConceptStore
from storage.database import Database
from storage.jobs import JobStore
from storage.labels import Author, LabelEvent, LabelLog, NewLabel
from storage.tables import ConceptRow, DefinitionRow

EVALUATION_SIZE = 200
EVALUATION_SHARE = 0.2  # of a small library: the rest has to be left to learn from
ENOUGH_LABELS = 100  # answers after which labelling counts as done (Modeling Collaborator's figure)
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
        self.ledger = Ledger(self.database)
        self.jobs = JobRunner(
            JobStore(self.database),
            {
                "add pictures": self._add,
                "add sample": self._add_sample,
                "re-embed": self._reembed,
                "annotate": self._annotate,
                "score": self._score,
            },
        )

    # Pictures

    def add_pictures(
        self, paths: Sequence[Path], *, encoder: str | None = None, listener: Listener | None = None
    ) -> dict[str, Any]:
        """Adds files, folders, archives and lists, and waits until it is done."""
        return self.jobs.run("add pictures", self._add_arguments(paths, encoder), listener)

    def submit_add(self, paths: Sequence[Path], *, encoder: str | None = None) -> int:
        """The same in the background; returns the job's id."""
        return self.jobs.submit("add pictures", self._add_arguments(paths, encoder))

    def submit_sample(self) -> int:
        """Fetches the sample pictures and adds them, in the background; returns the job's id."""
        return self.jobs.submit("add sample", {})

    def reembed(self, encoder: str, *, listener: Listener | None = None) -> dict[str, Any]:
        return self.jobs.run("re-embed", {"encoder": encoder}, listener)

    def library_info(self) -> LibraryInfo:
        return self.collection.info()

    def thumbnail(self, picture_id: str) -> bytes:
        """WebP bytes. Raises `UnknownPictureError`."""
        return self.collection.thumbnails.read(picture_id)

    def newest(self, n: int) -> list[PictureView]:
        """The pictures that were added last."""
        return [
            PictureView(
                id=picture.id,
                path=next(iter(picture.sources), ""),
                width=picture.width,
                height=picture.height,
            )
            for picture in self.collection.library.page(n)
        ]

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

    def revise(self, name: str, definition: Definition, *, author: str, note: str) -> RevisionView:
        """Keeps an edited definition as the next revision; going back is revising to an older one."""
        concept = self._concept(name)
        row = self.store.add_definition(concept.id, definition.model_dump(mode="json"), author, note)
        return _revision_view(_revision(row))

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
        definition, author = propose(revision.definition, self.settings, self.ledger)
        if definition == revision.definition:
            return _revision_view(revision)
        return self.revise(name, definition, author=author, note="proposed from the description")

    def mine(self, name: str, *, size: int = 1000) -> MineResult:
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
        if value not in SPELLINGS:
            raise DiscernError(f"“{value}” is no answer. Say yes, no, unsure or skip.")
        concept = self._concept(name)
        self.collection.library.picture(picture_id)
        revision = self._revision(concept)
        label = NewLabel(key, picture_id, SPELLINGS[value], author, revision.number, comment)
        self.log.append(concept.id, [label])

    def undo(self, name: str, *, author: str, count: int = 1, key: str | None = None) -> list[dict[str, str]]:
        """Takes back this author's last answers, person or simulated, and says which."""
        concept = self._concept(name)
        undone: list[LabelEvent] = []
        for kind in ("person", "simulated"):
            undone = self.log.undo(concept.id, key or uuid.uuid4().hex, Author(author, kind), count)
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

    def next_pictures(self, name: str, n: int = 5, *, purpose: Purpose = "train") -> list[NextPicture]:
        """The pictures whose answers help most now: to learn from, or to measure with."""
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
        return most_useful(material, self.collection, n, WHOLE_LIBRARY)

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

    def retry_job(self, job_id: int, *, listener: Listener | None = None) -> dict[str, Any]:
        self.jobs.store.retry(job_id)
        return self.jobs.resume(job_id, listener)

    # Jobs

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

    def _concept(self, name: str) -> ConceptRow:
        concept = self.store.find(name)
        if concept is None:
            names = ", ".join(f"“{row.name}”" for row in self.store.all()[:5])
            raise UnknownConceptError(
                f"There is no concept “{name}”. " + (f"There are: {names}." if names else "Begin one first.")
            )
        return concept

    def _revision(self, concept: ConceptRow, number: int | None = None) -> Revision:
        rows = self.store.definitions(concept.id)
        row = rows[-1] if number is None else next((r for r in rows if r.number == number), None)
        if row is None:
            raise DiscernError(f"“{concept.name}” has no definition {number}; it has 1 to {len(rows)}.")
        return _revision(row)

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
        return ConceptSummary(
            name=concept.name,
            created=concept.created,
            revision=material.revision.number,
            description=material.revision.definition.description,
            candidates=len(material.candidates),
            labels_by_people=sum(counts.train.values()) + sum(counts.evaluation.values()),
            evaluation_labelled=sum(counts.evaluation.values()),
            heads=len(heads),
            cover=[*yes[-3:], *material.candidates][:3],
            quality=_quality_in_words(reports.get(heads[-1].number)) if heads else "",
            next_screen=next((path for step, path in JOURNEY if step not in done), JOURNEY[-1][1]),
        )


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
