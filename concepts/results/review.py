"""The labels worth a second look, and the work that finds them."""

from __future__ import annotations

from collections import Counter
from functools import partial

from concepts.collaborator.deliberation import Contradicted, Deliberation, earlier_answers
from concepts.collaborator.setups import machines_of
from concepts.definition.revisions import all_revisions, definition_of
from concepts.errors import BudgetError
from concepts.jobs import Lane, Listener, Progress
from concepts.labelling.dataset import ConceptDataset, dataset_of
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.reasons import Reason
from concepts.labelling.review import (
    ReviewQueue,
    ReviewRow,
    for_reader,
    near_duplicates_disagree,
    pairs,
    people_disagree,
    readable,
    said_both,
    what_people_said,
)
from concepts.labelling.training_data import training_data_of
from concepts.library.collection import collection_of
from concepts.results.measured_sample import sample
from concepts.results.mislabelled import borderline, likely_mislabelled, odd_ones
from concepts.results.mistakes import changed_test_labels, mistakes, older_test_labels
from concepts.results.rarity import Rarity, rarity
from concepts.results.stability import Settling, settling
from concepts.results.training import way_of
from concepts.use_cases import Concept, use_case
from concepts.view import View, count
from storage.database import one_moment
from storage.heads import StoredHead
from storage.jobs import StoredJob

MISLABELLED = 50  # of either kind that are kept: more than anybody looks at
ODD, BORDERLINE = 12, 24


class LookedOver(View):
    """What came of looking over the labels of people: up to the label event `answers`, which are `counted`
    labelled pictures, under a definition, in the `library` of this version, with the concept's newest
    `version` (0: none yet)."""

    answers: int
    definition: int
    library: str
    counted: int
    settling: Settling | None  # None with too few labels to say
    rarity: Rarity | None  # None before there are labels to measure with
    version: int
    found: list[ReviewRow]  # labels for review

    def says(self) -> str:
        return count(self.counted, "label")


class LookedBack(View):
    """Earlier labels that the words of `definition` may contradict, of so many `looked` at. Up to the label
    event `answers`."""

    definition: int
    answers: int
    looked: int
    contradicted: list[Contradicted]
    stopped: str = ""

    def says(self) -> str:
        return f"{count(len(self.contradicted), 'earlier label')} to review"


@one_moment()  # a label given in between would appear in only some of these reads
def review_queue(
    concept: Concept,
    reason: Reason | None = None,
    limit: int | None = None,
    offset: int = 0,
    *,
    reader: str | None = None,
) -> ReviewQueue:
    """A page of the labels worth a second look, for every reason or one; in the order of the reasons. A
    `reader` reads what others said of a picture once they have labelled it; None reads everything.

    What people disagree about, mistakes and changed test labels are worked out now. The rest trains several
    heads, or asks an annotator, so jobs do it and the queue has what they found last.

    Whoever labels these pictures has seen what speaks against a label, so says `in_view`: such labels change
    no figure. Only those of `blind` rows are given without.
    """
    dataset, log = dataset_of(concept), concept.app.log
    looked = concept.newest(look_over)
    rows = _rows(concept, dataset, looked)
    if reader is not None:
        rows = for_reader(rows, dataset.decisions, reader)
    counts = Counter(row.reason for row in rows)
    shown = [row for row in rows if reason in (None, row.reason)][offset:][:limit]
    ids = list({row.id for row in shown})
    paths = collection_of(concept.app).paths(ids)
    standing = readable(log.standing(concept.id, ("person",), ids), reader)
    said = what_people_said(standing, log.comments(concept.id, ids))
    return ReviewQueue(
        rows=[
            row.model_copy(
                update={
                    "path": paths.get(row.id, ""),
                    "labels": [] if row.blind else said.get(row.id, []),
                    "purpose": "evaluation" if row.id in dataset.reserved else "train",
                }
            )
            for row in shown
        ],
        counts={one: counts[one] for one in Reason if counts[one]},
        agreement=pairs(dataset.decisions),
        counted=looked.counted if looked else None,
    )


def find_labels_to_review(
    concept: Concept, *, budget: float | None = None, listener: Listener | None = None
) -> str:
    """Looks all labels over and waits for it: those given under an older description with the concept's
    annotator, for at most `budget` USD. Says why that ended early; empty where it didn't."""
    looked_over_now(concept, listener)
    if not _may_contradict_earlier_labels(concept):
        return ""
    begun = concept.begin(look_back, definition_of(concept).number, budget)
    return begun.wait(listener).stopped


def begin_review(concept: Concept, *, budget: float | None = None) -> int:
    """Looks all labels over in the background; returns the id of the job that takes longest."""
    back = _may_contradict_earlier_labels(concept)
    looking_over = begin_look_over(concept)
    if not back:
        return looking_over
    return concept.submit(look_back, definition_of(concept).number, budget)


def begin_look_over(concept: Concept) -> int:
    """Looks all labels over in the background, as things are now; returns the job's id."""
    return concept.submit(look_over, *_as_things_are(concept))


def looked_over_now(concept: Concept, listener: Listener | None = None) -> LookedOver:
    """The labels looked over as things are now; waits for it where something has changed."""
    newest, now = concept.newest(look_over), _as_things_are(concept)
    if newest and now == (newest.answers, newest.definition, newest.library, newest.version):
        return newest
    return concept.begin(look_over, *now).wait(listener)


def keep_looking_over(concept: Concept) -> None:
    """Has all labels looked over where something has changed since the last look, and none is going on or has
    failed at just this."""
    if not label_cache_of(concept.app).count(concept.id).answers:
        return
    now, last = _as_things_are(concept), concept.latest(look_over)
    if last is not None and (last.finished is None or asked_for_by(last) == now):
        return
    concept.submit(look_over, *now)


@use_case(job="Reviewing labels", lane=Lane.FOLLOWING)
def look_over(
    concept: Concept, progress: Progress, answers: int, definition: int, library: str, version: int
) -> LookedOver:
    """Look over all labels. It was asked for when there were labels up to the event `answers`, a definition,
    this library and this newest version (0: none); there may be more by now."""
    answers, definition, library, version = _as_things_are(concept)
    dataset = dataset_of(concept)
    newest, head = concept.app.heads.get(concept.id), _of_this_library(concept)
    steps = partial(progress.report, total=5)  # small ones: between them it stands aside
    steps(0, message="looking for mislabelled pictures")
    found = likely_mislabelled(dataset, head, MISLABELLED)
    found += odd_ones(dataset, ODD, {row.id for row in found})
    steps(1, message="looking at what the last labels changed")
    settled = settling(dataset, way_of(newest) if newest else "auto")
    drawn = sample(dataset, partial(steps, 2, message="looking at what was drawn"))
    steps(3, message="looking at how rare it is")
    rare = rarity(drawn, dataset, concept.app.walls.of(concept.id))
    steps(4, message="looking for what the version can't place")
    if head is not None:
        found += borderline(dataset, head, BORDERLINE)
    return LookedOver(
        answers=answers,
        definition=definition,
        library=library,
        version=version,
        counted=len(dataset.decisions),
        settling=settled,
        rarity=rare,
        found=found,
    )


@use_case(job="Checking earlier labels", lane=Lane.LONG)
def look_back(
    concept: Concept, progress: Progress, definition: int, budget: float | None = None
) -> LookedBack:
    """Ask an annotator about the labels under an older description, after the words changed to `definition`,
    for at most `budget` USD."""
    definitions = {one.number: one.definition for one in all_revisions(concept)}
    sequence = concept.app.log.last_sequence(concept.id)
    machines = machines_of(concept, progress.job_id, budget, revision=definition)
    work = Deliberation(machines, progress)
    try:
        found, stopped = work.look_back(definitions), ""
    except BudgetError as error:
        found, stopped = [], str(error)
    return LookedBack(
        definition=definition,
        answers=sequence,
        looked=len(earlier_answers(work.training_data)),
        contradicted=found,
        stopped=stopped,
    )


def _as_things_are(concept: Concept) -> tuple[int, int, str, int]:
    """What looking over the labels depends on: the last label event, the definition, the library's version
    and the newest version of the concept (0: none)."""
    newest = concept.app.heads.get(concept.id)
    return (
        concept.app.log.last_sequence(concept.id),
        definition_of(concept).number,
        collection_of(concept.app).vectors_for(concept.id).version,
        newest.number if newest else 0,
    )


def asked_for_by(job: StoredJob) -> tuple[int, int, str, int]:
    """What a job of `look_over` was asked for."""
    given = job.arguments
    return given["answers"], given["definition"], given["library"], given["version"]


def _may_contradict_earlier_labels(concept: Concept) -> bool:
    """Whether there are labels under an older description that no annotator was asked about."""
    data, found = training_data_of(concept), concept.newest(look_back)
    asked = found is not None and found.definition == data.revision.number and not found.stopped
    return not asked and bool(earlier_answers(data))


def _rows(concept: Concept, dataset: ConceptDataset, looked: LookedOver | None) -> list[ReviewRow]:
    log = concept.app.log
    removed = collection_of(concept.app).removed.hidden().ids
    rows = [*people_disagree(dataset.decisions), *_said_both(concept, dataset)]
    rows += near_duplicates_disagree(dataset)
    back = concept.newest(look_back)
    if back is not None and back.definition == dataset.revision.number:
        since = log.changed_since(concept.id, back.answers)
        rows += [
            ReviewRow(
                id=one.picture_id,
                reason=Reason.OLDER_DESCRIPTION,
                label=one.answer,
                evidence=f"Labelled under description {said.definition}. By description "
                f"{back.definition} the annotator says {one.machine}: {one.rationale}",
            )
            for one in back.contradicted
            if one.picture_id not in since and (said := dataset.answers.get(one.picture_id)) is not None
        ]
    head = _of_this_library(concept)
    if head is not None:
        rows += mistakes(dataset, head)
    rows += [*older_test_labels(dataset), *changed_test_labels(dataset)]
    if looked:
        since = log.changed_since(concept.id, looked.answers)
        rows += [row for row in looked.found if row.id not in since]
    inside = set(dataset.looks_at({row.id for row in rows})) - removed
    order = list(Reason)
    return sorted((row for row in rows if row.id in inside), key=lambda row: order.index(row.reason))


def _said_both(concept: Concept, dataset: ConceptDataset) -> list[ReviewRow]:
    repeats = concept.app.log.repeats(concept.id)
    ids = list({event.picture_id for event in repeats})
    standing = concept.app.log.standing(concept.id, ("person",), ids) if ids else []
    return said_both(dataset.decisions, standing, repeats)


def _of_this_library(concept: Concept) -> StoredHead | None:
    """The newest version, where the library has its encoder still."""
    head = concept.app.heads.get(concept.id)
    fits = head is not None and head.fingerprint == collection_of(concept.app).parts.fingerprint(concept.id)
    return head if fits else None
