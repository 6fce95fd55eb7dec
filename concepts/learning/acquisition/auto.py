"""What the app asks: by the words until there is a yes, then for its like, then what it is unsure of."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.acquisition.base import Acquisition, Choice, Round
from concepts.learning.acquisition.diverse_margin import DiverseMargin
from concepts.learning.acquisition.margin import Margin
from concepts.learning.base import Floats
from concepts.registry import Method

COLD_CANDIDATES = 2000  # likeliest by the words, and as many at random: what the cold start looks at
DISTANCE = 0.25  # what being far from everything asked weighs beside being close to the words
BELIEF_HALVES = 12  # noes without a yes after which the words are followed half as often
LIKELY = 0.9  # rank by the words from which "likely" is the honest reason
FEW_YES = 3  # with fewer groups of pictures that count, their like is looked for
NEARER_NOES = 10  # nearer to a yes than anything left: then no more like it is looked for
DIVERSE_UNTIL = 25  # answers
EXPLORATION = 0.05  # share of later questions that ignore the head: it can't see what it is blind to


class Auto(Acquisition):
    """By the words until there is a yes, for more like it until there are three, then the least certain.

    Cold start: one picture after the other, close to the words and far from everything asked so far, each
    measured by rank. With every no the words are believed less, and pictures drawn by their squared
    distance to all asked ones take over (k-means++ seeding, Arthur & Vassilvitskii 2007): where the encoder
    misunderstands the words, what counts may be anywhere.

    The like of a yes is no longer looked for where ten noes are nearer to it than anything left.

    The least certain pictures are clustered, so that a batch is not five near-copies, up to 25 answers; after
    that clustering stops helping, and there is a little exploration throughout.
    """

    method = Method(
        name="auto",
        what="Looks for the first yes by the words, then for more like it, then asks what it is unsure of.",
        source="this project; Arthur & Vassilvitskii, k-means++, SODA 2007; see diverse_margin and margin",
        licence="",
        cost="one look at 4,000 pictures before the first yes, then that of diverse_margin, then of margin",
        defaults={
            "belief_halves": BELIEF_HALVES,
            "distance": DISTANCE,
            "exploration": EXPLORATION,
            "few_yes": FEW_YES,
            "nearer_noes": NEARER_NOES,
            "diverse_until": DIVERSE_UNTIL,
        },
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        said = round.training.at(round.training.weight >= 1)
        yes, no = said.at(said.positive), said.at(~said.positive)
        if 0 < len(np.unique(yes.group)) < FEW_YES:
            found = _like_a_yes(round, yes.vectors, no.vectors, n)
            if found:
                return found
        if round.probability is None or not (round.labelled.person > 0).any():
            return _cold_start(round, n, rng)
        exploring = int(rng.binomial(n, EXPLORATION))
        few = int(round.labelled.asked.sum()) < DIVERSE_UNTIL
        choices = (DiverseMargin() if few else Margin()).select(round, n - exploring, rng)
        group = round.pool.group
        taken = np.isin(group, group[[choice.row for choice in choices]])
        rows = rng.permutation(np.flatnonzero(round.is_free() & ~taken))
        return choices + [Choice(row, "exploration") for row in round.distinct(rows, n - len(choices))]


def _like_a_yes(round: Round, yes: Vectors, no: Vectors, n: int) -> list[Choice]:
    """The free pictures nearest one that a person says counts; none where too many that are nearer don't
    count, so that all like it seem to be found."""
    free = round.free()
    near = (round.pool.vectors[free] @ yes.T).max(axis=1)
    nearer = (no @ yes.T).max(axis=1) > near.max(initial=-1.0)
    if nearer.sum() >= NEARER_NOES:
        return []
    order = free[np.argsort(-near, kind="stable")]
    return [Choice(row, "like a yes") for row in round.distinct(order, n)]


def _cold_start(round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
    pool, asked, free = round.pool, round.labelled.asked, round.free()
    likeliest = free[np.argsort(-pool.text_score[free], kind="stable")[:COLD_CANDIDATES]]
    others = np.setdiff1d(free, likeliest)
    others = rng.choice(others, min(COLD_CANDIDATES, len(others)), replace=False)
    rows = np.concatenate([likeliest, others])
    X = pool.vectors[rows].astype(np.float32)
    text = _rank(pool.text_score)[rows]
    known = pool.vectors[asked]
    similarity = (X @ known.T).max(axis=1) if len(known) else np.full(len(rows), -1.0)
    available = np.ones(len(rows), dtype=bool)
    choices: list[Choice] = []
    misses = int(asked.sum())
    while len(choices) < n and available.any():
        if rng.random() < 0.5 ** ((misses + len(choices)) / BELIEF_HALVES):
            best = int(np.argmax(np.where(available, text + DISTANCE * _rank(-similarity), -np.inf)))
        else:
            squared = np.where(available, np.maximum(1 - similarity, 1e-6), 0.0)  # of unit vectors, halved
            best = int(rng.choice(len(rows), p=squared / squared.sum()))
        choices.append(Choice(int(rows[best]), "likely" if text[best] >= LIKELY else "exploration"))
        similarity = np.maximum(similarity, X @ X[best])
        available &= pool.group[rows] != pool.group[rows[best]]
    return choices


def _rank(values: Floats) -> Floats:
    """Ranks of the values from 0 to 1; equal values share one."""
    distinct, place = np.unique(values, return_inverse=True)
    below = np.searchsorted(np.sort(values), distinct)
    return np.asarray(below[place] / max(len(values) - 1, 1))
