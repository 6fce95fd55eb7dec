"""The answers that measure, as a sample of the library: which pictures each of them speaks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

import numpy as np

from concepts.labels.dataset import Material
from concepts.labels.waves import examples
from concepts.learning.base import Bools, Floats
from concepts.learning.sampled import Draws, Stratum, together, weights
from concepts.learning.splits import Rows
from concepts.learning.waves import Strata
from concepts.library.collection import Collection
from storage.concepts import Wave
from storage.frames import Frame


@dataclass(frozen=True)
class Sample:
    """Pictures that measure: ids (n), truth (n,), group (n,) of look-alikes; rows (n,) of each in `groups`.

    groups (m) are pictures of the library, one of each group of look-alikes, and `draws` what the waves drew
    from them; both empty for a set from outside, which stands for nothing but itself. covered: how many of
    those groups some wave could draw.
    """

    ids: list[str]
    truth: Bools
    group: Rows
    groups: list[str]
    draws: Draws | None
    rows: Rows
    known: dict[int, bool]
    rows_of: Callable[[Sequence[str]], Rows]  # ids (k) → (k,) rows in `groups`, -1 for one that has none

    @property
    def covered(self) -> int:
        """Groups of look-alikes that the figures are about."""
        return int(self.draws.there.any(axis=0).sum()) if self.draws else 0

    @cached_property
    def weights(self) -> Floats:
        """(n,) how many pictures each of those that measure stands for, whatever a head says of them."""
        if self.draws is None:
            return np.ones(len(self.ids))
        strata = self.strata(np.zeros(len(self.ids)), np.zeros(len(self.groups)))
        return weights(strata, len(self.groups))[self.rows]

    def alike(self, seed: int) -> Rows:
        """Rows of those that are as good as drawn with equal chances: of those of which too many were drawn,
        some are left out at random."""
        if not self.ids:
            return np.empty(0, np.int64)
        chance = self.weights / self.weights.max()
        return np.flatnonzero(np.random.default_rng(seed).random(len(chance)) < chance)

    def strata(self, probability: Floats, of_groups: Floats, learned: Bools | None = None) -> list[Stratum]:
        """probability (n,) of the pictures that measure, and (m,) of the groups; learned (m,): those counted
        as they are, whenever they were answered."""
        if self.draws is None:
            return [Stratum(probability, self.truth)]
        p, truth = of_groups.copy(), np.zeros(len(of_groups), dtype=bool)
        p[self.rows], truth[self.rows] = probability, self.truth
        for row, yes in self.known.items():
            truth[row] = yes
        draws = self.draws if learned is None else self.draws.with_known(learned)
        return together(draws, p, truth)


def sample(material: Material, collection: Collection) -> Sample:
    """What measures now. Waves that an earlier encoder drew say nothing of these vectors and are left out."""
    ids, truth = material.evaluation_labels()
    group = material.groups(ids)
    outside = Sample(
        ids, truth, group, [], None, np.empty(0, np.int64), {}, lambda ids: np.full(len(ids), -1)
    )
    waves = _usable(material, collection)
    if material.imported or not ids or not waves:
        return outside
    return _drawn(material, collection, ids, truth, waves)


def _usable(material: Material, collection: Collection) -> list[Wave]:
    measuring = {material.wave_of[i] for i in material.measuring}
    fingerprint = collection.recorded().fingerprint
    return [
        wave
        for wave in material.waves
        if wave.number in measuring and (wave.weights is None or wave.fingerprint == fingerprint)
    ]


def _drawn(
    material: Material, collection: Collection, ids: Sequence[str], truth: Bools, waves: Sequence[Wave]
) -> Sample:
    numbers = [wave.number for wave in waves]
    kept = [n for n, i in enumerate(ids) if material.wave_of[i] in numbers]
    ids, truth = [ids[n] for n in kept], truth[kept]
    names, pictures, added = _groups(material, collection, min(wave.created for wave in waves))
    row_of = {name: row for row, name in enumerate(names)}
    rows = _rows(collection, row_of, ids)
    answered = np.full(len(names), np.inf)
    first = material.first_answered
    for row, picture in zip(_rows(collection, row_of, list(first)), first, strict=True):
        if row >= 0:
            answered[row] = min(answered[row], first[picture])
    shown = np.zeros(len(names), dtype=bool)
    outside = _rows(collection, row_of, sorted(examples(material)))
    shown[outside[outside >= 0]] = True
    drawn_in = np.full(len(names), np.iinfo(np.int64).max)
    every = list(material.wave_of)
    for row, picture in zip(_rows(collection, row_of, every), every, strict=True):
        if row >= 0 and material.wave_of[picture]:
            drawn_in[row] = min(drawn_in[row], material.wave_of[picture])
    certifying = list(material.certifying)
    for row, picture in zip(_rows(collection, row_of, certifying), certifying, strict=True):
        if row >= 0:  # no later wave could draw it
            drawn_in[row] = min(drawn_in[row], material.certifying[picture].after_wave)
    known_truth = _known(material, collection, row_of)
    decided = np.isin(np.arange(len(names)), list(known_truth))
    stratum, known = [], []
    for wave in waves:
        there = _could_draw(material, collection, wave, names, added) & ~shown
        before = (answered <= wave.label_sequence) | (drawn_in < wave.number)
        cut = _cut(material, wave, pictures)
        stratum.append(np.where(there & ~before, cut, -1))
        known.append(there & before & decided)
    drawn = np.full(len(names), -1)
    drawn[rows] = [numbers.index(material.wave_of[i]) for i in ids]
    newest = _cut(material, waves[-1], pictures)
    draws = Draws(np.stack(stratum), np.stack(known), newest, drawn)
    find = partial(_rows, collection, row_of)
    return Sample(ids, truth, material.groups(ids), pictures, draws, rows, known_truth, find)


def _could_draw(
    material: Material, collection: Collection, wave: Wave, names: Sequence[str], added: Floats
) -> Bools:
    """(m,) whether a wave could draw a group of what the concept looks in now.

    Of a wave from elsewhere that is what is in both: a draw from rooms and chairs is, among its chairs, a
    draw from those chairs. The picture that spoke for the group then must still be looked at.
    """
    was, frames = Frame.of(wave.looks_in), collection.frames
    if was.key == material.frame.key:
        return np.asarray(added <= wave.created.timestamp())
    then = collection.library.groups(was, wave.created)
    spoke = [then.get(name, "") for name in names]
    seen = frames.has(material.frame, spoke)
    return np.array([bool(i) and is_in for i, is_in in zip(spoke, seen, strict=True)], dtype=bool)


def _groups(
    material: Material, collection: Collection, first: datetime
) -> tuple[list[str], list[str], Floats]:
    """Name, picture and age in seconds of each group of look-alikes that has a vector; -inf for those that
    are as old as the `first` wave."""
    every = collection.library.groups(material.frame)
    names = sorted(every)
    there = material.index.ids.places([every[name] for name in names]) >= 0
    names = [name for name, has in zip(names, there, strict=True) if has]
    since = collection.library.groups_since(first, material.frame)
    added = np.full(len(names), -np.inf)
    if since:
        added = np.array([since[n].timestamp() if n in since else -np.inf for n in names], dtype=np.float64)
    return names, [every[name] for name in names], added


def _rows(collection: Collection, row_of: dict[str, int], ids: Sequence[str]) -> Rows:
    """(n,) the row of each picture's group, -1 where it has none."""
    names = collection.library.near_groups(ids)
    return np.array([row_of.get(name, -1) for name in names], dtype=np.int64)


def _known(material: Material, collection: Collection, row_of: dict[str, int]) -> dict[int, bool]:
    """Row of a group → whether it counts, of what people decided on: blindly where it is kept apart."""
    said = {i: d for i, d in material.known.items() if i not in material.apart or i in material.blind}
    ids = [i for i, decision in said.items() if decision.decided]
    rows = _rows(collection, row_of, ids)
    return {int(row): said[i].value == "yes" for row, i in zip(rows, ids, strict=True) if row >= 0}


def _cut(material: Material, wave: Wave, pictures: Sequence[str]) -> Rows:
    """(m,) the stratum of each picture in the cut of a wave."""
    if wave.weights is None or not wave.boundaries:
        return np.zeros(len(pictures), dtype=np.int64)
    scores = material.index.scores(np.frombuffer(wave.weights, dtype="<f8"), wave.bias)
    logits = scores.values[scores.ids.places(pictures)].astype(np.float64)
    return Strata(tuple(wave.boundaries)).of(logits)
