"""The test labels, as a sample of the library: which pictures each of them speaks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from concepts.jobs.engines import nothing
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.waves import examples
from concepts.learning.base import Bools, Floats, LinearHead, Prototypes, Rows
from concepts.learning.stratified import Draws, StratifiedCounts, Stratum, together, weights
from concepts.learning.waves import Strata, error_at
from storage.concepts import Wave
from storage.frames import Frame
from storage.vectors.ids import PictureIds


@dataclass(frozen=True)
class MeasuredSample:
    """Test pictures: ids (n), truth (n,), group (n,) of near-duplicates; rows (n,) of each in `groups`.

    groups (m) are pictures of the library, one of each group of near-duplicates, and `draws` what the waves
    drew from them; both empty for a set from outside, which stands for nothing but itself. covered: how many
    of those groups some wave could draw.
    """

    ids: list[str]
    truth: Bools
    group: Rows
    groups: PictureIds
    draws: Draws | None
    rows: Rows
    known: dict[int, bool]
    rows_of: Callable[[Sequence[str]], Rows]  # ids (k) → (k,) rows in `groups`, -1 for one that has none

    @property
    def covered(self) -> int:
        """Groups of near-duplicates that the figures are about."""
        return int(self.draws.there.any(axis=0).sum()) if self.draws else 0

    @cached_property
    def weights(self) -> Floats:
        """(n,) how many pictures each test picture stands for, whatever a head says of them."""
        if self.draws is None:
            return np.ones(len(self.ids))
        return weights(self.unscored, len(self.groups))[self.rows]

    @cached_property
    def unscored(self) -> list[Stratum]:
        """The strata where nothing is asked of a head: every probability is 0."""
        return self.strata(np.zeros(len(self.ids)), np.zeros(len(self.groups)))

    @cached_property
    def counted(self) -> StratifiedCounts:
        """How many pictures count, whatever any version says of them."""
        return StratifiedCounts([self.unscored], 1.0, error_at(len(self.ids)))

    def strata(self, probability: Floats, of_groups: Floats, learned: Bools | None = None) -> list[Stratum]:
        """probability (n,) of the test pictures, and (m,) of the groups; learned (m,): those counted
        as they are, whenever they were answered."""
        if self.draws is None:
            return [Stratum(probability, self.truth)]
        p, truth = of_groups.copy(), np.zeros(len(of_groups), dtype=bool)
        p[self.rows], truth[self.rows] = probability, self.truth
        for row, yes in self.known.items():
            truth[row] = yes
        draws = self.draws if learned is None else self.draws.with_known(learned)
        return together(draws, p, truth)


def sample(dataset: ConceptDataset, between: Callable[[], None] = nothing) -> MeasuredSample:
    """What measures now. Waves that an earlier encoder drew say nothing of these vectors and are left out.

    `between` is called between its parts, which take up to a third of a second each in a million pictures."""
    ids, truth = dataset.evaluation_labels()
    group = dataset.groups(ids)
    outside = MeasuredSample(
        ids,
        truth,
        group,
        PictureIds.of([]),
        None,
        np.empty(0, np.int64),
        {},
        lambda ids: np.full(len(ids), -1),
    )
    measuring = {dataset.wave_of[i] for i in dataset.measuring}
    has_been = partial(dataset.collection.parts.has_been, dataset.concept_id)
    waves = [
        wave
        for wave in dataset.waves
        if wave.number in measuring and (wave.weights is None or has_been(wave.fingerprint))
    ]
    if not ids or not waves:
        return outside
    return _drawn(dataset, ids, truth, waves, between)


def _drawn(
    dataset: ConceptDataset,
    ids: Sequence[str],
    truth: Bools,
    waves: Sequence[Wave],
    between: Callable[[], None],
) -> MeasuredSample:
    numbers = [wave.number for wave in waves]
    kept = [n for n, i in enumerate(ids) if dataset.wave_of[i] in numbers]
    ids, truth = [ids[n] for n in kept], truth[kept]
    # The picture that speaks for each group, of those with a vector, and the group's age in seconds.
    library, every = dataset.collection.library, dataset.index.ids
    if len(every) != dataset.pictures:  # some are being added, or emptied out of the trash
        every = PictureIds.of(library.all_ids()).within(every)
    groups = every.without(library.silent(dataset.frame))
    added = np.full(len(groups), -np.inf)
    since = library.groups_since(min(wave.created for wave in waves), dataset.frame)
    speakers = library.speakers(since, dataset.frame)
    places = groups.places([speakers.get(name, "") for name in since])
    then = np.array([moment.timestamp() for moment in since.values()], dtype=np.float64)
    added[places[places >= 0]] = then[places >= 0]
    groups, added = groups, added
    between()

    def find(some: Sequence[str]) -> Rows:
        """(n,) the row of each picture's group, -1 where it has none."""
        names = dataset.collection.library.near_groups(some)
        speaks = dataset.collection.library.speakers(names, dataset.frame)
        return groups.places([speaks.get(name, "") for name in names])

    rows = find(ids)

    def first(when: Mapping[str, float]) -> Floats:
        """(m,) the least of each group; inf of those with none."""
        found, of_groups = np.full(len(groups), np.inf), find(list(when))
        inside = of_groups >= 0
        np.minimum.at(found, of_groups[inside], np.array(list(when.values()), np.float64)[inside])
        return found

    answered = first(dataset.first_answered)
    shown = np.isfinite(first(dict.fromkeys(examples(dataset), 0)))
    # No later wave could draw what was drawn to certify.
    drawn_in = np.minimum(
        first({picture: wave for picture, wave in dataset.wave_of.items() if wave}),
        first({picture: one.after_wave for picture, one in dataset.certifying.items()}),
    )
    known_truth = _known(dataset, find)
    decided = np.isin(np.arange(len(groups)), list(known_truth))
    stratum, known = [], []
    newest = np.zeros(len(groups), dtype=np.int64)
    for wave in waves:
        between()
        there = _could_draw(dataset, wave, groups, added) & ~shown
        before = (answered <= wave.label_sequence) | (drawn_in < wave.number)
        newest = _cut(dataset, wave, groups)
        stratum.append(np.where(there & ~before, newest, -1))
        known.append(there & before & decided)
    drawn = np.full(len(groups), -1)
    drawn[rows] = [numbers.index(dataset.wave_of[i]) for i in ids]
    draws = Draws(np.stack(stratum), np.stack(known), newest, drawn)
    return MeasuredSample(ids, truth, dataset.groups(ids), groups, draws, rows, known_truth, find)


def _could_draw(dataset: ConceptDataset, wave: Wave, groups: PictureIds, added: Floats) -> Bools:
    """(m,) whether a wave could draw a group of the concept's present scope.

    Of a wave from elsewhere that is what is in both: a draw from rooms and chairs is, among its chairs, a
    draw from those chairs. The picture that spoke for the group then must still be looked at.
    """
    was, frames = Frame.of(wave.looks_in), dataset.collection.frames
    if was.key == dataset.frame.key:
        return np.asarray(added <= wave.created.timestamp())
    then = dataset.collection.library.groups(was, wave.created)
    spoke = [then.get(name, "") for name in dataset.collection.library.near_groups(list(groups))]
    seen = frames.has(dataset.frame, spoke)
    return np.array([bool(i) and is_in for i, is_in in zip(spoke, seen, strict=True)], dtype=bool)


def _known(dataset: ConceptDataset, find: Callable[[Sequence[str]], Rows]) -> dict[int, bool]:
    """Row of a group → whether it counts, of what people decided on: blindly where it is kept apart."""
    said = {i: d for i, d in dataset.known.items() if i not in dataset.apart or i in dataset.blind}
    ids = [i for i, decision in said.items() if decision.decided]
    return {int(row): said[i].value == "yes" for row, i in zip(find(ids), ids, strict=True) if row >= 0}


def _cut(dataset: ConceptDataset, wave: Wave, groups: PictureIds) -> Rows:
    """(m,) the stratum of each picture in the cut of a wave."""
    if wave.weights is None or not wave.boundaries:
        return np.zeros(len(groups), dtype=np.int64)
    # The cut is by what the concept was judged by when it was made.
    seen = dataset.collection.parts.reader_of(dataset.concept_id, wave.fingerprint)
    weights, beside = np.frombuffer(wave.weights, dtype="<f8"), Prototypes.read(wave.prototypes)
    scores = LinearHead("", weights, wave.bias, prototypes=beside).scores(seen)
    logits = np.full(len(groups), -np.inf)  # for pictures whose parts were never embedded
    logits[scores.ids.rows_of(groups)] = scores.values[groups.rows_of(scores.ids)]
    return Strata(tuple(wave.boundaries)).of(logits)
