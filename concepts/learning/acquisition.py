"""One round of questions: from the labels so far to a head and to what is asked next, and the ways to choose.

The app, the study and the benchmarks all take the step `next_round`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import (
    PASSED_OVER,
    Bools,
    Floats,
    LinearHead,
    Rows,
    Texts,
    TrainingSet,
    Votes,
    distinct,
    one_blas_thread,
    sigmoid,
)
from concepts.learning.fitting import PROBABLY, SEED, WORDS_ALONE, probably_wrong, train_early
from concepts.learning.heads import HEADS
from concepts.learning.nearness import MOST
from concepts.learning.scaled import doubt
from concepts.registry import Method, Registry

LEAST_CERTAIN = 60  # looked at together and clustered, so that a batch is not five near-copies
COLD_CANDIDATES = 2000  # likeliest by the words, and as many at random: what the cold start looks at
DISTANCE = 0.25  # what being far from everything asked weighs beside being close to the words
BELIEF_HALVES = 12  # noes without a yes after which the words are followed half as often
LIKELY = 0.9  # rank by the words from which "likely" is the honest reason
FEW_YES = 3  # with fewer groups of pictures that count, their like is looked for
NEARER_NOES = 10  # nearer to a yes than anything left: then no more like it is looked for
DIVERSE_UNTIL = 25  # answers
ASKING_AGAIN = 0.4  # share of the questions, at most, that go to labels that are probably wrong
AGAIN_FROM = 10  # labels: fewer say too little about each other
WRONG, AMONG = 0.2, 20  # share of labels taken to be wrong, as if seen among so many, until more is known
SAME = 20  # labels that a confirmed one vouches for: it was the likeliest to be wrong
# How many labels may be confirmed before no more are asked for again: one, two for each label that was
# changed, and one for every fifty labels.
CONFIRMED, CONFIRMED_A_CHANGE, LABELS_A_CONFIRMED = 1, 2, 50
SEARCHING = 0.2  # share of the questions that go to searches of which nothing is known
SEARCHED = 10  # pictures of a search that speak for it
EXPLORATION = 0.1  # share of later questions that ignore the head: it can't see what it is blind to


@dataclass(frozen=True)
class Pool:
    """The pictures to choose from. Row i of every array is the same picture.

    vectors (n, d); text_scores (1 + s, n) similarity to what counts minus what doesn't, and to each search
    that a person wrote; group (n,) near-duplicate groups.
    """

    vectors: Vectors
    text_scores: Floats
    group: Rows

    @classmethod
    def of(cls, vectors: Vectors, group: Rows, texts: Texts) -> Pool:
        words = np.concatenate([texts.direction[None], texts.searches])
        return cls(vectors, np.asarray(words @ vectors.T, dtype=np.float64), group)

    @property
    def text_score(self) -> Floats:
        of_words: Floats = self.text_scores[0]
        return of_words


@dataclass(frozen=True)
class Labelled:
    """What is known of each picture of the pool, and from whom. All (n,).

    asked: a person has answered, with whatever it was, or has it on their screen; person: what people say
    together; again: 1 where somebody was asked again and said the same, -1 where they said something else;
    passed: seen on a wall and not marked.
    """

    asked: Bools
    person: Votes
    again: Votes
    passed: Bools

    @classmethod
    def of(cls, asked: Bools, person: Votes) -> Labelled:
        """Where nobody has said anything twice, or looked through a wall."""
        return cls(asked, person, np.zeros(len(asked), np.int8), np.zeros(len(asked), bool))


@dataclass(frozen=True)
class Round:
    """One round of questions: what can be asked, what is known, and what was learned from it.

    training: every label so far, also of pictures outside the pool; head: what was trained from it, None as
    long as no person has decided anything; probability (n,) by that head; doubt (n,): how unsure it and the
    labelled pictures nearby are, on no particular scale.
    """

    pool: Pool
    labelled: Labelled
    training: TrainingSet
    head: LinearHead | None = None
    probability: Floats | None = None
    doubt: Floats | None = None

    def is_free(self) -> Bools:
        """(n,) True where neither the picture nor a near-duplicate was asked before."""
        return ~np.isin(self.pool.group, self.pool.group[self.labelled.asked])

    def free(self) -> Rows:
        return np.flatnonzero(self.is_free())

    def with_asked(self, choices: Sequence[Choice]) -> Round:
        """As if these had been asked about, too."""
        asked = self.labelled.asked.copy()
        asked[[choice.row for choice in choices]] = True
        return replace(self, labelled=replace(self.labelled, asked=asked))

    def distinct(self, rows: Iterable[int], n: int) -> list[int]:
        """The first n rows of `rows` that are free, leaving out near-duplicates of earlier ones."""
        found: list[int] = distinct(np.fromiter(rows, np.int64), self.pool.group, self.is_free(), n).tolist()
        return found

    def least_certain(self) -> Rows:
        """Free rows by falling doubt; by falling text score before there is a head."""
        free = self.free()
        by = self.pool.text_score if self.doubt is None else self.doubt
        return free[np.argsort(-by[free], kind="stable")]


@dataclass(frozen=True)
class Choice:
    """A row of the pool worth asking about, and why, as one of the reasons the screen explains."""

    row: int
    reason: str  # "likely", "like a yes", "borderline", "exploration", "random", "disagreement", "again"


class Acquisition(Protocol):
    """Chooses what to ask the person next. Registered in `concepts.learning.acquisition.ACQUISITIONS`.

    Ways to choose inherit from this class; made without arguments when looked up by name.
    """

    method: ClassVar[Method]

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        """At most n free rows, most useful first, never two of one near-duplicate group."""


class Margin(Acquisition):
    """The least certain pictures (Lewis & Gale 1994)."""

    method = Method(
        name="margin",
        what="Asks about the pictures it is least sure of.",
        source="Lewis & Gale, A sequential algorithm for training text classifiers, SIGIR 1994",
        cost="a look at the pool's scores",
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        return [Choice(row, "borderline") for row in round.distinct(round.least_certain(), n)]


class DiverseMargin(Acquisition):
    """Of the 60 least certain pictures, clustered into n, the one nearest each centre."""

    method = Method(
        name="diverse_margin",
        what="Asks about the pictures it is least sure of, each of another kind.",
        source="Zhdanov, Diverse mini-batch active learning, 2019, without its weights",
        cost="k-means of 60 pictures",
        defaults={"least_certain": LEAST_CERTAIN},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        candidates = round.distinct(round.least_certain(), max(LEAST_CERTAIN, n))
        return [Choice(row, "borderline") for row in one_per_cluster(round.pool.vectors, candidates, n, rng)]


def one_per_cluster(vectors: Vectors, rows: list[int], n: int, rng: np.random.Generator) -> list[int]:
    """The row nearest each of n k-means centres, in the order of `rows`."""
    # scikit-learn takes a second to load, and most commands don't ask
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if len(rows) <= n or n == 0:
        return rows[:n]
    X = vectors[rows]
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = KMeans(n, n_init=1, random_state=int(rng.integers(2**31))).fit(X)
    distance = np.linalg.norm(X - model.cluster_centers_[model.labels_], axis=1)
    nearest = [
        int(np.flatnonzero(model.labels_ == label)[np.argmin(distance[model.labels_ == label])])
        for label in np.unique(model.labels_)
    ]
    return [rows[i] for i in sorted(nearest)]


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
        first = _again(round, math.ceil(ASKING_AGAIN * n))
        first += _of_searches(round, min(math.ceil(SEARCHING * n), n - len(first)))
        round, n = round.with_asked(first), n - len(first)
        found = before_a_border(round, n, rng)
        if not found:
            exploring = int(rng.binomial(n, EXPLORATION))
            few = int(round.labelled.asked.sum()) < DIVERSE_UNTIL
            found = (DiverseMargin() if few else Margin()).select(round, n - exploring, rng)
            found += _far_from_all(round.with_asked(found), n - len(found), rng)
        return first + found


def before_a_border(round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
    """Pictures by the words until there is a yes, and like it until there are three; then none."""
    said = round.training.at(round.training.weight >= 1)
    yes, no = said.at(said.positive), said.at(~said.positive)
    if 0 < len(np.unique(yes.group)) < FEW_YES:
        found = _like_a_yes(round, yes.vectors, no.vectors, n)
        if found:
            return found
    if round.probability is None or not (round.labelled.person > 0).any():
        return _cold_start(round, n, rng)
    return []


def _again(round: Round, n: int) -> list[Choice]:
    """At most n pictures whose label is probably wrong, by all others and by how often people err here, the
    likeliest first.

    If little counts, half of the marks on the first wall can be slips, so the assumed error rate starts high
    and falls as people confirm their labels. The first picture of each kind looks like a slip, too. So the
    number of confirmed labels is bounded: without a bound, concepts of several kinds lost 0.02."""
    known = round.labelled
    rows = np.flatnonzero((known.person != 0) | known.passed)
    said = known.person[rows]
    decided, changed, same = (int(x.sum()) for x in (said != 0, known.again < 0, known.again > 0))
    room = CONFIRMED + CONFIRMED_A_CHANGE * changed + decided / LABELS_A_CONFIRMED - same
    if known.asked.sum() < AGAIN_FROM or room <= 0 or decided > MOST:  # of so many a wrong one says little
        return []
    labels = TrainingSet(
        round.pool.vectors[rows], said > 0, np.where(said != 0, 1.0, PASSED_OVER), round.pool.group[rows]
    )
    wrong = (WRONG * AMONG + changed) / (AMONG + decided + SAME * same)
    doubts = probably_wrong(labels, wrong, SEED)
    doubts[(said == 0) | (known.again[rows] != 0)] = 0.0
    worst = np.argsort(-doubts, kind="stable")[: min(n, math.ceil(room))]
    return [Choice(int(rows[place]), "again") for place in worst if doubts[place] >= PROBABLY]


def _of_searches(round: Round, n: int) -> list[Choice]:
    """The first free picture of each of at most n searches of the person's of which nothing is known yet."""
    rows: list[int] = []
    for scores in round.pool.text_scores[1:]:
        first = np.argsort(-scores, kind="stable")[:SEARCHED]
        if not round.labelled.asked[first].any():
            rows += round.distinct(first, 1)
    return [Choice(row, "likely") for row in round.distinct(rows[:n], n)]


def _far_from_all(round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
    """Free pictures drawn by their squared distance to all asked ones: of a kind that nobody was asked about,
    more likely than of any other."""
    vectors, rows = round.pool.vectors, round.free()
    if not n or not len(rows):
        return []
    nearest = (vectors[rows] @ vectors[round.labelled.asked].T).max(axis=1, initial=-1.0)
    squared = np.maximum(1 - nearest.astype(np.float64), 1e-6)  # of unit vectors, halved
    drawn = rng.choice(rows, min(len(rows), 2 * n), replace=False, p=squared / squared.sum())
    return [Choice(row, "exploration") for row in round.distinct(drawn, n)]


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


ACQUISITIONS: Registry[Acquisition] = Registry("way to choose questions", "discern.acquisitions")
ACQUISITIONS.register(Auto)
ACQUISITIONS.register(Margin)
ACQUISITIONS.register(DiverseMargin)


# What can be asked, and what is known of it, given the head (None while the words lead): in a large library
# the head decides which part of it is looked at.
Look = Callable[[LinearHead | None], tuple[Pool, Labelled]]


@dataclass(frozen=True)
class Strategy:
    """Which registered ways a round uses. The default is what the app does.

    Raises `WrongUsageError` for a name that is none.
    """

    head: str = "auto"
    acquisition: str = "auto"

    def __post_init__(self) -> None:
        HEADS.require(self.head)
        ACQUISITIONS.require(self.acquisition)


@dataclass(frozen=True)
class Next:
    """What a round came to: what it knew, and what to ask, most useful first."""

    round: Round
    choices: list[Choice]


def how_unsure(head: LinearHead, vectors: Vectors, logits: Floats) -> Floats:
    """(n,) doubt about grades or classes; else how near the border of the head (`logits`)."""
    of_scale = doubt(head, vectors)
    return -np.abs(logits) if of_scale is None else of_scale


def next_round(
    training: TrainingSet,
    text_direction: Vectors,
    look: Look,
    n: int,
    *,
    decided: int,
    answered: int,
    seed: int,
    ways: Strategy | None = None,
) -> Next:
    """Trains on what people have said so far and chooses at most n pictures to ask about.

    `answered` counts the pictures that people have answered, with whatever; with `seed` it fixes every
    chance of this round. `decided` counts those of them that are yes or no: what only a machine has said so
    far may be chance, so the words lead until there is one, and there is no probability.
    """
    ways = ways or Strategy()
    with one_blas_thread():  # as `train_head` does
        # What a machine is wrong about alike it would never ask about again: only what people said chooses.
        trained = train_early(training.at(training.weight >= 1), text_direction, SEED, ways.head)
        head = trained if trained.kind != WORDS_ALONE and decided else None
        pool, labelled = look(head)
        round = Round(pool, labelled, training, head)
        if head:
            logits = head.logits(pool.vectors)
            doubt = how_unsure(head, pool.vectors, logits)
            round = replace(round, probability=sigmoid(logits), doubt=doubt)
        rng = np.random.default_rng([seed, answered])
        return Next(round, ACQUISITIONS[ways.acquisition]().select(round, n, rng))
