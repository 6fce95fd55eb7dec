"""The draw of the pictures that measure, from everything the concept looks in that nobody has answered."""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from dataclasses import dataclass

import numpy as np

from concepts.labelling.dataset import ConceptDataset
from concepts.learning.base import LinearHead
from concepts.learning.calibration import logit
from concepts.learning.certificates import floor_of, of_side
from concepts.learning.target import Side
from concepts.learning.waves import Strata, draw, strata
from concepts.library.outside_pictures import library_twins
from storage.concepts import SAMPLED, Wave
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
