"""A small neural network, with random pictures of the library as noes."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.heads import require_both
from concepts.registry import Method

HIDDEN = 32
PENALTY = 1e-4
RANDOM, SHARE = 500, 0.2  # pictures and part of the library, at most, that are taken for noes
YES, NO, UNSEEN = 2.0, 1.0, 2.0  # what all yes, all answered and all random noes weigh beside each other
STEPS = 200


class MLP(Scorer):
    """One hidden layer of 32, after Agile Modeling's released code. Yes, no and random pictures weigh
    2 : 1 : 2 in all, so that a random one, which may count after all, weighs far less than an answer.

    Not as there: L-BFGS over all of it at once instead of Adam with dropout, and hundreds of random pictures
    instead of 500,000.
    """

    method = Method(
        name="mlp",
        what="Trains a small neural network and takes random pictures for ones that don't count.",
        source="Stretcu et al., Agile modeling, ICCV 2023",
        licence="BSD-3-Clause",
        cost="a second or two; needs a yes and a no",
        defaults={"hidden": HIDDEN, "random": RANDOM, "penalty": PENALTY},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        # scikit-learn takes a second to load, and most commands don't train
        from sklearn.neural_network import MLPClassifier

        require_both(data)
        others = np.arange(len(pictures.vectors))
        if pictures.labelled is not None:
            others = np.setdiff1d(others, pictures.labelled)
        rng = np.random.default_rng(seed)
        drawn = rng.choice(others, min(RANDOM, int(SHARE * len(others))), replace=False)
        yes = np.r_[data.positive, np.zeros(len(drawn), dtype=bool)]
        weight = np.r_[data.weight, np.full(len(drawn), 1.0)]
        unseen = np.arange(len(yes)) >= len(data.positive)
        for part, total in ((yes, YES), (~yes & ~unseen, NO), (unseen, UNSEEN)):
            if part.any():
                weight[part] *= total * len(yes) / (YES + NO + UNSEEN) / weight[part].sum()
        network = MLPClassifier(HIDDEN, solver="lbfgs", alpha=PENALTY, max_iter=STEPS, random_state=seed)
        X = np.concatenate([data.vectors, pictures.vectors[drawn]]).astype(np.float64)
        with threadpool_limits(1):
            network.fit(X, yes, sample_weight=weight)
            hidden, out = network.coefs_
            first = np.maximum(pictures.vectors @ hidden + network.intercepts_[0], 0)
        return np.asarray((first @ out + network.intercepts_[1])[:, 0], np.float64)
