"""The most typical picture of each cluster that has the fewest answers."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition import Acquisition, Choice, Round
from concepts.registry import Method
from study.acquisitions.candidates import candidates, clusters, distances

MOST_CLUSTERS, FEWEST_MEMBERS, NEIGHBOURS = 500, 5, 20


class TypiClust(Acquisition):
    """One question a cluster; a picture is typical that is near its 20 nearest of the same cluster."""

    method = Method(
        name="typiclust",
        what="Asks about what is typical of each kind of picture that has the fewest answers.",
        source="Hacohen, Dekel & Weinshall, Active learning on a budget, ICML 2022",
        cost="k-means of at most 4,000 pictures",
        defaults={"clusters": MOST_CLUSTERS, "members": FEWEST_MEMBERS, "neighbours": NEIGHBOURS},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        free = candidates(round, rng)
        if not n or not len(free):
            return []
        asked = np.flatnonzero(round.labelled.asked)
        rows = np.concatenate([free, asked])
        X = round.pool.vectors[rows]
        label = clusters(X, min(len(asked) + n, MOST_CLUSTERS, len(rows)), rng)
        answers, sizes = np.bincount(label[len(free) :], minlength=label.max() + 1), np.bincount(label)
        first = np.lexsort((-sizes, answers, sizes <= FEWEST_MEMBERS))
        found: list[int] = []
        for cluster in first:
            members = np.flatnonzero(label == cluster)
            apart = np.sort(distances(X[members], X[members]), axis=1)[:, 1 : NEIGHBOURS + 1]
            typical = np.zeros(len(members)) if len(members) < 2 else -apart.mean(axis=1)
            members = members[np.argsort(-typical, kind="stable")]
            found += [int(free[member]) for member in members if member < len(free)][:1]
        # What is left over where there are fewer clusters than questions: in any order.
        ordered = [*found, *rng.permutation(free).tolist()]
        return [Choice(row, "exploration") for row in round.distinct(ordered, n)]
