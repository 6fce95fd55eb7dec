"""Having a machine label pictures: which are left, asking about them, and keeping what is said."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from collections.abc import Collection as Collected
from contextlib import closing, suppress
from dataclasses import asdict, replace
from functools import partial

from concepts.collaborator.base import (
    Annotation,
    Annotator,
    AsksNobody,
    CriterionEvidence,
    Judge,
    PictureInput,
    Result,
)
from concepts.collaborator.batching import PARTS, Answered, Groups, asked_ahead, copy_of
from concepts.collaborator.cascade import Cascade, CascadeSample, Step
from concepts.collaborator.prompt_parts import answered
from concepts.collaborator.setups import Setup, annotator_of, charged, model_of, picture_inputs, supplies_of
from concepts.errors import BudgetError, UnknownPictureError
from concepts.jobs import Progress
from concepts.labelling.training_data import TrainingData
from concepts.language.prompts import PromptFiles
from concepts.library.collection import Collection
from concepts.settings import Settings
from concepts.view import View
from storage.calls import Ledger
from storage.concepts import ConceptStore, Rating, StoredAnnotation
from storage.labels import Author, LabelLog, NewLabel

FEW = 500  # pictures, as one statement takes
NOTHING_CERTIFIED = "No model is surely right often enough, so none was asked to label anything."


class AnnotationRound(View):
    """What came of one round: so many pictures chosen, and what their labels changed of so many decisions on
    the library. `flagged`: what counts by the classifier before or after; None where there was none yet."""

    pictures: int
    changed: int | None
    flagged: int | None


class AnnotateResult(View):
    annotator: str
    annotated: int
    failed: list[dict[str, str]]
    ratings: dict[str, int]
    calls: int
    cost_usd: float | None
    stopped: str  # why it ended before the end of the work, in words; empty where it did not
    rounds: tuple[AnnotationRound, ...] = ()  # none where all were chosen at once
    steps: tuple[Step, ...] = ()  # of a cascade, what the classifier knows first


class Labelling:
    """An annotator at work on a concept, within a job: asks about pictures and keeps what is said.

    What is answered is kept while the next is asked. A run that was killed goes on with the same budget: what
    its first part did counts, and examples are chosen from the same answers. Calls are charged to the job and
    to nobody else.
    """

    def __init__(
        self,
        training_data: TrainingData,
        collection: Collection,
        store: ConceptStore,
        log: LabelLog,
        ledger: Ledger,
        settings: Settings,
        progress: Progress,
        *,
        budget: float | None,
        setup: Setup,
        prompts: PromptFiles,
        sample: CascadeSample | None = None,
        known: Collected[str] = (),
    ) -> None:
        """`budget` in USD. `sample`: to ask cheap models first; `known`: pictures nobody needs to be asked
        about. Raises `SettingsError` where the setup needs what is not set."""
        ledger, spends = charged(ledger, training_data, progress.job_id, budget)
        self.training_data, self.store, self.progress, self.known = training_data, store, progress, known
        self._collection, self._log, self._ledger = collection, log, ledger

        def made(setup: Setup) -> Annotator:
            supplies = supplies_of(training_data, collection, ledger, settings, spends, prompts, setup.role)
            said = partial(answered, training_data, log)
            return annotator_of(
                setup, supplies, training_data, collection, lambda: progress.made_once("examples", said)
            )

        first = made(setup)
        self.costs = bool(first.asks(training_data.revision.definition, examples=False))
        self.annotator: Judge = first
        self.stopped = ""
        if sample is not None:
            large = not setup.large and model_of(replace(setup, large=True), settings)[0]
            models = [first, made(replace(setup, large=True))] if large else [first]
            try:
                cascade = Cascade(models, sample, self._ask_about)
            except BudgetError as error:
                self.stopped = str(error)
            else:
                self.annotator = cascade
                self.stopped = "" if cascade.taken else NOTHING_CERTIFIED
        self.seen = seen_by(self.annotator, training_data, store)
        self.before = int(progress.once("annotated", len(self.seen)))  # pictures, when the job began
        self.failed: list[dict[str, str]] = []

    @property
    def done(self) -> int:
        """Pictures annotated by this job, also before it was killed."""
        return len(self.seen) - self.before

    def ask(self, ids: Sequence[str], total: int, doing: str = "") -> None:
        """About those of the pictures that this annotator has not seen, of `total` in the whole run, until
        the budget is spent."""
        out = {*self.seen, *self.known}
        todo = [picture_id for picture_id in ids if picture_id not in out]
        self.progress.report(self.done, total, doing or f"asking {self.annotator.name}")
        groups = Groups(todo, alike(self._collection, todo, costs=self.costs))
        self._keep(self._copies(groups))
        if self.stopped:
            return

        with closing(self._asked(groups, partial(self.progress.report, self.done, total, doing))) as asked:
            for results, stopped in asked:
                self.stopped = stopped
                kept: list[Annotation] = []
                for result in results:
                    if isinstance(result, Annotation):
                        kept += [result, *(copy_of(result, i) for i in groups.others(result.picture_id))]
                    else:
                        groups.failed(result.picture_id)
                        self.failed.append({"id": result.picture_id, "reason": result.reason})
                self._keep(kept)
                trouble = f"{len(self.failed)} could not be judged" if self.failed else ""
                said = ", ".join(part for part in (doing, trouble) if part)
                self.progress.report(self.done + len(self.failed), total, said)

    def _copies(self, groups: Groups) -> list[Annotation]:
        """What this annotator said before, for pictures that look the same as one it has seen."""
        looks = alike(self._collection, self.seen, costs=self.costs)
        copies = groups.copies(dict(zip(looks, self.seen, strict=True)))
        concept_id, mine = self.training_data.concept_id, self.annotator.fingerprint
        before = {
            one.picture_id: one
            for one in self.store.annotations(concept_id, sorted({*copies.values()}))
            if (one.fingerprint, one.definition_number) == (mine, self.training_data.revision.number)
        }
        given = given_by(self._log, concept_id, before.values())
        found = []
        for picture_id, twin in copies.items():
            said = before[twin]
            known = Annotation(
                twin,
                said.rating,
                tuple(CriterionEvidence(**one) for one in said.evidence),
                said.rationale,
                said.raw,
                said.verbalised,
                said.same_as,
                given.get(twin),
            )
            found.append(copy_of(known, picture_id))
        return found

    def _asked(self, groups: Groups, waiting: Callable[[], None]) -> Generator[Answered, None, None]:
        """Who asks a model does it from here, where ledger and budget are; others judge where pictures are
        looked at."""
        chosen, training_data, collection = self.annotator, self.training_data, self._collection
        if isinstance(chosen, AsksNobody):
            batches = self._batches_of_vectors(groups, chosen.batch_size // PARTS)
            for results in collection.engine.map(chosen.work(training_data.revision), batches, waiting):
                yield results, ""
            return

        def prepare(ids: list[str]) -> Callable[[], Answered]:
            return partial(ask_within, chosen, training_data, picture_inputs(training_data, collection, ids))

        yield from asked_ahead(groups, chosen.batch_size, prepare)

    def _batches_of_vectors(self, groups: Groups, size: int) -> Iterator[list[PictureInput]]:
        """The first picture of each group, so many at a time, with its vector and nothing of this process."""
        while groups:
            inputs = picture_inputs(self.training_data, self._collection, groups.next(size))
            yield [replace(one, thumbnail=_stays_here) for one in inputs]

    def result(self, rounds: Sequence[AnnotationRound] = ()) -> AnnotateResult:
        number = self.training_data.revision.number
        said = self.store.ratings(
            self.training_data.concept_id, fingerprint=self.annotator.fingerprint, definition_number=number
        )
        job = self.progress.job_id
        calls, cost_usd = self._ledger.count(job_id=job), self._ledger.spent_usd(job_id=job)
        return AnnotateResult(
            annotator=self.annotator.name,
            annotated=len(said) - self.before,
            failed=self.failed,
            ratings={str(rating): n for rating, n in sorted(Counter(s.rating for s in said).items())},
            calls=calls,
            cost_usd=cost_usd if calls else None,
            stopped=self.stopped,
            rounds=tuple(rounds),
            steps=tuple(self._steps()),
        )

    def _steps(self) -> list[Step]:
        """What each step of a cascade decided under this definition, also in earlier runs: what this process
        has not looked at is judged again, from the cache."""
        cascade = self.annotator
        if not isinstance(cascade, Cascade):
            return []
        said = self.store.annotations(self.training_data.concept_id, self.seen) if self.seen else []
        twins = {
            one.picture_id: one.same_as or one.picture_id
            for one in said
            if one.fingerprint == cascade.fingerprint
        }
        missing = [i for i in dict.fromkeys(twins.values()) if i not in cascade.decided_by]
        self._judged(cascade, missing)
        return cascade.steps(twins)

    def _ask_about(self, model: Annotator, ids: Sequence[str]) -> list[Result]:
        """Pictures of a sample, which get no label. Raises `BudgetError`."""
        self.progress.report(0, None, f"seeing how often {model.name} is right")
        return self._judged(model, ids)

    def _judged(self, judge: Judge, ids: Sequence[str]) -> list[Result]:
        inputs = picture_inputs(self.training_data, self._collection, ids)
        return judge.annotate(self.training_data.revision, inputs)

    def _keep(self, annotations: Sequence[Annotation]) -> None:
        keep(annotations, self.annotator.fingerprint, self.training_data, self.store, self._log)
        self.seen += [said.picture_id for said in annotations]


def annotate_pool(labelling: Labelling, limit: int | None, also: Sequence[str] = ()) -> AnnotateResult:
    """Annotates the pool, then pictures outside it that the machine is to be measured on, as far as this
    annotator has not seen them with this definition; at most `limit`."""
    todo = [i for i in left_of(labelling.training_data, labelling.seen, also) if i not in labelling.known]
    if limit is not None:
        todo = todo[: max(limit - labelling.done, 0)]
    labelling.ask(todo, labelling.done + len(todo))
    return labelling.result()


def left_of(training_data: TrainingData, seen: Sequence[str], also: Sequence[str] = ()) -> list[str]:
    """The pictures of the pool and of `also` that an annotator has yet to see."""
    known = set(seen)
    pool = training_data.with_vectors(
        [i for i in training_data.candidates if i not in training_data.reserved]
    )
    return [i for i in [*pool, *training_data.with_vectors(also)] if i not in known]


def seen_by(annotator: Judge, training_data: TrainingData, store: ConceptStore) -> list[str]:
    """The pictures that this annotator has judged by this definition."""
    known = store.ratings(
        training_data.concept_id,
        fingerprint=annotator.fingerprint,
        definition_number=training_data.revision.number,
    )
    return list(dict.fromkeys(said.picture_id for said in known))


def alike(collection: Collection, ids: Sequence[str], *, costs: bool = True) -> list[str]:
    """The group of each picture within which one annotation holds for all: near-duplicates, where looking
    costs a call, else itself alone."""
    return collection.library.near_groups(ids) if costs else list(ids)


def _stays_here() -> bytes:
    raise UnknownPictureError("Thumbnails stay in the process of the library.")


def ask_within(annotator: Judge, training_data: TrainingData, inputs: Sequence[PictureInput]) -> Answered:
    """Results, and why it must stop here. Where the budget ends inside a batch, what was answered of it
    is in the cache and is collected picture by picture without another call."""
    try:
        return annotator.annotate(training_data.revision, inputs), ""
    except BudgetError as error:
        reason = str(error)
    collected: list[Result] = []
    for picture in inputs:
        with suppress(BudgetError):
            collected += annotator.annotate(training_data.revision, [picture])
    return collected, reason


def keep(
    annotations: Sequence[Annotation],
    fingerprint: str,
    training_data: TrainingData,
    store: ConceptStore,
    log: LabelLog,
    recorded_by: str | None = None,
) -> int:
    """Of the annotator with this `fingerprint`; `recorded_by` who brought it where that was no job of ours.
    Says how many are new: what it said before of a picture by the same definition stands.

    Labels first: a picture counts as seen by its annotation, so a kill in between repeats only a label with a
    key that is known already."""
    concept_id, number = training_data.concept_id, training_data.revision.number
    labels, kept = [], []
    for said in annotations:
        key = hashlib.sha256(f"{said.picture_id}/{number}/{fingerprint}".encode()).hexdigest()
        author = Author(fingerprint, "annotator")
        labels.append(
            NewLabel(
                key,  # idempotent, and short enough for the column
                said.picture_id,
                said.value,
                author,
                number,
                recorded_by=recorded_by,
                given=said.given,
            )
        )
        kept.append(
            StoredAnnotation(
                said.picture_id,
                number,
                fingerprint,
                said.rating,
                [asdict(evidence) for evidence in said.evidence],
                said.rationale,
                raw=said.raw,
                verbalised=said.verbalised,
                same_as=said.same_as,
            )
        )
    new = log.append(concept_id, labels)
    store.add_annotations(concept_id, kept)
    return new


def given_by(log: LabelLog, concept_id: int, said: Iterable[StoredAnnotation | Rating]) -> dict[str, str]:
    """Picture id → the grade or class that goes with this opinion of it."""
    wanted = {(one.picture_id, one.fingerprint, one.definition_number) for one in said}
    found: dict[str, str] = {}
    for name in {fingerprint for _, fingerprint, _ in wanted}:
        ids = sorted({picture_id for picture_id, by, _ in wanted if by == name})
        for start in range(0, len(ids), FEW):
            for event in log.of_author(concept_id, Author(name, "annotator"), ids[start : start + FEW]):
                if event.given and (event.picture_id, name, event.definition_number) in wanted:
                    found[event.picture_id] = event.given
    return found
