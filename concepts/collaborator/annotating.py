"""Having a machine label pictures: which are left, asking about them, and keeping what is said."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, replace
from functools import partial

from concepts.collaborator.base import Annotation, Annotator, CriterionEvidence, PictureInput, Result
from concepts.collaborator.builtin import BuiltinAnnotator
from concepts.collaborator.prompt_parts import answered
from concepts.collaborator.setups import Machines
from concepts.errors import BudgetError, UnknownError
from concepts.jobs import Progress
from concepts.labelling.ranking import effect_of
from concepts.labelling.training_data import TrainingData
from concepts.view import View, count
from storage.concepts import Rating, StoredAnnotation
from storage.database import chunks
from storage.labels import Author, LabelLog, NewLabel

PARTS = 2  # of a batch, on their way together; how many calls are out at once is the endpoint's pace

Answered = tuple[list[Result], str]  # and why it must stop here, in words


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

    def says(self) -> str:
        said = f"{count(self.annotated, 'picture')} labelled by {self.annotator}"
        if self.failed:
            said += f", {len(self.failed):,} not: {self.failed[0]['reason'].rstrip('.')}"
        return said


class Labelling:
    """An annotator at work on a concept, within a job: asks about pictures and keeps what is said. Raises
    `SettingsError` where the setup needs what is not set.

    What is answered is kept while the next is asked. Of a run that was killed what its first part did counts,
    and examples are chosen from the same answers.
    """

    def __init__(self, machines: Machines, progress: Progress) -> None:
        self.machines = machines
        self.training_data = machines.training_data
        self.progress = progress
        setup = machines.setup
        said = partial(progress.made_once, "examples", partial(answered, self.training_data))
        self.annotator = machines.annotator(setup, machines.supplies(setup), said)
        self.costs = bool(self.annotator.asks(self.training_data.revision.definition, examples=False))
        self.stopped = ""
        self.seen = list(
            dict.fromkeys(said.picture_id for said in rated_by(self.annotator, self.training_data))
        )
        self.before = int(progress.once("annotated", len(self.seen)))  # pictures, when the job began
        self.failed: list[dict[str, str]] = []

    @property
    def done(self) -> int:
        """Pictures annotated by this job, also before it was killed."""
        return len(self.seen) - self.before

    def ask(self, ids: Sequence[str], total: int, doing: str = "") -> None:
        """About those of the pictures that this annotator has not seen, of `total` in the whole run, until
        the budget is spent."""
        out = set(self.seen)
        todo = [picture_id for picture_id in ids if picture_id not in out]
        self.progress.report(self.done, total, doing or f"asking {self.annotator.name}")
        groups = Groups(todo, self._looks(todo))
        # What this annotator said before holds for pictures that look the same as one it has seen.
        copies = groups.copies(dict(zip(self._looks(self.seen), self.seen, strict=True)))
        mine = self.annotator.fingerprint, self.training_data.revision.number
        annotations = self.training_data.store.annotations(
            self.training_data.concept_id, sorted({*copies.values()})
        )
        before = {
            one.picture_id: one for one in annotations if (one.fingerprint, one.definition_number) == mine
        }
        given = given_by(self.training_data.log, self.training_data.concept_id, before.values())
        known = {
            twin: Annotation(
                twin,
                one.rating,
                tuple(CriterionEvidence(**evidence) for evidence in one.evidence),
                one.rationale,
                one.raw,
                one.verbalised,
                one.same_as,
                given.get(twin),
            )
            for twin, one in before.items()
        }
        self._keep([copy_of(known[twin], picture_id) for picture_id, twin in copies.items()])
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

    def _looks(self, ids: Sequence[str]) -> list[str]:
        """The group of each picture within which one annotation holds for all: near-duplicates, where looking
        costs a call, else itself alone."""
        return self.training_data.collection.library.near_groups(ids) if self.costs else list(ids)

    def _asked(self, groups: Groups, waiting: Callable[[], None]) -> Generator[Answered, None, None]:
        """Who asks a model does it from here, where ledger and budget are; others judge where pictures are
        looked at."""
        chosen = self.annotator
        if isinstance(chosen, BuiltinAnnotator):
            batches = self._batches_of_vectors(groups, chosen.batch_size // PARTS)
            task = chosen.task(self.training_data.revision)
            for results in self.training_data.collection.engine.map(task, batches, waiting):
                yield results, ""
            return
        yield from asked_ahead(
            groups,
            chosen.batch_size,
            lambda ids: partial(ask_within, chosen, self.training_data, self.machines.inputs(ids)),
        )

    def _batches_of_vectors(self, groups: Groups, size: int) -> Iterator[list[PictureInput]]:
        """The first picture of each group, so many at a time, with its vector and nothing of this process."""
        while groups:
            yield [replace(one, thumbnail=_stays_here) for one in self.machines.inputs(groups.next(size))]

    def result(self, rounds: Sequence[AnnotationRound] = ()) -> AnnotateResult:
        said = rated_by(self.annotator, self.training_data)
        ledger, job = self.machines.ledger, self.progress.job_id
        calls = ledger.count(job_id=job)
        return AnnotateResult(
            annotator=self.annotator.name,
            annotated=len(said) - self.before,
            failed=self.failed,
            ratings={str(rating): n for rating, n in sorted(Counter(s.rating for s in said).items())},
            calls=calls,
            cost_usd=ledger.spent_usd(job_id=job),
            stopped=self.stopped,
            rounds=tuple(rounds),
        )

    def _keep(self, annotations: Sequence[Annotation]) -> None:
        keep(annotations, self.annotator.fingerprint, self.training_data)
        self.seen += [said.picture_id for said in annotations]


def annotate_pool(labelling: Labelling, limit: int | None, also: Sequence[str]) -> AnnotateResult:
    """Annotates the pool, then pictures outside it that the machine is to be measured on, as far as this
    annotator has not seen them with this definition; at most `limit`."""
    todo = left_of(labelling.training_data, labelling.seen, also)
    if limit is not None:
        todo = todo[: max(limit - labelling.done, 0)]
    labelling.ask(todo, labelling.done + len(todo))
    return labelling.result()


def left_of(training_data: TrainingData, seen: Sequence[str], also: Sequence[str] = ()) -> list[str]:
    """The pictures of the pool and of `also` that an annotator has yet to see."""
    pool = [i for i in training_data.candidates if i not in training_data.reserved]
    known = set(seen)
    return [i for i in training_data.with_vectors([*pool, *also]) if i not in known]


def rated_by(annotator: Annotator, training_data: TrainingData) -> list[Rating]:
    """What this annotator has said by this definition."""
    return training_data.store.ratings(
        training_data.concept_id,
        fingerprint=annotator.fingerprint,
        definition_number=training_data.revision.number,
    )


def _stays_here() -> bytes:
    raise UnknownError("Thumbnails stay in the process of the library.", "picture")


def ask_within(annotator: Annotator, training_data: TrainingData, inputs: Sequence[PictureInput]) -> Answered:
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
    recorded_by: str | None = None,
) -> int:
    """Of the annotator with this `fingerprint`; `recorded_by` who brought it where that was no job of ours.
    Says how many are new: what it said before of a picture by the same definition stands.

    Labels first: a picture counts as seen by its annotation, so a kill in between repeats only a label with a
    key that is known already."""
    concept_id, number = training_data.concept_id, training_data.revision.number
    labels = [
        NewLabel(
            # idempotent, and short enough for the column
            hashlib.sha256(f"{said.picture_id}/{number}/{fingerprint}".encode()).hexdigest(),
            said.picture_id,
            said.value,
            Author(fingerprint, "annotator"),
            number,
            recorded_by=recorded_by,
            given=said.given,
        )
        for said in annotations
    ]
    kept = [
        StoredAnnotation(
            picture_id=said.picture_id,
            definition_number=number,
            fingerprint=fingerprint,
            rating=said.rating,
            evidence=[asdict(evidence) for evidence in said.evidence],
            rationale=said.rationale,
            raw=said.raw,
            verbalised=said.verbalised,
            same_as=said.same_as,
        )
        for said in annotations
    ]
    new = training_data.log.append(concept_id, labels)
    training_data.store.add_annotations(concept_id, kept)
    return new


def given_by(log: LabelLog, concept_id: int, said: Iterable[StoredAnnotation]) -> dict[str, str]:
    """Picture id → the grade or class that goes with this opinion of it."""
    wanted = {(one.picture_id, one.fingerprint, one.definition_number) for one in said}
    found: dict[str, str] = {}
    for name in {fingerprint for _, fingerprint, _ in wanted}:
        ids = sorted({picture_id for picture_id, by, _ in wanted if by == name})
        for some in chunks(ids):
            for event in log.of_author(concept_id, Author(name, "annotator"), some):
                if event.given and (event.picture_id, name, event.definition_number) in wanted:
                    found[event.picture_id] = event.given
    return found


class Groups:
    """What is to be annotated, by groups of near-duplicates. Where a group's first picture can't be judged,
    its second is asked about later."""

    def __init__(self, ids: Sequence[str], groups: Sequence[str]) -> None:
        self._members: dict[str, list[str]] = {}
        for picture_id, group in zip(ids, groups, strict=True):
            self._members.setdefault(group, []).append(picture_id)
        self._group_of = dict(zip(ids, groups, strict=True))
        self._waiting = deque(self._members)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, n: int) -> list[str]:
        """One picture of each of the next n groups."""
        return [self._members[self._waiting.popleft()][0] for _ in range(min(n, len(self._waiting)))]

    def others(self, picture_id: str) -> list[str]:
        """Those that share what is said of this picture."""
        return [i for i in self._members[self._group_of[picture_id]] if i != picture_id]

    def failed(self, picture_id: str) -> None:
        """This one can't be judged; the rest of its group waits for its own turn."""
        group = self._group_of[picture_id]
        self._members[group].remove(picture_id)
        if self._members[group]:
            self._waiting.append(group)

    def copies(self, known: Mapping[str, str]) -> dict[str, str]:
        """Picture id → the picture of its group that was looked at before (group → picture). They wait no
        longer."""
        found = {i: known[group] for i, group in self._group_of.items() if group in known}
        self._waiting = deque(group for group in self._waiting if group not in known)
        return found


def copy_of(said: Annotation, picture_id: str) -> Annotation:
    return replace(said, picture_id=picture_id, same_as=said.same_as or said.picture_id)


def asked_ahead(
    groups: Groups, batch_size: int, prepare: Callable[[list[str]], Callable[[], Answered]]
) -> Generator[Answered, None, None]:
    """Answered of one part after the other, until there are no more groups or one says to stop; what was on
    its way by then still comes. `prepare` is called here, what it returns in another thread.

    A batch is asked about in parts, and the next part is on its way before the one before it is kept: so an
    endpoint waits neither for labels to be committed nor, with all its turns, for one slow answer.

    Closed early, it waits for what is on its way, which is paid for and cached.
    """
    waiting: deque[Future[Answered]] = deque()
    stopped = ""
    with ThreadPoolExecutor(PARTS) as threads:
        while True:
            while groups and not stopped and len(waiting) < PARTS:
                waiting.append(threads.submit(prepare(groups.next(max(batch_size // PARTS, 1)))))
            if not waiting:
                return
            results, reason = waiting.popleft().result()
            stopped = stopped or reason
            yield results, stopped


FEW_CHANGED = 0.05  # of the pictures flagged before or after a round
IN_A_ROW = 2  # rounds that changed so few
ROUNDS = 5  # where nobody says how many
LEAST = 20  # pictures that a round of those has

DataNow = Callable[[], TrainingData]
Choose = Callable[[DataNow, int, Collection[str]], list[str]]  # (…, how many, what was tried)


def annotate_in_rounds(
    labelling: Labelling,
    training_data_now: DataNow,
    choose: Choose,
    rounds: int,
    limit: int | None,
    also: Sequence[str],
) -> AnnotateResult:
    """At most `rounds` rounds of equal size, of `limit` pictures in all, or as many as the pool has left;
    then pictures that the machine is to be measured on, as far as `limit` goes.

    `training_data_now` reads the labels anew. A run that was killed goes on with the rounds as they were
    chosen.
    """
    progress = labelling.progress
    most = int(progress.once("most", len(left_of(labelling.training_data, labelling.seen))))
    most = most if limit is None else limit
    each = -(-most // rounds)
    tried = dict.fromkeys(labelling.seen)
    asked, found = 0, list[AnnotationRound]()
    for number in range(1, rounds + 1):
        n = min(each, most - asked)
        chosen = progress.made_once(f"round {number}", partial(choose, training_data_now, n, tuple(tried)))
        if not chosen:
            break
        asked += len(chosen)
        tried |= dict.fromkeys(chosen)
        labelling.ask(chosen, max(most, asked), f"round {number} of {rounds}")
        if labelling.stopped:
            return labelling.result(found)
        came = progress.made_once(f"after round {number}", partial(_came, training_data_now, chosen))
        found.append(AnnotationRound.model_validate(came))
        if number < rounds and is_settled(found):
            changed = " and ".join(f"{one.changed:,}" for one in found[-IN_A_ROW:])
            labelling.stopped = (
                f"Ended after round {number} of {rounds}: the last ones changed {changed} of about "
                f"{found[-1].flagged:,} decisions for a yes, so more suggestions would change little."
            )
            break
    more = left_of(labelling.training_data, [*labelling.seen, *labelling.training_data.candidates], also)
    room = len(more) if limit is None else max(limit - labelling.done, 0)
    stopped, labelling.stopped = labelling.stopped, ""
    labelling.ask(more[:room], labelling.done + len(more[:room]), "what it is measured on")
    labelling.stopped = labelling.stopped or stopped
    return labelling.result(found)


def suitable_rounds(labelling: Labelling, limit: int | None) -> int:
    """As many as bring something: one where looking costs nothing, or where nothing is left to choose because
    there are no more pictures than may be asked about."""
    training_data, left = labelling.training_data, left_of(labelling.training_data, labelling.seen)
    if not labelling.costs:
        return 1
    most = len(left) if limit is None else limit
    if most >= len(training_data.index.ids) - len(training_data.reserved) - len(labelling.seen):
        return 1
    return max(min(ROUNDS, most // LEAST), 1)


def is_settled(rounds: Sequence[AnnotationRound]) -> bool:
    """Whether the last rounds changed so little that more of the same would change little, too."""
    last = rounds[-IN_A_ROW:]
    return len(last) == IN_A_ROW and all(
        one.changed is not None and one.flagged and one.changed <= FEW_CHANGED * one.flagged for one in last
    )


def _came(training_data_now: DataNow, chosen: Sequence[str]) -> dict[str, int | None]:
    effect = effect_of(training_data_now(), set(chosen))
    return {
        "pictures": len(chosen),
        "changed": effect.changed if effect else None,
        "flagged": effect.either if effect else None,
    }
