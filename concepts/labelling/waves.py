"""The draw of the pictures that measure, from everything the concept looks in that nobody has answered."""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from concepts.jobs import Progress
from concepts.labelling.dataset import ConceptDataset, dataset_of
from concepts.labelling.label_cache import label_cache_of
from concepts.learning.base import LinearHead
from concepts.learning.calibration import logit
from concepts.learning.certificates import floor_of, of_side
from concepts.learning.fitting import SEED, train_early
from concepts.learning.target import Side
from concepts.learning.waves import FEW_LEFT, Strata, draw, next_size, strata
from concepts.library.collection import collection_of
from concepts.library.outside_pictures import library_twins
from concepts.use_cases import Concept, use_case
from concepts.view import View, count
from storage.concepts import CERTIFYING, SAMPLED, WATCHING, Wave
from storage.tables import now
from storage.vectors.ids import PictureIds
from storage.vectors.reader import Scores

HIGHEST = 1 - 1e-6  # as a floor: nearer to 1 nothing can be told apart


@dataclass(frozen=True)
class CertifyingFrame:
    """What was drawn to certify a line: from so many groups of look-alikes with a probability of its side
    ≥ floor."""

    floor: float
    frame: int
    pictures: list[str]


class PicturesDrawn(View):
    """How many test pictures there are."""

    pictures: int

    def says(self) -> str:
        return count(self.pictures, "test picture")


def draw_test_pictures(concept: Concept, avoid: Sequence[str] = ()) -> None:
    """Draws the first wave of test pictures once there are pictures to draw from, or waits where that is
    going on. None of those to `avoid` is in it, nor any that looks like them.

    Whatever mines, trains, takes labels from elsewhere or examples does this first (rule 4), so that none of
    those has seen a test picture.
    """
    if not concept.app.store.evaluation_pictures(concept.id):
        _draw_one_more(concept, 1, avoid)


@use_case(job="Drawing test pictures")
def draw_evaluation(concept: Concept, progress: Progress) -> PicturesDrawn:
    """Set pictures aside to measure with."""
    progress.report(0, None, "drawing test pictures")
    draw_test_pictures(concept)
    return PicturesDrawn(pictures=len(concept.app.store.evaluation_pictures(concept.id)))


def draw_more_test_pictures(concept: Concept, waiting: Ids[str] = (), at_least: int = FEW_LEFT + 1) -> None:
    """Draws the next waves until `at_least` test pictures have no label and aren't `waiting` for one, or the
    library has no more to give."""
    draw_test_pictures(concept)
    while True:
        drawn = concept.app.store.evaluation_pictures(concept.id)
        labelled = concept.app.log.first_answered(concept.id).keys() | set(waiting)
        left = len(drawn.keys() - labelled)
        if left >= at_least or not _draw_one_more(concept, len(drawn) + 1):
            return


def pictures_to_test_with(concept: Concept) -> list[str]:
    """The pictures to be labelled blindly, in order: those asked for, then the test pictures."""
    return [*asked_for(concept), *label_cache_of(concept.app).held_out(concept.id).evaluation]


def labelled_test_pictures(concept: Concept) -> list[str]:
    """The test pictures that people have labelled, without what they said."""
    return dataset_of(concept).evaluation_labels()[0]


def asked_for(concept: Concept) -> list[str]:
    """The pictures that certify the lines asked for last, or say how often a watch that goes on is wrong, in
    order."""
    app = concept.app
    apart = label_cache_of(app).held_out(concept.id).certifying
    if not apart:  # as mostly, and this is asked with every label
        return []
    asked = {(CERTIFYING, draw.attempt) for draw in app.certifying.newest(concept.id).values()}
    asked |= {(WATCHING, watch.id) for watch in app.watches.of(concept.id) if watch.stopped is None}
    waiting = [i for i, drawn in apart.items() if (drawn.drawn, drawn.attempt) in asked]
    inside = set(collection_of(app).frames.among(concept.id, waiting))
    # Who has a folder watched for a concept wants to be asked about it, wherever else that looks.
    return [i for i in waiting if i in inside or apart[i].drawn == WATCHING]


def _draw_one_more(concept: Concept, more_than: int, avoid: Sequence[str] = ()) -> bool:
    """Draws a wave where there are fewer than `more_than` test pictures; says whether there is one more."""
    app, collection = concept.app, collection_of(concept.app)
    if collection.library.encoder() is None:
        return False
    with app.drawing:
        drawn = len(app.store.evaluation_pictures(concept.id))
        if drawn >= more_than:
            return True
        size = next_size(drawn, collection.count_for(concept.id))
        if not size:
            return False
        sequence = app.log.last_sequence(concept.id)
        dataset = dataset_of(concept)
        head = None
        if drawn:
            head = train_early(dataset.training.data, dataset.text_direction, SEED)
        wave, chosen = draw_wave(dataset, size, head, sequence, avoid)
        return bool(chosen) and app.store.add_wave(concept.id, wave, chosen)


def draw_wave(
    dataset: ConceptDataset,
    size: int,
    head: LinearHead | None,
    sequence: int,
    avoid: Ids[str] = (),
) -> tuple[Wave, list[str]]:
    """The next wave and the ids of its pictures, in the order in which to answer: at most `size`, one of each
    group of look-alikes, none that looks like one that was answered, is an example, measures already or is to
    be avoided. `sequence` is the last label event known; `head` is frozen for the draw, None draws everything
    alike, and so does a library whose vectors aren't there yet."""
    frame = _frame(dataset, avoid)
    wave, rng = _next_wave(dataset, frame, sequence, dataset.fingerprint)
    cut, logits = Strata(()), np.zeros(len(frame))
    if head is not None:
        scores = head.scores(dataset.index)
        rows = frame.rows_of(scores.ids)
        if len(rows) == len(frame):
            logits = scores.values[rows].astype(np.float64)
            cut = strata(logits, logit(head.threshold), size)
    stratum = cut.of(logits)
    chosen = draw(stratum, size, rng)
    if head is not None and cut.boundaries:
        wave.weights = np.ascontiguousarray(head.weights, "<f8").tobytes()
        wave.bias, wave.boundaries = head.bias, list(cut.boundaries)
        wave.prototypes = head.prototypes.kept() if head.prototypes else None
    return wave, frame.at(chosen)


def sampled_wave(dataset: ConceptDataset, sample: Ids[str], sequence: int) -> tuple[Wave, list[str]]:
    """The next wave where somebody drew a `sample` with equal chances, and those of its pictures that this
    wave could draw, in random order: all others were seen before. Of near-duplicates only the one that stands
    for its group counts, else a large group would have had more chances than a small one."""
    frame = _frame(dataset)
    wave, rng = _next_wave(dataset, frame, sequence, SAMPLED)
    places = frame.places(sorted(sample))
    return wave, frame.at(rng.permutation(places[places >= 0]))


def _next_wave(
    dataset: ConceptDataset, frame: PictureIds, sequence: int, fingerprint: str
) -> tuple[Wave, np.random.Generator]:
    """A wave that draws everything alike, and the chance that draws it."""
    number = len(dataset.waves) + 1
    wave = Wave(
        number=number,
        label_sequence=sequence,
        fingerprint=fingerprint,
        weights=None,
        bias=0.0,
        boundaries=[],
        frame=len(frame),
        created=now(),
        looks_in=dataset.frame.kept(),
    )
    return wave, np.random.default_rng(_seed(dataset, f"wave {number}"))


def draw_certifying(
    dataset: ConceptDataset,
    attempt: int,
    scores: Scores,
    at_least: float,
    size: int,
    side: Side,
    lowest: float,
) -> CertifyingFrame:
    """Pictures to certify a line of a version with, in the order in which to answer: at most `size`, one of
    each group of look-alikes, all as likely as each other among those above a floor that scores alone fix.
    `scores` are what the version says of the library, as probabilities; `lowest`: of the side's probability,
    below which nothing is drawn."""
    rows = _frame(dataset).rows_of(scores.ids)
    if not len(rows):
        return CertifyingFrame(0.0, 0, [])
    probability = of_side(scores.values[rows].astype(np.float64), side)
    floor = max(min(floor_of(probability, at_least, size), HIGHEST), lowest)
    above = np.flatnonzero(probability >= floor)
    rng = np.random.default_rng(_seed(dataset, f"certifying {attempt}"))
    chosen = rng.permutation(above)[:size]
    return CertifyingFrame(floor, len(above), scores.ids.at(rows[chosen]))


def _frame(dataset: ConceptDataset, avoid: Ids[str] = ()) -> PictureIds:
    """One picture of each group of look-alikes none of which was seen, in an order that says nothing.

    Where every picture has a vector these are the pictures of the index but those that are known to be out:
    of a million that takes a fiftieth of the time.
    """
    library, every = dataset.collection.library, dataset.index.ids
    if len(every) != dataset.pictures:
        every = PictureIds.of(library.groups(dataset.frame).values())
    seen = sorted(seen_groups(dataset, avoid))
    alone = {name for name, group in zip(seen, library.near_groups(seen), strict=True) if name == group}
    return every.without(library.silent(dataset.frame) | library.members(seen) | alone)


def seen_groups(dataset: ConceptDataset, avoid: Ids[str] = ()) -> set[str]:
    """Groups of look-alikes of what was answered or framed, is an example, is kept apart or to be avoided."""
    given = [*avoid, *examples(dataset), *dataset.collection.parts.store.boxes(dataset.concept_id)]
    twins = library_twins(dataset.collection, dataset.concept_id, given)
    seen = {*given, *twins, *dataset.apart, *dataset.first_answered}
    return set(dataset.collection.library.near_groups(sorted(seen)))


def _seed(dataset: ConceptDataset, what: str) -> int:
    """The same concept draws the same pictures on every machine."""
    return int.from_bytes(hashlib.sha256(f"{dataset.concept.seed} {what}".encode()).digest()[:8])


def examples(dataset: ConceptDataset) -> set[str]:
    definition = dataset.revision.definition
    return {*definition.examples, *definition.counterexamples}
