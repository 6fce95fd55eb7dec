"""Rules of other projects on the same vectors: what each learns from labels, and what it shows next.

Constants and order are those of the projects' released code, as read in 2026; none of that code is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol
from warnings import catch_warnings, simplefilter

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Rows, Texts, TrainingSet
from concepts.learning.heads import means_of, require_both
from study.harness import BATCH

DRAWN = (4000, 2000, 4000)  # rows of yes, no and unlabelled pictures, from which a network learns
Model = Callable[[Vectors], Floats]  # (n, d) → (n,), the likelier the higher


class Peer(Protocol):
    """Another project's rule; until it can learn, the words rank. Peers inherit from this class."""

    name: ClassVar[str]  # written to choose it
    batch: ClassVar[int] = BATCH  # pictures that are labelled between two trainings

    def fit(self, data: TrainingSet, unlabelled: Vectors, seed: int) -> Model:
        """`unlabelled` (m, d) is the rest of the library. Raises `NotEnoughLabelsError` where it can't learn
        from so few labels."""

    def first(self, texts: Texts, vectors: Vectors, free: Rows, rng: np.random.Generator) -> Rows:
        """Which of the free rows of the library (n, d) it shows while it can't learn, in order: what a search
        for the words finds."""
        return _falling(np.asarray(vectors @ texts.direction, np.float64), free)

    def then(self, scores: Floats, free: Rows, rng: np.random.Generator) -> Rows:
        """Which of the free rows it shows by its scores (n,), in order."""


class TextSearch(Peer):
    """What a search for the words finds, whatever was labelled."""

    name = "text_search"

    def fit(self, data: TrainingSet, unlabelled: Vectors, seed: int) -> Model:
        raise NotEnoughLabelsError("A search learns from no label.")


class Rocchio(Peer):
    """FiftyOne Labs, plugins/few_shot_learning: how much nearer a picture is to the mean of the yes pictures
    than to that of the no pictures, of unit vectors. That is the plug-in's default; a query vector as Rocchio
    (Relevance feedback in information retrieval, 1971) has it is an option, without a share of the words.

    First examples: the person picks them, here from the top of a search for the words until there are a yes
    and a no. Then the plug-in lists what it takes for yes first and sorts no further: here in random order.
    The person trains again when they like: here after five.
    """

    name = "rocchio"

    def fit(self, data: TrainingSet, unlabelled: Vectors, seed: int) -> Model:
        require_both(data)
        yes, no = means_of(data)
        return lambda vectors: _distance(vectors, no) - _distance(vectors, yes)

    def then(self, scores: Floats, free: Rows, rng: np.random.Generator) -> Rows:
        return _falling((scores >= 0).astype(np.float64), rng.permutation(free))


class RandomForest(Peer):
    """LightlyStudio, few_shot_classifier: a hundred trees, both sides weighing the same. Of what it takes for
    yes and of what it takes for no it shows ten pictures each, at random.

    First examples: the person picks pictures that count, and ten random ones are taken for no. Here they
    label the top ten of a search for the words and ten random ones, again until there are a yes and a no.
    """

    name = "random_forest"
    batch = 20

    def fit(self, data: TrainingSet, unlabelled: Vectors, seed: int) -> Model:
        # scikit-learn takes a second to load, and naming a method needs none of it
        from sklearn.ensemble import RandomForestClassifier

        require_both(data)
        forest = RandomForestClassifier(class_weight="balanced", random_state=seed)
        forest.fit(data.vectors, data.positive)
        return lambda vectors: np.asarray(forest.predict_proba(vectors)[:, 1], np.float64)

    def first(self, texts: Texts, vectors: Vectors, free: Rows, rng: np.random.Generator) -> Rows:
        found = super().first(texts, vectors, free, rng)[:10]
        return np.concatenate([found, rng.permutation(np.setdiff1d(free, found))])

    def then(self, scores: Floats, free: Rows, rng: np.random.Generator) -> Rows:
        yes = scores[free] > 0.5
        return np.concatenate([rng.permutation(free[side])[:10] for side in (yes, ~yes)])


class Agile(Peer):
    """Stretcu et al., Agile modeling, ICCV 2023, as in google-research, agile_modeling: one hidden layer of
    32, trained on yes, no and random unlabelled pictures, 2 : 1 : 2, the last taken for no. A round is the
    hundred pictures it is least sure of.

    First examples: a hundred at random of the hundred that each text finds, those of what doesn't count too;
    what several find is likelier. The released notebook ends there: margin and rounds are the paper's.

    Not as released: no dropout, which scikit-learn hasn't got, and 10,000 drawn rows instead of 1,250,000.
    """

    name = "agile"
    batch = 100

    def fit(self, data: TrainingSet, unlabelled: Vectors, seed: int) -> Model:
        # scikit-learn takes a second to load, and naming a method needs none of it
        from sklearn.neural_network import MLPClassifier
        from threadpoolctl import threadpool_limits

        require_both(data)
        sides = (data.vectors[data.positive], data.vectors[~data.positive], unlabelled)
        rng = np.random.default_rng(seed)
        drawn = [s[rng.integers(len(s), size=n)] for s, n in zip(sides, DRAWN, strict=True) if len(s)]
        X = np.concatenate(drawn)
        network = MLPClassifier(
            32,
            alpha=2e-4 * 128,  # scikit-learn halves it and divides by the rows of a step: 1e-4 of each square
            batch_size=128,
            learning_rate_init=3e-4,
            max_iter=16,
            n_iter_no_change=16,
            random_state=seed,
        )
        with threadpool_limits(1), catch_warnings():
            simplefilter("ignore")  # sixteen epochs are meant to be the end
            network.fit(X, np.arange(len(X)) < DRAWN[0])
        (into, out), (at, level) = network.coefs_, network.intercepts_
        return lambda X: np.asarray((np.maximum(X @ into + at, 0) @ out + level)[:, 0], np.float64)

    def first(self, texts: Texts, vectors: Vectors, free: Rows, rng: np.random.Generator) -> Rows:
        each = texts.each()
        queries = np.concatenate([each.name[None], each.counts, each.against])
        found = [_falling(scores, free)[:100] for scores in np.asarray(queries @ vectors.T, np.float64)]
        return rng.permutation(np.concatenate(found))

    def then(self, scores: Floats, free: Rows, rng: np.random.Generator) -> Rows:
        return _falling(-np.abs(scores), free)


def _falling(scores: Floats, rows: Rows) -> Rows:
    return rows[np.argsort(-scores[rows], kind="stable")]


def _distance(vectors: Vectors, point: Floats) -> Floats:
    return np.asarray(np.linalg.norm(vectors - point, axis=1), np.float64)


PEERS: dict[str, type[Peer]] = {p.name: p for p in (TextSearch, Rocchio, RandomForest, Agile)}
